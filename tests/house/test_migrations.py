"""The migrations, applied from zero, give the very tables that the models describe."""

from app.migrate import differences, is_current
from core.db import TransactionalFlask


def test_migrations_equal_the_models(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        assert is_current()
        assert differences() == []
