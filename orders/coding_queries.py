"""What is read about coding: an organisation's dimensions, codes and rules, and what the till is filled in with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import joinedload

from auth.organisation import Organisation, Unit
from auth.user import User
from catalog.agreement import Agreement, AgreementState, Award, Entitlement, Lot
from catalog.category import Category
from catalog.price_list import Article
from catalog.queries import categories_of
from core.db import db, mentions, paginate, prepared
from core.errors import NotFound
from core.web import Page
from orders.coding import Code, CodingDefault, CodingFavourite, Dimension
from orders.coding_rule import CodingRule

MOST_OFFERED = 500  # codes of a dimension on a page; whoever has more writes the code or looks it up
Goods = Sequence[tuple[Award, str]]  # award and supplier's number of each line
IsOpen = Callable[[CodingDefault], bool]


@dataclass(frozen=True, slots=True)
class Suggested:
    """A code that the till is filled in with, and where it comes from in the reader's words."""

    code: str
    source: Any


@dataclass(frozen=True, slots=True)
class Suggestion:
    """For all lines, and for each line what differs from that. By dimension id."""

    whole: Mapping[int, Suggested] = field(default_factory=dict)
    lines: Sequence[Mapping[int, Suggested]] = ()


def current_dimensions(organisation: Organisation, on: date) -> list[Dimension]:
    """What the organisation codes with on a day, in its order. The one query of those who do not code at all."""
    found = db.session.scalars(*_dimensions(organisation.id))
    return [dimension for dimension in found if dimension.is_current(on)]


@prepared
def _dimensions(organisation_id: int) -> Select[Any]:
    own = Dimension.organisation_id == organisation_id
    return select(Dimension).where(own).order_by(Dimension.position, Dimension.id)


def dimensions_of(organisation: Organisation) -> Sequence[Dimension]:
    """Every dimension in the organisation's order, whatever the day."""
    return db.session.scalars(*_dimensions(organisation.id)).all()


def dimension_for(organisation: Organisation, dimension_id: int) -> Dimension:
    """A dimension of the organisation. Raises NotFound."""
    dimension = db.session.get(Dimension, dimension_id)
    if dimension is None or dimension.organisation_id != organisation.id:
        raise NotFound(_l("Koddelen finns inte."))
    return dimension


def codes_named(named: Iterable[tuple[int, str]]) -> dict[tuple[int, str], Code]:
    """The codes of some (dimension id, code), as far as the lists have them."""
    by_dimension: dict[int, set[str]] = {}
    for dimension_id, code in named:
        by_dimension.setdefault(dimension_id, set()).add(code)
    if not by_dimension:
        return {}
    wanted = (and_(Code.dimension_id == key, Code.code.in_(codes)) for key, codes in by_dimension.items())
    return {(code.dimension_id, code.code): code for code in db.session.scalars(select(Code).where(or_(*wanted)))}


def codes_offered(dimensions: Iterable[Dimension], on: date) -> dict[int, list[Code]]:
    """The codes to choose among on a day, by dimension; of a long list the first ones."""
    place = func.row_number().over(partition_by=Code.dimension_id, order_by=Code.code)
    listed = Code.dimension_id.in_([dimension.id for dimension in dimensions if dimension.is_listed])
    open_on = and_(listed, *_open_on(on))
    ranked = select(Code.id, place.label("place")).where(open_on).subquery()
    query = select(Code).join(ranked, ranked.c.id == Code.id).where(ranked.c.place <= MOST_OFFERED)
    offered: dict[int, list[Code]] = {}
    for code in db.session.scalars(query.order_by(Code.dimension_id, Code.code)):
        offered.setdefault(code.dimension_id, []).append(code)
    return offered


def rules_on(organisation: Organisation, on: date) -> list[CodingRule]:
    """The allowed combinations of a day, by name."""
    return [rule for rule in rules_of(organisation) if rule.is_current(on)]


def rules_of(organisation: Organisation) -> Sequence[CodingRule]:
    """Every allowed combination by name, with its dimensions."""
    query = select(CodingRule).where(CodingRule.organisation_id == organisation.id)
    both = joinedload(CodingRule.if_dimension), joinedload(CodingRule.then_dimension)
    return db.session.scalars(query.order_by(CodingRule.name).options(*both)).all()


