"""Managing: what the pages of agreement owners read, in the scope of the person who asks.

A thing outside the scope raises NotFound, in the same words as one that does not exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from auth.organisation import Organisation, OrganisationKind
from auth.permission import Role
from auth.user import Membership, User
from catalog.agreement import (
    Agreement,
    AgreementDocument,
    AgreementState,
    Award,
    Entitlement,
    ExtensionOption,
    Lot,
)
from catalog.category import Category
from catalog.ceiling import Ceiling, everybodys_amount
from catalog.external import ExternalCallOff
from catalog.policy import manageable, may_manage_for
from catalog.price_list import Article, PriceList, PriceListState
from catalog.supplier import Supplier
from catalog.synonym import Synonym
from core.clock import today
from core.db import db, mentions, paginate
from core.errors import NotFound
from core.types import sort_key
from core.web import Page

T = TypeVar("T")


def _found(thing: T | None) -> T:
    if thing is None:
        raise NotFound(_l("Sidan finns inte, eller så sköts det av någon annan."))
    return thing


# Suppliers and categories


def suppliers_page(text: str, blocked_only: bool, number: int) -> Page:
    """Suppliers by name, a page of them; `text` is a part of the name or of the organisation number."""
    query = select(Supplier).order_by(Supplier.sort_name, Supplier.id)
    if text:
        digits = "".join(c for c in text if c.isdigit())
        matches = [Supplier.sort_name.contains(sort_key(text), autoescape=True)]
        if digits:
            matches.append(Supplier.organisation_number.startswith(digits))
        query = query.where(or_(*matches))
    if blocked_only:
        query = query.where(Supplier.blocked_at.is_not(None))
    return paginate(query, number)


def supplier_by_id(supplier_id: int) -> Supplier:
    """A supplier; every agreement owner may see them all. Raises NotFound."""
    return _found(db.session.get(Supplier, supplier_id))


def suppliers() -> Sequence[Supplier]:
    """Every supplier that is not blocked, by name: to pick one."""
    return db.session.scalars(select(Supplier).where(Supplier.blocked_at.is_(None)).order_by(Supplier.sort_name)).all()


def awards_of(supplier: Supplier, user: User) -> Sequence[Award]:
    """Where a supplier has a place, the latest agreements first; drafts only of those who manage them."""
    return db.session.scalars(
        select(Award)
        .join(Lot, Lot.id == Award.lot_id)
        .join(Agreement, Agreement.id == Lot.agreement_id)
        .where(Award.supplier_id == supplier.id, or_(Agreement.state != AgreementState.DRAFT, manageable(user)))
        .options(joinedload(Award.lot).joinedload(Lot.agreement).joinedload(Agreement.owner))
        .order_by(Agreement.ends_on.desc(), Lot.number)
    ).all()


def category_tree() -> list[tuple[int, Category]]:
    """The whole tree with depths, each level by name. One query."""
    found = db.session.scalars(select(Category).options(joinedload(Category.owner)).order_by(Category.name)).all()
    below: dict[int | None, list[Category]] = {}
    for category in sorted(found, key=lambda c: sort_key(c.name)):
        below.setdefault(category.parent_id, []).append(category)
    tree: list[tuple[int, Category]] = []

    def walk(parent_id: int | None, depth: int) -> None:
        for category in below.get(parent_id, ()):
            tree.append((depth, category))
            walk(category.id, depth + 1)

    walk(None, 0)
    return tree


def category_by_id(category_id: int) -> Category:
    """A category. Raises NotFound."""
    return _found(db.session.get(Category, category_id))


def agreement_owners(organisation_ids: set[int] | None = None) -> Sequence[User]:
    """People who are agreement owners today, by name: in the given organisations, or anywhere."""
    on = today()
    query = (
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.role == Role.AGREEMENT_OWNER, User.is_active, Membership.starts_on <= on)
        .where(or_(Membership.ends_on.is_(None), Membership.ends_on >= on))
        .distinct()
        .order_by(User.sort_name, User.id)
    )
    if organisation_ids is not None:
        query = query.where(Membership.organisation_id.in_(organisation_ids))
    return db.session.scalars(query).all()


def possible_owners(user: User) -> list[Organisation]:
    """The organisations she may create agreements for, the joint office first."""
    found = db.session.scalars(select(Organisation).where(Organisation.is_active).order_by(Organisation.sort_name))
    return sorted((o for o in found if may_manage_for(user, o)), key=lambda o: not o.is_office)


def entitlable() -> list[Organisation]:
    """The organisations that order, municipalities first."""
    found = db.session.scalars(
        select(Organisation)
        .where(Organisation.is_active, Organisation.kind != OrganisationKind.OFFICE)
        .order_by(Organisation.sort_name)
    )
    return sorted(found, key=lambda o: o.kind is not OrganisationKind.MUNICIPALITY)


# Agreements and their parts


def agreements_page(user: User, text: str, state: AgreementState | None, number: int) -> Page:
    """The agreements she manages, by title, a page of them; `text` is in the title, number or registry number."""
    query = (
        select(Agreement)
        .where(manageable(user))
        .options(joinedload(Agreement.owner), joinedload(Agreement.category))
        .order_by(Agreement.sort_title, Agreement.id)
    )
    if text:
        query = query.where(
            or_(
                Agreement.sort_title.contains(sort_key(text), autoescape=True),
                mentions(Agreement.number, text),
                mentions(Agreement.registry_number, text),
            )
        )
    if state is not None:
        query = query.where(Agreement.state == state)
    return paginate(query, number)


def own_ceilings(agreements: Sequence[Agreement]) -> dict[int, Ceiling]:
    """The ceiling of each agreement as a whole, by agreement id."""
    query = select(Ceiling).where(Ceiling.agreement_id.in_([a.id for a in agreements]), Ceiling.lot_id.is_(None))
    query = query.where(*everybodys_amount())
    return {ceiling.agreement_id: ceiling for ceiling in db.session.scalars(query)}


def agreement_for(user: User, agreement_id: int) -> Agreement:
    """An agreement she manages, with all its parts."""
    statement = (
        select(Agreement)
        .where(Agreement.id == agreement_id, manageable(user))
        .options(
            joinedload(Agreement.owner),
            joinedload(Agreement.responsible),
            joinedload(Agreement.category),
            joinedload(Agreement.extensions),
            selectinload(Agreement.lots).options(
                joinedload(Lot.category), joinedload(Lot.awards).joinedload(Award.supplier)
            ),
            selectinload(Agreement.entitlements).joinedload(Entitlement.organisation),
            selectinload(Agreement.documents),
        )
    )
    return _found(db.session.scalars(statement).unique().one_or_none())


def lot_for(user: User, lot_id: int) -> Lot:
    """A lot of an agreement she manages. Raises NotFound, as all of these."""
    return _part(select(Lot).join(Agreement, Agreement.id == Lot.agreement_id).where(Lot.id == lot_id), user)


def award_for(user: User, award_id: int) -> Award:
    """A supplier's place on such a lot."""
    query = select(Award).join(Lot, Lot.id == Award.lot_id).join(Agreement, Agreement.id == Lot.agreement_id)
    return _part(query.where(Award.id == award_id), user)


