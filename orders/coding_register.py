"""Code lists and allowed combinations of an organisation as files, in the form in which they are brought in."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from auth.organisation import Organisation
from catalog.actions.registers import RegisterKind
from core.db import db
from exchange import registers
from exchange.codingfile import CODES, COMBINATIONS, EFFECT_WORDS
from exchange.registers import Register
from exchange.tablefile import Form
from orders.actions.coding_register import import_codes, import_combinations
from orders.coding import Code, Dimension
from orders.coding_queries import rules_of

Values = dict[str, Any]


def kinds_of(organisation: Organisation) -> dict[str, RegisterKind]:
    """The two registers of an organisation, as the pages and commands of every register take them."""
    return {
        "codes": RegisterKind(
            f"{CODES.name}-{organisation.order_prefix.lower()}",
            partial(_read, CODES),
            lambda user, rows: import_codes(user, organisation, rows),
            lambda _user, form: _write(CODES, _codes(organisation), form),
        ),
        "combinations": RegisterKind(
            f"{COMBINATIONS.name}-{organisation.order_prefix.lower()}",
            partial(_read, COMBINATIONS),
            lambda user, rows: import_combinations(user, organisation, rows),
            lambda _user, form: _write(COMBINATIONS, _combinations(organisation), form),
        ),
    }


def _read(register: Register, data: bytes, name: str) -> Any:
    return registers.read(register, data, name)


def _write(register: Register, rows: Iterator[Values], form: Form) -> bytes:
    return registers.write(register, rows, form)


def _codes(organisation: Organisation) -> Iterator[Values]:
    query = (
        select(Code)
        .join(Code.dimension)
        .where(Dimension.organisation_id == organisation.id)
        .options(contains_eager(Code.dimension))
        .order_by(Dimension.position, Code.code)
    )
    for code in db.session.scalars(query):
        days = {"starts_on": code.starts_on, "ends_on": code.ends_on}
        yield {"dimension": code.dimension.name, "code": code.code, "name": code.name, **days}


def _combinations(organisation: Organisation) -> Iterator[Values]:
    for rule in rules_of(organisation):
        yield {
            name: getattr(rule, name) for name in ("name", "from_code", "to_code", "codes", "starts_on", "ends_on")
        } | {
            "if_dimension": rule.if_dimension.name,
            "then_dimension": rule.then_dimension.name,
            "effect": EFFECT_WORDS[rule.effect.value],
        }
