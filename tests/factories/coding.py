"""Dimensions with codes, and what is set up around them."""

from __future__ import annotations

from typing import Any

from auth.organisation import Organisation
from core.db import db
from orders.coding import Code, CodingDefault, Dimension
from orders.coding_rule import CodingRule, Effect
from tests.factories import unique


def make_dimension(organisation: Organisation, name: str = "", *codes: str, **values: Any) -> Dimension:
    """A dimension with a list of codes; mandatory unless the values say else."""
    told = {"name": name or f"Del {unique()}", "position": unique(), "is_mandatory": True, "is_listed": bool(codes)}
    dimension = Dimension(organisation_id=organisation.id, **told | values)
    db.session.add(dimension)
    db.session.flush()
    for code in codes:
        make_code(dimension, code)
    return dimension


def make_code(dimension: Dimension, code: str, **values: Any) -> Code:
    made = Code(dimension_id=dimension.id, code=code, **{"name": f"Kod {code}", **values})
    db.session.add(made)
    db.session.flush()
    return made


def make_default(dimension: Dimension, code: str, **thing: Any) -> CodingDefault:
    default = CodingDefault(dimension_id=dimension.id, code=code, **thing)
    db.session.add(default)
    db.session.flush()
    return default


def make_combination(dimension: Dimension, effect: Effect, other: Dimension, **values: Any) -> CodingRule:
    """A rule about all that begins with 4 to 6 unless the values say else."""
    told: dict[str, Any] = {"name": f"Regel {unique()}", "from_code": "4000", "to_code": "6999", "codes": None}
    rule = CodingRule(
        organisation_id=dimension.organisation_id,
        if_dimension=dimension,
        then_dimension=other,
        effect=effect,
        **told | values,
    )
    db.session.add(rule)
    db.session.flush()
    return rule