def entitlement_for(user: User, entitlement_id: int) -> Entitlement:
    """An organisation's right under such an agreement."""
    query = select(Entitlement).join(Agreement, Agreement.id == Entitlement.agreement_id)
    return _part(query.where(Entitlement.id == entitlement_id), user)


def extension_for(user: User, extension_id: int) -> ExtensionOption:
    """An option to prolong such an agreement."""
    query = select(ExtensionOption).join(Agreement, Agreement.id == ExtensionOption.agreement_id)
    return _part(query.where(ExtensionOption.id == extension_id), user)


def document_for(user: User, document_id: int) -> AgreementDocument:
    """A file of such an agreement."""
    query = select(AgreementDocument).join(Agreement, Agreement.id == AgreementDocument.agreement_id)
    return _part(query.where(AgreementDocument.id == document_id), user)


def ceiling_for(user: User, ceiling_id: int) -> Ceiling:
    """A ceiling of such an agreement, or of a part of it."""
    query = select(Ceiling).join(Agreement, Agreement.id == Ceiling.agreement_id)
    return _part(query.where(Ceiling.id == ceiling_id), user)


def external_of(agreement: Agreement) -> Sequence[ExternalCallOff]:
    """What was called off elsewhere under an agreement, corrections included, the latest first."""
    query = (
        select(ExternalCallOff)
        .where(ExternalCallOff.agreement_id == agreement.id)
        .options(
            joinedload(ExternalCallOff.lot),
            joinedload(ExternalCallOff.award).joinedload(Award.supplier),
            joinedload(ExternalCallOff.organisation),
            joinedload(ExternalCallOff.entered_by),
        )
        .order_by(ExternalCallOff.called_off_on.desc(), ExternalCallOff.id.desc())
    )
    return db.session.scalars(query).all()


def external_for(user: User, external_id: int) -> ExternalCallOff:
    """One of them, of an agreement she manages."""
    query = select(ExternalCallOff).join(Agreement, Agreement.id == ExternalCallOff.agreement_id)
    return _part(query.where(ExternalCallOff.id == external_id), user)


def _part(query: Select[T], user: User) -> T:
    """A part of an agreement she manages."""
    return _found(db.session.scalar(query.where(manageable(user))))


