"""How three of the demo's municipalities code what they order: dimensions, codes, defaults, and what goes together.

The codes are invented, in the manner of Kommun-Bas; every municipality has its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.demo.organisations import Places
from auth.organisation import Organisation, Unit
from catalog.category import Category
from orders.actions.coding import (
    CodeFacts,
    CombinationFacts,
    DefaultFor,
    DimensionFacts,
    create_dimension,
    save_code,
    save_combination,
    save_default,
)
from orders.coding import Dimension
from orders.coding_rule import Effect

_ACCOUNTS = {
    "1230": "Inventarier, investering",
    "6410": "Förbrukningsmaterial",
    "6420": "Förbrukningsinventarier",
    "6430": "Kontorsmaterial och trycksaker",
    "6450": "Livsmedel",
    "6470": "Läromedel och lekmaterial",
    "6480": "Sjukvårdsmaterial",
    "6490": "Arbets- och skyddskläder",
    "6550": "IT-utrustning och telefoni",
    "6610": "Material till fastigheter och anläggningar",
    "6910": "Fordon, drivmedel och transporter",
}
_ACCOUNT_OF = {  # category → account; what lies below follows
    "10": "6430", "20": "6450", "30": "6410", "40": "6420", "50": "6550", "60": "6480", "70": "6490", "80": "6610",
    "90": "6470", "95": "6910", "99": "6550",
}  # fmt: skip
_ACTIVITIES = {
    "249": "Gator och parker",
    "320": "Bibliotek och kultur",
    "340": "Idrott och fritid",
    "407": "Förskola",
    "440": "Grundskola",
    "510": "Äldreomsorg",
    "910": "Måltider",
    "920": "Gemensam administration",
}
# a part of a unit's name → its activity; the first that fits
_ACTIVITY_OF = (
    ("kök", "910"), ("måltid", "910"), ("förskola", "407"), ("skol", "440"), ("utbildning", "440"),
    ("bibliotek", "320"), ("bad", "340"), ("kultur", "320"), ("vård", "510"), ("social", "510"), ("äldre", "510"),
    ("hemtjänst", "510"), ("tekni", "249"), ("gata", "249"), ("samhäll", "249"),
)  # fmt: skip


@dataclass(frozen=True)
class _Plan:
    """How one of them does it. `width`: digits of a code for ansvar; its dimensions that may be left empty."""

    width: int
    optional: tuple[str, ...] = ("Projekt",)


_PLANS = {"OSD": _Plan(5), "KRO": _Plan(4, ("Verksamhet", "Projekt")), "ARE": _Plan(6)}


def make_coding(places: Places, categories: dict[str, Category]) -> None:
    """Ansvar and verksamhet come from the unit, konto from what is bought; a project is written by whoever has one."""
    for prefix, plan in _PLANS.items():
        organisation = places.organisations[prefix]
        units = [unit for (place, _code), unit in places.units.items() if place == prefix]
        made = {name: _dimension(organisation, plan, name) for name in ("Ansvar", "Konto", "Verksamhet", "Projekt")}
        _responsibilities(made["Ansvar"], units, plan.width)
        for name, codes in (("Konto", _ACCOUNTS), ("Verksamhet", _ACTIVITIES)):
            for code, text in codes.items():
                save_code(None, made[name], code, CodeFacts(name=text))
        for unit in units:
            save_default(None, made["Verksamhet"], DefaultFor(unit=unit), _activity(unit))
        for category, account in _ACCOUNT_OF.items():
            save_default(None, made["Konto"], DefaultFor(category=categories[category]), account)
        _combinations(organisation, made)


def _dimension(organisation: Organisation, plan: _Plan, name: str) -> Dimension:
    is_project = name == "Projekt"
    facts = DimensionFacts(
        name=name,
        code_length={"Ansvar": plan.width, "Konto": 4, "Verksamhet": 3}.get(name),
        code_pattern="P[0-9]{4}" if is_project else None,
        is_mandatory=name not in plan.optional,
        is_listed=not is_project,
    )
    return create_dimension(None, organisation, facts)


def _responsibilities(dimension: Dimension, units: list[Unit], width: int) -> None:
    for unit in units:
        code = unit.code.ljust(width, "0")
        save_code(None, dimension, code, CodeFacts(name=unit.name[:100]))
        save_default(None, dimension, DefaultFor(unit=unit), code)


def _activity(unit: Unit) -> str:
    name = unit.name.casefold()
    return next((activity for part, activity in _ACTIVITY_OF if part in name), "920")


def _combinations(organisation: Organisation, made: dict[str, Dimension]) -> None:
    facts = CombinationFacts(
        name="Investering",
        if_dimension=made["Konto"],
        from_code="1000",
        to_code="1999",
        effect=Effect.REQUIRED,
        then_dimension=made["Projekt"],
    )
    save_combination(None, organisation, None, facts)
    facts = CombinationFacts(
        name="Livsmedel",
        if_dimension=made["Konto"],
        from_code="6450",
        to_code="6450",
        effect=Effect.ALLOWED,
        then_dimension=made["Verksamhet"],
        codes="407-449, 510, 910-920",
    )
    save_combination(None, organisation, None, facts)
