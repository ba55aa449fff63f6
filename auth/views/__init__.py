"""Pages of the account and of the administration. A view loads, checks the form's shape, calls and redirects."""

from auth.views import account, admin, admin_journal, admin_organisations, admin_units, admin_users, substitutions

BLUEPRINTS = (account.bp, admin.bp)

__all__ = ["BLUEPRINTS", "admin_journal", "admin_organisations", "admin_units", "admin_users", "substitutions"]
