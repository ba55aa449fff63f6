"""Pages: the report of emergency orders, of an organisation or, at the office, of all; as a file too."""

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
from orders.emergency_queries import emergencies_of, emergencies_sheet
from orders.forms import DaysForm

bp = Blueprint("emergencies", __name__, url_prefix="/emergencies")

MOST_SHOWN = 200


@bp.get("")
@requires(Permission.ORDER_READ)
def index() -> Any:
    form = _period()
    first, last = form.days
    found = emergencies_of(current(), acting_organisation(), first, last)
    return render_template(
        "emergencies/index.html",
        form=form,
        first=first,
        last=last,
        found=found[:MOST_SHOWN],
        count=len(found),
        late=sum(order.requisition.is_late for order in found),
        is_office=acting_organisation().is_office,
    )


@bp.get("/file")
@requires(Permission.ORDER_READ)
def file() -> Any:
    first, last = _period().days
    kind = request.args.get("form", "csv")
    if kind not in MEDIA_TYPES:
        raise NotFound(_("Det finns ingen sådan fil."))
    data = write_table(kind, emergencies_sheet(emergencies_of(current(), acting_organisation(), first, last)))
    name = f"nodbestallningar-{first}-{last}.{kind}"
    return send_file(BytesIO(data), MEDIA_TYPES[kind], as_attachment=True, download_name=name)


def _period() -> DaysForm:
    form = DaysForm.of_address()
    form.validate()
    return form
