"""A small municipality with one person of each kind, and a neighbour that must stay unseen."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from auth.organisation import Organisation, Unit
from auth.permission import Role
from auth.user import User
from core.db import TransactionalFlask
from tests.factories.auth import make_member, make_office, make_organisation, make_unit


@dataclass
class World:
    organisation: Organisation
    unit: Unit
    orderer: User
    approver: User
    admin: User
    auditor: User
    system_admin: User
    neighbour: Organisation
    neighbour_unit: Unit
    stranger: User


@pytest.fixture
def world(app: TransactionalFlask) -> World:
    organisation, neighbour = make_organisation(name="Åre kommun"), make_organisation(name="KANARIE kommun")
    unit = make_unit(organisation)
    neighbour_unit = make_unit(neighbour, name="KANARIE enhet")
    return World(
        organisation=organisation,
        unit=unit,
        orderer=make_member(Role.ORDERER, organisation, unit),
        approver=make_member(Role.APPROVER, organisation),
        admin=make_member(Role.ORGANISATION_ADMIN, organisation),
        auditor=make_member(Role.AUDITOR, organisation),
        system_admin=make_member(Role.SYSTEM_ADMIN, make_office()),
        neighbour=neighbour,
        neighbour_unit=neighbour_unit,
        stranger=make_member(Role.ORDERER, neighbour, name="KANARIE Person"),
    )