def favourites_of(user: User, organisation: Organisation) -> Sequence[CodingFavourite]:
    """Her codings in an organisation, by name."""
    hers = (CodingFavourite.user_id == user.id, CodingFavourite.organisation_id == organisation.id)
    return db.session.scalars(select(CodingFavourite).where(*hers).order_by(CodingFavourite.name)).all()


def defaults_of(organisation: Organisation) -> Sequence[CodingDefault]:
    """Every default of the organisation, with what it is for."""
    query = select(CodingDefault).join(CodingDefault.dimension)
    kinds = (CodingDefault.user, CodingDefault.unit, CodingDefault.category, CodingDefault.agreement)
    return db.session.scalars(
        query.where(Dimension.organisation_id == organisation.id)
        .options(
            joinedload(CodingDefault.dimension),
            *(joinedload(kind) for kind in kinds),
            joinedload(CodingDefault.award).joinedload(Award.supplier),
        )
        .order_by(Dimension.position, CodingDefault.id)
    ).all()


def suggest(user: User, unit: Unit, goods: Goods, dimensions: Sequence[Dimension], on: date) -> Suggestion:
    """What a basket is coded with unless somebody says else, dimension by dimension.

    The most specific default wins: the article's, then the agreement's, the nearest category's, the nearest unit's and
    last the person's own. One whose code is closed is no default.
    """
    defaults = db.session.scalars(_defaults(user, unit, goods, dimensions)).all()
    if not defaults:
        return Suggestion(lines=[{} for _ in goods])
    is_open = _open_codes(defaults, dimensions, on)
    defaults = [default for default in defaults if is_open(default)]
    own = _best((_rank(default, user, unit), default) for default in defaults)
    category_of = _categories(goods) if any(default.category for default in defaults) else {}
    lines = [
        _best(
            (_rank(default, user, unit, award, number, category_of.get(award.lot_id)), default) for default in defaults
        )
        for award, number in goods
    ]
    whole: dict[int, Suggested] = {}
    for dimension in dimensions:
        met = {id(line.get(dimension.id)): line.get(dimension.id) for line in lines}
        codes = {suggested.code if suggested else None for suggested in met.values()}
        suggested = next(iter(met.values())) if len(codes) == 1 else own.get(dimension.id)
        if suggested is not None:
            whole[dimension.id] = suggested
    return Suggestion(whole, [_differing(line, whole) for line in lines])


def _defaults(user: User, unit: Unit, goods: Goods, dimensions: Sequence[Dimension]) -> Select[Any]:
    return (
        select(CodingDefault)
        .where(
            CodingDefault.dimension_id.in_([dimension.id for dimension in dimensions]),
            or_(
                CodingDefault.user_id == user.id,
                CodingDefault.unit_id.in_([int(key) for key in unit.path.split("/") if key]),
                CodingDefault.category_id.is_not(None),
                CodingDefault.agreement_id.in_({award.lot.agreement_id for award, _ in goods}),
                CodingDefault.award_id.in_({award.id for award, _ in goods}),
            ),
        )
        .options(joinedload(CodingDefault.unit), joinedload(CodingDefault.category))
        .order_by(CodingDefault.id)
    )


def _open_codes(defaults: Sequence[CodingDefault], dimensions: Sequence[Dimension], on: date) -> IsOpen:
    listed = {dimension.id for dimension in dimensions if dimension.is_listed}
    known = codes_named((default.dimension_id, default.code) for default in defaults if default.dimension_id in listed)

    def is_open(default: CodingDefault) -> bool:
        code = known.get((default.dimension_id, default.code))
        return default.dimension_id not in listed or (code is not None and code.is_current(on))

    return is_open


def _categories(goods: Goods) -> dict[int, Category]:
    """The category of each lot: its own, or its agreement's."""
    lots = {award.lot_id: award.lot for award, _ in goods}
    found = {category.id: category for category in categories_of(lots.values())}
    ids = {key: lot.category_id or lot.agreement.category_id for key, lot in lots.items()}
    return {key: found[category_id] for key, category_id in ids.items() if category_id in found}


Rank = tuple[int, int]


