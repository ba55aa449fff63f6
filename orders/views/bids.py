"""Pages: a supplier's answer, behind the link in its mail. No log-in, no session; the page never shows an answer.

Whoever has the link, or reads our mail, learns nothing but what was asked: what has been answered stays sealed.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template, request

from auth.permission import Permission
from auth.views.account import asking_address
from auth.views.refusals import refusals_on, status
from core.clock import now
from core.errors import WrongState
from core.web import requires
from orders.actions import bidding as act
from orders.actions.bidding import BidFacts
from orders.competition import Competition, Invitation
from orders.competition_forms import BidForm, price_forms
from orders.competition_queries import invitation_by
from orders.views.competitions import specification_file

bp = Blueprint("bids", __name__, url_prefix="/bids")


@bp.route("/<token>", methods=["GET", "POST"])
@requires(Permission.PUBLIC)
def show(token: str) -> Any:
    if request.method == "POST":
        act.count_try(asking_address())
    invitation = invitation_by(token)
    competition = invitation.competition
    if not competition.takes_bids:
        return _closed(competition), 409 if request.method == "POST" else 200
    form, prices = BidForm(data={"valid_until": competition.valid_until}), price_forms(competition)
    if form.is_submitted() and form.validate_prices(prices):
        try:
            with refusals_on(form):
                fingerprint = _answer(invitation, form, prices)
                return _page("bids/received.html", competition, fingerprint=fingerprint, at=now(), token=token)
        except WrongState:
            return _closed(invitation_by(token).competition), WrongState.status
        invitation = invitation_by(token)  # the refusal has undone what was read
        competition = invitation.competition
    return _page("bids/show.html", competition, invitation=invitation, form=form, prices=prices, token=token), status(
        form
    )


@bp.get("/<token>/specification")
@requires(Permission.PUBLIC)
def specification(token: str) -> Response:
    """The document of the request, always as a download."""
    return specification_file(invitation_by(token).competition)


def _answer(invitation: Invitation, form: BidForm, prices: Any) -> str:
    if form.declines:
        return act.decline(invitation, form.message.data)
    return act.bid(
        invitation,
        BidFacts(
            prices={line.id: row.price.data for line, row in prices.items()},
            valid_until=form.valid_until.data,
            contact=form.contact.data,
            message=form.message.data,
            file=form.sent_file,
        ),
    )


def _closed(competition: Competition) -> str:
    return _page("bids/closed.html", competition)


def _page(template: str, competition: Competition, **values: Any) -> str:
    return render_template(template, competition=competition, **values)
