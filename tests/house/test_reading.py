"""Reading changes nothing: every page, opened by every role, with real commits, leaves every table as it was."""

from __future__ import annotations

from core.db import TransactionalFlask, commit, db
from tests.house.test_routes import READING, contents, doors, log_in, noting_faults
from tests.house.world import OTHER, OWN, make_world


def test_reading_leaves_the_database_as_it_was(fresh_app: TransactionalFlask) -> None:
    """The database would refuse a write in a reading request: that would be a fault, and is told as one."""
    with fresh_app.app_context(), noting_faults(fresh_app) as faults:
        world = make_world()
        browsers = [log_in(fresh_app, actor) for actor in world.actors.values()]
        addresses = {
            path: door
            for door in doors(fresh_app)
            if door.method == READING
            for nearness in (OWN, OTHER)
            if (path := door.address(world, nearness))
        }
        commit()
        before = contents()
        db.session.remove()
        for path, door in addresses.items():
            answers = [browser.open(door, path).status_code for browser in browsers]
            assert 500 not in answers, f"{path}: {faults}"
        assert contents() == before
        db.session.remove()