def _rank(
    default: CodingDefault,
    user: User,
    unit: Unit,
    award: Award | None = None,
    number: str = "",
    category: Category | None = None,
) -> Rank | None:
    """How specific a default is for a line, or for none: the higher wins. None where it is not about it."""
    if default.user_id == user.id:
        return 1, 0
    if default.unit is not None and unit.is_within(default.unit):
        return 2, len(default.unit.path)
    if default.category is not None and category is not None and category.is_within(default.category):
        return 3, len(default.category.path)
    if award is not None and default.agreement_id == award.lot.agreement_id:
        return 4, 0
    if award is not None and default.award_id == award.id and default.supplier_number == number:
        return 5, 0
    return None


def _best(ranked: Iterable[tuple[Rank | None, CodingDefault]]) -> dict[int, Suggested]:
    best: dict[int, tuple[Rank, CodingDefault]] = {}
    for rank, default in ranked:
        if rank is not None and (default.dimension_id not in best or rank > best[default.dimension_id][0]):
            best[default.dimension_id] = rank, default
    return {key: Suggested(default.code, _source(default)) for key, (_, default) in best.items()}


def _source(default: CodingDefault) -> Any:
    if default.user_id is not None:
        return _l("från dina egna uppgifter")
    if default.unit is not None:
        return _l("från enheten %(name)s", name=default.unit.name)
    if default.category is not None:
        return _l("från kategorin %(name)s", name=default.category.name)
    return _l("från avtalet") if default.agreement_id is not None else _l("från varan")


def _differing(line: Mapping[int, Suggested], whole: Mapping[int, Suggested]) -> dict[int, Suggested]:
    return {key: said for key, said in line.items() if key not in whole or whole[key].code != said.code}


def codes_page(dimension: Dimension, text: str, number: int, on: date | None = None) -> Page:
    """A page of a dimension's codes: those that begin with the text, or are called something with it. `on`: only those
    in force that day."""
    return paginate(_codes_like(dimension, text, on), number, 50)


def codes_like(dimension: Dimension, text: str, on: date, most: int) -> Sequence[Code]:
    """The first codes in force on a day that begin with the text, or are called something with it."""
    return db.session.scalars(_codes_like(dimension, text, on).limit(most)).all()


def _codes_like(dimension: Dimension, text: str, on: date | None) -> Select[Any]:
    query = select(Code).where(Code.dimension_id == dimension.id).order_by(Code.code)
    if text:
        called = mentions(Code.name, text)
        query = query.where(or_(Code.code.startswith(text, autoescape=True), called))
    return query if on is None else query.where(*_open_on(on))


def _open_on(on: date) -> tuple[ColumnElement[bool], ...]:
    return or_(Code.starts_on.is_(None), Code.starts_on <= on), or_(Code.ends_on.is_(None), Code.ends_on >= on)


def count_codes(organisation: Organisation) -> dict[int, int]:
    """How many codes each list has, by dimension."""
    query = select(Code.dimension_id, func.count()).join(Dimension, Dimension.id == Code.dimension_id)
    query = query.where(Dimension.organisation_id == organisation.id).group_by(Code.dimension_id)
    return {row[0]: row[1] for row in db.session.execute(query)}


def combination_for(organisation: Organisation, rule_id: int) -> CodingRule:
    """An allowed combination of the organisation. Raises NotFound."""
    rule = db.session.get(CodingRule, rule_id)
    if rule is None or rule.organisation_id != organisation.id:
        raise NotFound(_l("Regeln finns inte."))
    return rule


def default_for(organisation: Organisation, default_id: int) -> CodingDefault:
    """A default of the organisation. Raises NotFound."""
    default = db.session.get(CodingDefault, default_id)
    if default is None or default.dimension.organisation_id != organisation.id:
        raise NotFound(_l("Det förvalda värdet finns inte."))
    return default


def entitled_agreements(organisation: Organisation) -> Sequence[Agreement]:
    """The agreements that the organisation has or had a right to, by number."""
    ids = select(Entitlement.agreement_id).where(Entitlement.organisation_id == organisation.id)
    query = select(Agreement).where(Agreement.id.in_(ids), Agreement.state != AgreementState.DRAFT)
    return db.session.scalars(query.order_by(Agreement.number)).all()


def awards_selling(agreement: Agreement, supplier_number: str) -> Sequence[Award]:
    """The awards of an agreement that sell, or sold, an article of that number."""
    sold = select(Article.award_id).where(Article.supplier_number == supplier_number)
    query = select(Award).join(Award.lot).where(Lot.agreement_id == agreement.id, Award.id.in_(sold))
    return db.session.scalars(query).all()
