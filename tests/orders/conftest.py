"""What most tests of the road begin with."""

import pytest

from auth.user import User
from core.db import TransactionalFlask
from tests.factories.competitions import Scene, make_scene
from tests.factories.needs import make_buyer
from tests.factories.orders import Place, make_place


@pytest.fixture
def place(app: TransactionalFlask) -> Place:
    return make_place()


@pytest.fixture
def buyer(place: Place) -> User:
    """Who answers its need reports."""
    return make_buyer()


@pytest.fixture
def scene(app: TransactionalFlask) -> Scene:
    """Three suppliers of a lot where every call-off is competed for."""
    return make_scene()
