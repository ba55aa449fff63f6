"""What pasted article numbers mean to an organisation: which articles they name, and which of them it may order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from flask_babel import lazy_gettext as _l
from sqlalchemy import exists, select

from auth.organisation import Organisation
from catalog.price_list import Article, PriceList, PriceListState
from catalog.queries import offers
from catalog.steering import Ask, load_facts
from core.checkdigits import gs1_ok
from core.clock import today
from core.db import db
from core.language import language
from exchange.units import unit_name
from orders.proposal import MOST_CHOICES, Choice, Proposal, judged
from orders.quick_entry import PastedRow


def propose_rows(pasted: Sequence[PastedRow], organisation: Organisation) -> list[Proposal]:
    """What each row can become, in the order of the rows. Seven queries, however many rows.

    A number may name articles of several suppliers; she chooses among those that can be ordered. Where none can, the
    first one's reason is told.
    """
    on = today()
    lists = {offer.price_list_id for offer in offers(organisation, on) if offer.price_list_id}
    named = _named({row.number for row in pasted}, lists)
    facts = load_facts([Ask(a) for a in {a.id: a for some in named.values() for a in some}.values()], organisation, on)
    proposals = []
    for row in pasted:
        choices = [judged(article, row.quantity, facts) for article in named[row.number]]
        proposals.append(_proposal(row, choices))
    _tell_twice(proposals, pasted)
    return proposals


def _proposal(row: PastedRow, found: Sequence[Choice]) -> Proposal:
    choices = [choice for choice in found if choice.is_open]
    proposal = Proposal(
        key=row.line,
        name=row.number or _l("Rad %(line)s", line=row.line),
        quantity=row.quantity,
        choices=choices[:MOST_CHOICES],
        is_taken=bool(choices),
        stops=found[0].closed if found and not choices else (),
        written=row.written if row.quantity is None else None,
    )
    if row.problem:
        proposal.problems.append(row.problem)
    if not found and row.number:
        proposal.problems.append(_unknown(row.number))
    if len(choices) > MOST_CHOICES:
        proposal.notes.append(_l("Fler artiklar har det numret. Skriv GTIN, eller sök på numret, om din inte är med."))
    other = next((c for c in choices if row.unit_code and not _is_unit(row.unit_code, c.article)), None)
    if other is not None:
        proposal.notes.append(
            _l(
                "Du skrev %(written)s, men artikeln säljs per %(unit)s. Kontrollera antalet.",
                written=_called(row.unit_code or ""),
                unit=_called(other.article.unit_code),
            )
        )
    return proposal


def _is_unit(code: str, article: Article) -> bool:
    return unit_name(code) == unit_name(article.unit_code)  # H87, C62 and EA are all "st"


def _called(unit_code: str) -> str:
    """A unit in the reader's language."""
    return unit_name(unit_code, language())


def _unknown(number: str) -> object:
    digits = number.replace(" ", "")
    if digits.isascii() and digits.isdigit() and len(digits) in (8, 12, 13, 14) and not gs1_ok(digits):
        return _l("Ingen artikel har det numret. Är det ett GTIN stämmer inte kontrollsiffran.")
    return _l("Ingen artikel på avtalen har det numret.")


def _tell_twice(proposals: Sequence[Proposal], pasted: Sequence[PastedRow]) -> None:
    seen: dict[str, int] = {}
    for proposal, row in zip(proposals, pasted, strict=True):
        first = seen.setdefault(row.number.casefold(), row.line)
        if first != row.line:
            proposal.notes.append(_l("Numret står också på rad %(line)s. Antalen läggs ihop.", line=first))


def _named(numbers: Collection[str], price_lists: Collection[int]) -> dict[str, list[Article]]:
    """By number: the articles of these price lists that have it as the supplier's number or as GTIN. Two queries: for
    both at once, or for GTINs together with the lists' ids, SQLite reads every article of the lists. A GTIN stands in
    every list that its own has followed, and those are not read."""
    spelt = {number: _spellings(number) for number in numbers}
    codes = {number: _gtins(number) for number in numbers}
    of_lists, by_number = Article.price_list_id.in_(price_lists), Article.supplier_number.in_(_all(spelt))
    of_now = exists().where(PriceList.id == Article.price_list_id, PriceList.state == PriceListState.PUBLISHED)
    by_gtin = select(Article).where(Article.gtin.in_(_all(codes)), of_now)
    found = [
        *db.session.scalars(select(Article).where(of_lists, by_number)),
        *(article for article in db.session.scalars(by_gtin) if article.price_list_id in price_lists),
    ]
    found.sort(key=lambda article: (article.name, article.id))
    by_name: dict[str, dict[int, Article]] = {}
    for article in found:
        for name in {article.supplier_number, article.gtin or article.supplier_number}:
            by_name.setdefault(name, {})[article.id] = article
    named = {}
    for number in numbers:
        meant: dict[int, Article] = {}
        for name in (*spelt[number], *codes[number]):
            meant |= by_name.get(name, {})
        named[number] = list(meant.values())
    return named


def _all(names: Mapping[str, Sequence[str]]) -> set[str]:
    return {name for some in names.values() for name in some}


def _spellings(number: str) -> list[str]:
    """The number as written, and in the capitals and without the blanks that people leave out or put in."""
    plain = "".join(number.split())
    return list(dict.fromkeys([number, number.upper(), number.lower(), plain, plain.upper()]))


def _gtins(number: str) -> list[str]:
    """A GTIN in its 8 to 14 digits: a spreadsheet takes leading zeros away, and price lists keep them or not."""
    digits = number.replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 14):
        return []
    bare = digits.lstrip("0")
    return [bare.rjust(length, "0") for length in (8, 12, 13, 14) if length >= len(bare)]
