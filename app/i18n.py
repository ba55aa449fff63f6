"""Language: Swedish first, English second. The source texts are Swedish, so only English has a catalogue."""

from __future__ import annotations

from functools import lru_cache

from flask import Flask, has_request_context, request
from flask_babel import Babel, gettext
from flask_login import current_user
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

from core.language import LOCALES, language


def init_i18n(app: Flask) -> None:
    """Choose the language of every request; times are those of Stockholm."""
    Babel(app, default_locale="sv", default_timezone="Europe/Stockholm", locale_selector=select_locale)
    app.add_template_global(language)
    app.add_template_global(translate, "_")


def select_locale() -> str:
    """Her own choice when she is known, then the browser's cookie, then what the browser asks for, then Swedish."""
    if not has_request_context():
        return "sv"
    chosen = getattr(current_user, "language", None) or request.cookies.get("language")
    asked = (tag.partition("-")[0] for tag in request.accept_languages.values())  # best first; sv-SE is Swedish
    return next((LOCALES[choice] for choice in (chosen, *asked) if choice in LOCALES), LOCALES["sv"])


@pass_eval_context
def translate(context: EvalContext, text: str, /, **values: object) -> str:
    """`_` of the templates: the text in the reader's language, safe in HTML, with each value escaped in its place.

    The extension's own says the same, but finds the catalogue anew for each of the hundred texts of a page.
    """
    if not context.autoescape:
        translated = str(gettext(text))
        return translated % values if values or "%" in translated else translated
    marked = _marked(language(), text)
    if values or "%" in marked:
        return Markup(str(marked) % {name: escape(value) for name, value in values.items()})  # noqa: S704
    return marked


@lru_cache(4096)
def _marked(_language: str, text: str) -> Markup:
    return Markup(gettext(text))  # noqa: S704 (a text of ours)
