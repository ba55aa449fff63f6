"""What the pages of the approval rules read, scoped to the organisation that is acted for."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from auth.organisation import Organisation
from catalog.category import Category
from core.db import db
from core.errors import NotFound
from orders.approval import ApprovalGroup, ApprovalRule, ApprovalRuleStep


def rules_of(organisation: Organisation) -> Sequence[ApprovalRule]:
    """Every rule in the order it is asked, those out of use too, with units, categories and steps."""
    to_step = selectinload(ApprovalRule.steps)
    return db.session.scalars(
        select(ApprovalRule)
        .where(ApprovalRule.organisation_id == organisation.id)
        .order_by(ApprovalRule.position, ApprovalRule.id)
        .options(
            joinedload(ApprovalRule.unit),
            joinedload(ApprovalRule.category),
            joinedload(ApprovalRule.agreement),
            joinedload(ApprovalRule.coding_dimension),
            to_step.joinedload(ApprovalRuleStep.category),
            to_step.joinedload(ApprovalRuleStep.user),
            to_step.joinedload(ApprovalRuleStep.group),
        )
    ).all()


def rule_for(organisation: Organisation, rule_id: int) -> ApprovalRule:
    """A rule of the organisation. Raises NotFound."""
    rule = db.session.scalar(
        select(ApprovalRule)
        .where(ApprovalRule.id == rule_id, ApprovalRule.organisation_id == organisation.id)
        .options(selectinload(ApprovalRule.steps))
    )
    if rule is None:
        raise NotFound(_l("Attestregeln finns inte."))
    return rule


def groups_of(organisation: Organisation) -> Sequence[ApprovalGroup]:
    """The organisation's groups by name, with their members."""
    return db.session.scalars(
        select(ApprovalGroup)
        .where(ApprovalGroup.organisation_id == organisation.id)
        .order_by(ApprovalGroup.name)
        .options(selectinload(ApprovalGroup.members))
    ).all()


def group_for(organisation: Organisation, group_id: int) -> ApprovalGroup:
    """A group of the organisation. Raises NotFound."""
    group = db.session.scalar(
        select(ApprovalGroup)
        .where(ApprovalGroup.id == group_id, ApprovalGroup.organisation_id == organisation.id)
        .options(selectinload(ApprovalGroup.members))
    )
    if group is None:
        raise NotFound(_l("Gruppen finns inte."))
    return group


def categories() -> Sequence[Category]:
    """The whole tree of what is bought, in the order of the codes."""
    return db.session.scalars(select(Category).order_by(Category.code)).all()