def ceilings_of(agreement: Agreement) -> dict[tuple[int | None, int | None], Ceiling]:
    """The ceilings in SEK that are everybody's, by lot id and award id (none and none: the agreement's own)."""
    query = select(Ceiling).where(Ceiling.agreement_id == agreement.id, *everybodys_amount())
    return {(ceiling.lot_id, ceiling.award_id): ceiling for ceiling in db.session.scalars(query)}


def other_ceilings_of(agreement: Agreement) -> Sequence[Ceiling]:
    """The ceilings of organisations' parts, and those that count a quantity."""
    query = select(Ceiling).where(Ceiling.agreement_id == agreement.id, ~and_(*everybodys_amount()))
    return db.session.scalars(query.options(joinedload(Ceiling.organisation)).order_by(Ceiling.id)).all()


# Price lists

IS_LIST = PriceList.state != PriceListState.FREE  # that one holds free texts of whoever ordered
LIVE = (PriceListState.DRAFT, PriceListState.REVIEWED, PriceListState.PUBLISHED)


def live_price_lists(agreement: Agreement) -> dict[int, list[PriceList]]:
    """Drafts, reviewed and published lists of an agreement, the one in force first, by award id."""
    query = (
        select(PriceList)
        .join(Award, Award.id == PriceList.award_id)
        .join(Lot, Lot.id == Award.lot_id)
        .where(Lot.agreement_id == agreement.id, PriceList.state.in_(LIVE))
        .order_by(PriceList.state != PriceListState.PUBLISHED, PriceList.version)
    )
    found: dict[int, list[PriceList]] = {}
    for price_list in db.session.scalars(query):
        found.setdefault(price_list.award_id, []).append(price_list)
    return found


def price_lists_page(user: User, state: PriceListState | None, number: int) -> Page:
    """The price lists of the agreements she manages, the newest first."""
    query = (
        select(PriceList)
        .join(Award, Award.id == PriceList.award_id)
        .join(Lot, Lot.id == Award.lot_id)
        .join(Agreement, Agreement.id == Lot.agreement_id)
        .where(manageable(user), IS_LIST)
        .options(
            joinedload(PriceList.award).joinedload(Award.supplier),
            joinedload(PriceList.award).joinedload(Award.lot).joinedload(Lot.agreement),
        )
        .order_by(PriceList.created_at.desc(), PriceList.id.desc())
    )
    return paginate(query if state is None else query.where(PriceList.state == state), number)


def price_list_for(user: User, price_list_id: int) -> PriceList:
    """A version of a supplier's price list under such an agreement."""
    query = (
        select(PriceList)
        .join(Award, Award.id == PriceList.award_id)
        .join(Lot, Lot.id == Award.lot_id)
        .join(Agreement, Agreement.id == Lot.agreement_id)
        .where(PriceList.id == price_list_id, IS_LIST)
    )
    return _part(query, user)


def price_lists_of(award: Award) -> Sequence[PriceList]:
    """Every version, the newest first."""
    return db.session.scalars(
        select(PriceList).where(PriceList.award_id == award.id, IS_LIST).order_by(PriceList.version.desc())
    ).all()


def in_force(award: Award) -> PriceList | None:
    """The published list of an award."""
    return db.session.scalar(
        select(PriceList).where(PriceList.award_id == award.id, PriceList.state == PriceListState.PUBLISHED)
    )


def price_range(price_list: PriceList) -> tuple[Decimal | None, Decimal | None]:
    """The lowest and the highest price of a list; none of an empty one."""
    lowest, highest = db.session.execute(
        select(func.min(Article.price), func.max(Article.price)).where(Article.price_list_id == price_list.id)
    ).one()
    return lowest, highest


def first_articles(price_list: PriceList, count: int = 20) -> Sequence[Article]:
    """The first rows of a list, in the order of the file."""
    return db.session.scalars(
        select(Article).where(Article.price_list_id == price_list.id).order_by(Article.id).limit(count)
    ).all()


# What people type


def synonyms_page(text: str, number: int) -> Page:
    """Synonyms by word, a page of them; `text` is a part of either side."""
    query = select(Synonym).order_by(Synonym.word, Synonym.means)
    if text:
        word = text.lower()
        query = query.where(
            or_(Synonym.word.contains(word, autoescape=True), Synonym.means.contains(word, autoescape=True))
        )
    return paginate(query, number, 50)


def synonym_by_id(synonym_id: int) -> Synonym:
    """A synonym. Raises NotFound."""
    return _found(db.session.get(Synonym, synonym_id))


def all_synonyms() -> Sequence[Synonym]:
    return db.session.scalars(select(Synonym).order_by(Synonym.word, Synonym.means)).all()
