"""A select that is built once: its arguments are asked anew every time."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from auth.organisation import Organisation
from core.db import TransactionalFlask, db, prepared
from tests.factories.auth import make_organisation

built: list[object] = []


@prepared
def _named(name: str, city: str) -> Select[Any]:
    built.append(name)
    return select(Organisation.id).where(Organisation.name == name, Organisation.city == city)


def test_prepared_select_is_built_once_and_asks_for_the_values_of_each_call(app: TransactionalFlask) -> None:
    bracke, krokom = make_organisation(name="Bräcke"), make_organisation(name="Krokom")
    db.session.flush()
    assert db.session.scalars(*_named("Bräcke", "Östersund")).all() == [bracke.id]
    assert db.session.scalars(*_named("Krokom", city="Östersund")).all() == [krokom.id]
    assert db.session.scalars(*_named("Krokom", "Bräcke")).all() == []
    assert len(built) == 1
