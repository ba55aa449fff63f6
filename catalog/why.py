"""Why: in plain words why an award gets what is asked of it, and the facts that the words rest on.

Worked out together with the findings, so that what is told is what was judged; kept with the requisition as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from catalog import words
from catalog.agreement import Award, CallOffMethod
from catalog.case import Case
from catalog.turn import offers_of, passed_over, shares_of

Facts = dict[str, Any]  # plain JSON; amounts as text
WHY_PASSED = {
    "refused": _l("har tackat nej eller inte svarat"),
    "blocked": _l("är spärrad för beställningar"),
    "not-in-force": _l("levererar inte på avtalet den här dagen"),
    "full": _l("har ingen takvolym kvar som räcker"),
    "next": _l("står på tur"),
}


@dataclass(frozen=True, slots=True)
class Why:
    """Sentences (lazy) and facts about one award."""

    award: Award
    texts: Sequence[Any]
    facts: Facts

    @property
    def text(self) -> str:
        """The sentences in the language of whoever reads."""
        return " ".join(str(text) for text in self.texts)


def explain(cases: Iterable[Case]) -> dict[int, Why]:
    """Why each award gets what is asked of it, by award id. No queries."""
    found: dict[int, Why] = {}
    told: set[tuple[int, bool]] = set()
    for case in cases:
        key = case.award.id, case.ask.won is None
        if key in told:
            continue
        told.add(key)
        texts, facts = (_won if case.ask.won else TELLING[case.lot.method])(case)
        former = found.get(case.award.id, Why(case.award, (), {}))  # a won line beside others
        found[case.award.id] = Why(case.award, (*former.texts, *texts), former.facts | facts)
    return found


def _won(case: Case) -> tuple[list[Any], Facts]:
    assert case.ask.won is not None
    number = case.ask.won.number
    return [_l("%(supplier)s vann konkurrensutsättningen %(number)s.", number=number, **_names(case))], {
        "competition": number
    }


def _single(case: Case) -> tuple[list[Any], Facts]:
    return [_l("%(supplier)s är avtalets enda leverantör av det här.", **_names(case))], {}


def _ranked(case: Case) -> tuple[list[Any], Facts]:
    texts: list[Any] = []
    limit = case.lot.competition_above
    if limit is not None:
        said = {"amount": words.kr(case.uncontested_amount), "limit": words.kr(limit, 0)}
        texts.append(_l("Beställningen är på %(amount)s. Konkurrensutsättning krävs först över %(limit)s.", **said))
    passed = passed_over(case)
    if not passed:
        texts.append(_l("%(supplier)s står först i rangordningen.", **_names(case)))
    else:
        texts.append(_l("%(supplier)s har plats %(rank)s i rangordningen.", rank=case.award.rank, **_names(case)))
    for award, how in passed:
        said = {"supplier": award.supplier.name, "rank": award.rank, "how": WHY_PASSED[how]}
        texts.append(_l("%(supplier)s (plats %(rank)s) %(how)s.", **said))
    return texts, {"rank": case.award.rank, "passed": [_told(award, how) for award, how in passed]}


def _shared(case: Case) -> tuple[list[Any], Facts]:
    shares = shares_of(case)
    if shares is None:
        return [_l("Köpen fördelas mellan leverantörerna. Läs i avtalet vem som står på tur.")], {}
    rows = [
        {
            "award": share.award.id,
            "supplier": share.award.supplier.name,
            "agreed": str(share.agreed),
            "used": str(share.used),
            "so_far": str(share.so_far),
            "behind": str(share.behind),
            "is_next": share.is_next,
        }
        for share in shares
    ]
    own = next(share for share in shares if share.award.id == case.award.id)
    said = {"agreed": words.number(own.agreed), "so_far": words.number(own.so_far), **_names(case)}
    text = _l("%(supplier)s ska ha %(agreed)s %% av köpen och har fått %(so_far)s %%.", **said)
    turn = _l("Den är längst efter sin andel.") if own.is_next else _l("En annan leverantör står på tur.")
    texts, passed = _declined(case)
    return [text, turn, *texts], {"shares": rows, "amount": str(case.lot_amount), "passed": passed}


def _lowest(case: Case) -> tuple[list[Any], Facts]:
    offers = offers_of(case)
    rows = [
        {
            "award": offer.award.id,
            "supplier": offer.award.supplier.name,
            "lines": str(offer.lines),
            "charges": str(offer.charges),
            "total": str(offer.total),
            "lacking": [article.name for article in offer.lacking],
        }
        for offer in offers
    ]
    complete = [offer for offer in offers if offer.is_complete]
    own = next((offer for offer in complete if offer.award.id == case.award.id), None)
    if own is not None and own.total == complete[0].total:
        said = {"total": words.kr(own.total), **_names(case)}
        if len(complete) > 1:
            text = _l("%(supplier)s har lägst totalpris för allt, %(total)s med frakt och avgifter.", **said)
        else:
            text = _l("Bara %(supplier)s kan leverera allt, för %(total)s med frakt och avgifter.", **said)
    elif complete:
        said = {"supplier": complete[0].award.supplier.name, "total": words.kr(complete[0].total)}
        text = _l("Lägst totalpris har %(supplier)s, %(total)s med frakt och avgifter.", **said)
    else:
        text = _l("Ingen leverantör kan leverera allt i beställningen.")
    texts, passed = _declined(case)
    return [text, *texts, *_grounds(case)], {"offers": rows, "grounds": _stated(case), "passed": passed}


def _declined(case: Case) -> tuple[list[Any], list[Facts]]:
    """Those whose turn it was, by share or total, and who have declined or not answered."""
    awards = [award for award in case.facts.rivals[case.lot.id] if award.id in case.refused]
    how = WHY_PASSED["refused"]
    texts = [_l("%(supplier)s %(how)s.", supplier=award.supplier.name, how=how) for award in awards]
    return texts, [_told(award, "refused") for award in awards]


def _told(award: Award, how: str) -> Facts:
    return {"award": award.id, "supplier": award.supplier.name, "rank": award.rank, "how": how}


def _chosen(case: Case) -> tuple[list[Any], Facts]:
    grounds = _grounds(case)
    if not grounds and len(case.rivals) < 2:
        grounds = [_l("%(supplier)s är den enda som kan leverera i dag.", **_names(case))]
    return grounds or [_l("Beställaren väljer på de grunder som avtalet anger.")], {"grounds": _stated(case)}


def _competed(case: Case) -> tuple[list[Any], Facts]:
    return [_l("Leverantören utses genom förnyad konkurrensutsättning.")], {}


def _stated(case: Case) -> list[str]:
    """The grounds that were stated for lines of the award, each once."""
    of_award = (ask.choice_ground for ask in case.asks if ask.article.award_id == case.award.id)
    return list(dict.fromkeys(ground for ground in of_award if ground))


def _grounds(case: Case) -> list[Any]:
    return [
        _l("%(supplier)s är vald av beställaren: ”%(ground)s”.", ground=ground, **_names(case))
        for ground in _stated(case)
    ]


def _names(case: Case) -> dict[str, str]:
    return {"supplier": case.award.supplier.name}


TELLING = {
    CallOffMethod.SINGLE: _single,
    CallOffMethod.RANKING: _ranked,
    CallOffMethod.COMBINATION: _ranked,
    CallOffMethod.ALLOCATION: _shared,
    CallOffMethod.DYNAMIC_RANKING: _lowest,
    CallOffMethod.CHOICE: _chosen,
    CallOffMethod.COMPETITION: _competed,
    CallOffMethod.DYNAMIC_PURCHASING: _competed,
}
