"""Pages of the catalogue: search, articles, agreements, and their administration."""

from catalog.views import (
    agreements,
    article,
    compare,
    manage,
    manage_agreements,
    manage_categories,
    manage_criteria,
    manage_external,
    manage_parameters,
    manage_parts,
    manage_price_changes,
    manage_price_columns,
    manage_price_lists,
    manage_price_rule,
    manage_registers,
    manage_searches,
    manage_suppliers,
    manage_watch,
    search,
)

BLUEPRINTS = (search.bp, agreements.bp, manage.bp)

__all__ = [
    "BLUEPRINTS",
    "article",
    "compare",
    "manage_agreements",
    "manage_categories",
    "manage_criteria",
    "manage_external",
    "manage_parameters",
    "manage_parts",
    "manage_price_changes",
    "manage_price_columns",
    "manage_price_lists",
    "manage_price_rule",
    "manage_registers",
    "manage_searches",
    "manage_suppliers",
    "manage_watch",
]
