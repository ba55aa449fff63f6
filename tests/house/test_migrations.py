"""The migrations, applied from zero, give the very tables that the models describe."""

from alembic.script import ScriptDirectory

from app.migrate import config, differences, is_current, newest
from core.db import TransactionalFlask


def test_migrations_equal_the_models(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        assert is_current()
        assert differences() == []


def test_the_newest_migration_is_known_by_the_name_of_its_file() -> None:
    assert ScriptDirectory.from_config(config()).get_heads() == [newest()]
