"""How templates call functions and macros."""

from __future__ import annotations

import pytest
from flask import Flask, render_template_string, url_for
from jinja2 import pass_context
from jinja2.exceptions import UndefinedError
from jinja2.runtime import Context

SIGN, ESCAPED = "<b>&</b>", "&lt;b&gt;&amp;&lt;/b&gt;"


@pytest.mark.parametrize(
    "source, shown",
    [
        ("{{ plain(text) }}", ESCAPED + "!"),
        ("{% macro twice(x) %}{{ x }}{{ x }}{% endmacro %}{{ twice(text) }}", ESCAPED * 2),
        ("{% macro box() %}{{ caller() }}!{% endmacro %}{% call box() %}{{ text }}{% endcall %}", ESCAPED + "!"),
        ("{{ _('Avtal %(number)s', number=text) }}", f"Avtal {ESCAPED}"),
        ("{% for each in [text] %}{% set it = each %}{{ knows('it') }}{% endfor %}", ESCAPED),
        ("{{ {'a': text}.get('a') }}", ESCAPED),
    ],
)
def test_what_is_called_gives_what_it_would_give_to_jinjas_own(source: str, shown: str, app: Flask) -> None:
    @pass_context
    def knows(context: Context, name: str) -> object:
        return context[name]

    with app.test_request_context():
        assert render_template_string(source, plain=lambda text: f"{text}!", knows=knows, text=SIGN) == shown


def test_a_text_of_a_mail_without_html_is_not_escaped(app: Flask) -> None:
    template = app.jinja_env.overlay(autoescape=False).from_string("{{ _('Avtal %(number)s', number=text) }}")
    with app.test_request_context():
        assert template.render(text=SIGN) == f"Avtal {SIGN}"


def test_what_is_not_there_cannot_be_called(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(UndefinedError):
        render_template_string("{{ nothing() }}")


def test_a_remembered_link_is_the_one_that_flask_builds(app: Flask) -> None:
    ways: list[dict[str, object]] = [{"q": 1}, {"q": True}, {"q": "a b&c"}, {"q": None}, {"_anchor": "top"}]
    with app.test_request_context("/", base_url="http://localhost/under"):
        for way in ways * 2:
            shown = render_template_string("{{ url_for('catalog.search', **way) | safe }}", way=way)
            assert shown == url_for("catalog.search", **way) and shown.startswith("/under/")  # type: ignore[arg-type]
    with app.test_request_context():
        assert render_template_string("{{ url_for('catalog.search', q=1) }}") == "/search?q=1"
