"""Pages: call-offs with their reasons, for those who look after the agreements; as a file too."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import Blueprint, render_template, request, send_file
from flask_babel import gettext as _

from auth.login import acting_organisation, current
from auth.permission import Permission
from core.errors import NotFound
from core.web import requires
from exchange.tablefile import MEDIA_TYPES, write_table
from orders.reasoned import Reasoned, reasoned_call_offs, reasoned_sheet
from orders.reasoned_forms import ReasonedForm

bp = Blueprint("reasoned", __name__, url_prefix="/call-offs")

MOST_SHOWN = 200


@bp.get("")
@requires(Permission.CALL_OFF_READ)
def index() -> Any:
    form = _form()
    found = _found(form)
    return render_template("reasoned/index.html", form=form, found=found[:MOST_SHOWN], count=len(found))


@bp.get("/file")
@requires(Permission.CALL_OFF_READ)
def file() -> Any:
    form, wanted = _form(), request.args.get("form", "csv")
    if wanted not in MEDIA_TYPES:
        raise NotFound(_("Det finns ingen sådan fil."))
    data = write_table(wanted, reasoned_sheet(_found(form)))
    first, last = form.days
    name = f"avrop-{form.picked.value}-{first}-{last}.{wanted}"
    return send_file(BytesIO(data), MEDIA_TYPES[wanted], as_attachment=True, download_name=name)


def _form() -> ReasonedForm:
    """What is asked for: this year's call-offs to place 2 and below where nothing is said, or nothing that can be
    read."""
    form = ReasonedForm.of_address()
    form.validate()
    return form


def _found(form: ReasonedForm) -> list[Reasoned]:
    return reasoned_call_offs(current(), acting_organisation(), form.picked, *form.days, form.agreement.data or "")
