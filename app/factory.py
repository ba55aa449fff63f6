"""The factory: settings in, a working application out."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint

from app import views, views_outbox
from app.calls import init_calls
from app.errors import init_errors
from app.headers import init_headers
from app.i18n import init_i18n
from app.navigation import init_navigation
from app.price_tag import init_price_tags
from auth import journal, organisation, session, substitution, throttle, user
from auth import views as auth_views
from auth.login import init_login
from auth.permission import Permission
from catalog import (
    agreement,
    category,
    ceiling,
    ceiling_change,
    column_map,
    criterion,
    external,
    parameter,
    picture,
    price_index,
    price_list,
    price_refusal,
    price_rule,
    supplier,
    supplier_block,
    watch,
)
from catalog import views as catalog_views
from core.config import Settings, read_settings
from core.db import TransactionalFlask, init_db
from core.forms import init_forms
from core.web import KeyConverter, init_filters, permission_of, requires
from exchange import outbox
from orders import (
    approval,
    basket,
    bid,
    blanket,
    coding,
    coding_rule,
    competition,
    conflict,
    direct_procurement,
    favourite,
    free_text,
    need,
    order,
    receipt,
    refused_line,
    requisition,
    shopping_list,
    volume,
)
from orders.views import approvals as approval_views
from orders.views import basket as basket_views
from orders.views import bids as bid_views
from orders.views import blocks as block_views
from orders.views import ceilings as ceiling_views
from orders.views import codes as code_views
from orders.views import coding as coding_views
from orders.views import competitions as competition_views
from orders.views import conflicts as conflict_views
from orders.views import emergencies as emergency_views
from orders.views import favourites as favourite_views
from orders.views import free_texts as free_text_views
from orders.views import need_answers as need_views
from orders.views import orders as order_views
from orders.views import quick_entry as quick_entry_views
from orders.views import reasoned as reasoned_views
from orders.views import registers as register_views
from orders.views import requisitions as requisition_views
from orders.views import rules as rule_views
from orders.views import shopping_lists as shopping_list_views
from orders.views import splitting as splitting_views

ROOT = Path(__file__).resolve().parent.parent

# Every noun with a table: importing them here makes the metadata whole.
NOUNS = (
    *(journal, organisation, session, substitution, throttle, user),
    *(agreement, category, ceiling, column_map, criterion, external, parameter, picture, price_list, price_refusal),
    *(ceiling_change, price_index, price_rule, supplier, supplier_block, watch),
    *(outbox, approval, basket, bid, blanket, competition, conflict, direct_procurement, favourite, free_text, need),
    order,
    *(coding, coding_rule, receipt, refused_line, requisition, shopping_list, volume),
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    views.bp,
    views_outbox.bp,
    *auth_views.BLUEPRINTS,
    *catalog_views.BLUEPRINTS,
    *(basket_views.bp, requisition_views.bp, approval_views.bp, order_views.bp),
    *(rule_views.bp, conflict_views.bp, register_views.bp, coding_views.bp, favourite_views.bp, shopping_list_views.bp),
    *(emergency_views.bp, free_text_views.bp, quick_entry_views.bp, need_views.bp, competition_views.bp, bid_views.bp),
    *(reasoned_views.bp, ceiling_views.bp, block_views.bp, splitting_views.bp, code_views.bp),
)


def create_app(settings: Settings | None = None) -> TransactionalFlask:
    """A ready application.

    Raises SettingError for a wrong setting and LookupError for a route that declares no permission.
    """
    settings = settings or read_settings()
    app = TransactionalFlask("avrop", root_path=str(ROOT), template_folder="templates", static_folder="app/static")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        AVROP=settings,
        MAX_CONTENT_LENGTH=25 * 1024 * 1024,
    )
    app.url_map.converters["int"] = KeyConverter
    init_db(app, settings.database_url)
    init_forms(app)
    init_calls(app)
    init_i18n(app)
    init_price_tags(app)
    init_filters(app)
    init_headers(app, settings)
    init_login(app)
    init_navigation(app)
    init_errors(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    requires(Permission.PUBLIC)(app.view_functions["static"])
    for endpoint in app.view_functions:
        permission_of(app, endpoint)
    return app
