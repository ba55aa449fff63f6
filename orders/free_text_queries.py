"""Queries about free texts: whose file may be read by whom."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, union_all
from sqlalchemy.orm import undefer

from auth.organisation import Organisation
from auth.user import User
from core.db import db
from core.errors import NotFound
from orders.free_text import FreeText
from orders.policy import may_see
from orders.refused_line import RefusedLine
from orders.requisition import Requisition, RequisitionLine


def free_text_for(user: User, organisation: Organisation, free_text_id: int) -> FreeText:
    """A free text with its file: her own, or of a requisition that she may see, also where it was refused there. Raises
    NotFound."""
    found = db.session.scalar(
        select(FreeText)
        .where(FreeText.id == free_text_id, FreeText.file_name.is_not(None))
        .options(undefer(FreeText.file_content))
    )
    if found is None or not (_is_hers(user, organisation, found) or _is_seen(user, organisation, found)):
        raise NotFound(_l("Filen finns inte."))
    return found


def _is_hers(user: User, organisation: Organisation, free_text: FreeText) -> bool:
    return free_text.author_id == user.id and free_text.organisation_id == organisation.id


def _is_seen(user: User, organisation: Organisation, free_text: FreeText) -> bool:
    lines = (RequisitionLine, RefusedLine)
    of_lines = union_all(*(select(line.requisition_id).where(line.free_text_id == free_text.id) for line in lines))
    found = db.session.scalars(select(Requisition).where(Requisition.id.in_(of_lines)))
    return any(may_see(user, organisation, requisition) for requisition in found)
