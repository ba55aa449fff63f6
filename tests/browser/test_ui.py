"""The frame, the macros and the fields, on pages made for the test, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from enum import Enum

import pytest
from flask import Blueprint, flash, render_template_string
from playwright.sync_api import Page as Window
from playwright.sync_api import expect
from wtforms import BooleanField, FileField

from auth.permission import Permission, Role
from catalog.ceiling import Ceiling
from catalog.finding import Finding, Level
from core.clock import now
from core.db import unit_of_work
from core.errors import RuleBroken
from core.forms import (
    BaseForm,
    DayField,
    DecimalField,
    EmailField,
    LongTextField,
    MultipleField,
    OrganisationNumberField,
    RadioField,
    Required,
    SelectField,
    TextField,
    show_rule,
)
from core.web import Page, requires
from orders.actions.approval import send_back
from orders.actions.basket import add
from tests.browser.conftest import Site
from tests.factories.auth import make_member, make_organisation, make_unit
from tests.factories.catalog import make_agreement, make_offer
from tests.factories.orders import make_order, make_place, make_requisition, pending_step

pytestmark = pytest.mark.browser

bp = Blueprint("sample", __name__, url_prefix="/sample")
BLUEPRINTS = (bp,)


class State(str, Enum):
    APPROVED = "approved"
    RETURNED = "returned"
    REJECTED = "rejected"
    SUBMITTED = "submitted"
    DRAFT = "draft"


class SampleForm(BaseForm):
    name = TextField("Namn", [Required()])
    email = EmailField("E-post", description="Hit skickas beställningarna.")
    number = OrganisationNumberField("Organisationsnummer")
    amount = DecimalField("Belopp utan moms", [Required()], min=1)
    day = DayField("Önskad leveransdag")
    unit = SelectField("Enhet", choices=[("1", "Norra skolan"), ("2", "Södra skolan")])
    way = RadioField("Hur frågade du?", [Required()], choices=[("mail", "E-post"), ("phone", "Telefon")])
    marks = MultipleField("Märkning", choices=[("svan", "Svanen"), ("krav", "KRAV")])
    text = LongTextField("Meddelande till leverantören")
    file = FileField("Fil")
    sure = BooleanField("Jag har läst villkoren")


FORM = """{% extends "base.html" %}
{% from "macros/page.html" import heading %}
{% from "macros/form.html" import errors, field, submit %}
{% block title %}Formulär{% endblock %}
{% block content %}
{{ heading("Lägg till leverantör", crumbs=[("Leverantörer", "/sample/page")]) }}
<form method="post" novalidate>{{ form.hidden_tag() }}{{ errors(form) }}
<div class="fields">
{{ field(form.name, autocomplete="organization") }}{{ field(form.email, width="half") }}
{{ field(form.number, width="half") }}
{{ field(form.amount, width="short") }}{{ field(form.day, hint="ÅÅÅÅ-MM-DD", width="short") }}
{{ field(form.unit, width="half") }}{{ field(form.way) }}{{ field(form.marks) }}
{{ field(form.text) }}{{ field(form.file) }}
{{ field(form.sure) }}
</div>
<div class="buttons">{{ submit("Spara") }}{{ submit("Spara som utkast", tone="secondary", name="draft") }}</div>
</form>
{% endblock %}"""

PAGE = """{% extends "base.html" %}
{% from "macros/page.html" import heading, empty, badge, state_badge, pagination, findings, meter, facts, action %}
{% from "macros/form.html" import select_row %}
{% block title %}Delar{% endblock %}
{% block content %}
{% call heading("Kontorsmaterial", lead="Papper, pennor och pärmar för skola och kontor.", crumbs=[("Avtal", "/")]) %}
<a class="btn btn-primary" href="/">Sök i avtalet</a>
{{ action("/sample/form", "Pausa", tone="danger", confirm="Ingen kan beställa förrän avtalet öppnas igen.") }}
{% endcall %}
<div class="columns"><div>
<div class="panel"><h2>Om avtalet</h2>
{{ facts([("Avtalsnummer", "2026-17"), ("Gäller till", "2028-03-31"), ("Saknas", none), ("Ansvarig", "Åsa Öberg")]) }}
</div>
<h2>Varor</h2>
{{ findings(found) }}
<div class="table-wrap" tabindex="0" role="region" aria-label="Varor"><table class="table stack">
<thead><tr><th scope="col"><span class="visually-hidden">Välj</span></th><th scope="col">Vara</th>
<th scope="col">Läge</th><th scope="col" class="num">Pris</th></tr></thead>
<tbody>{% for state in states %}<tr><td>{{ select_row("row", loop.index, "Välj rad " ~ loop.index) }}</td>
<th scope="row"><a href="/">Kopieringspapper A4 80 g, ohålat, {{ loop.index }}</a></th>
<td data-label="Läge">{{ state_badge(state) }}</td><td class="num" data-label="Pris">{{ price | price }}</td></tr>
{% endfor %}</tbody></table></div>
{{ pagination(page) }}
</div><div>
<div class="panel"><h2>Takvolym</h2>{% for ceiling in ceilings %}{{ meter(ceiling) }}{% endfor %}</div>
<div class="panel"><h2>Leveranser</h2>
{{ empty("Inget på väg", "Här ser du det du har beställt.", "/", "Sök varor") }}</div>
</div></div>
<h2>Kort</h2>
<ul class="cards">{% for n in range(3) %}
<li class="card"><h3>Kort {{ n }}</h3><p>{{ badge("Miljömärkt", "ok") }}</p></li>
{% endfor %}</ul>
{% endblock %}"""


@bp.route("/form", methods=["GET", "POST"])
@requires(Permission.PUBLIC)
def form() -> tuple[str, int]:
    sample = SampleForm()
    if sample.is_submitted() and sample.validate():
        broken = RuleBroken("Leverantören finns redan.", way_on="Öppna den som finns.", findings=(STOP,))
        show_rule(sample, broken)
    return render_template_string(FORM, form=sample), 422 if sample.is_submitted() else 200


STOP = Finding(
    "ceiling-reached",
    Level.STOP,
    "Takvolymen är nådd.",
    clause="HFD 2022:4",
    way_on="Kontakta avtalsansvarig.",
    url="/",
)


@bp.get("/page")
@requires(Permission.PUBLIC)
def page_() -> str:
    flash("Lagt i varukorgen.", "success")
    flash("Det gick inte att skicka.", "error")
    flash("Priset gäller till fredag.", "info")
    found = [
        STOP,
        Finding("quantity-rule", Level.JUSTIFY, "Beställ i hela förpackningar."),
        Finding("near-ceiling", Level.INFORM, "Avtalet tar slut snart."),
    ]
    ceilings = [
        Ceiling(
            limit=Decimal(limit) if limit else None, reserved=Decimal(used), ordered=Decimal(0), external=Decimal(0)
        )
        for limit, used in ((1000, 420), (1000, 850), (1000, 1000), (None, 1000))
    ]
    return render_template_string(
        PAGE, found=found, states=State, ceilings=ceilings, page=Page([], 2, 20, 55), price=Decimal("1234.5")
    )


@bp.get("/fault")
@requires(Permission.PUBLIC)
def fault() -> str:
    raise ZeroDivisionError


@pytest.fixture
def person(site: Site) -> int:
    """An approver who orders for two organisations; her id."""
    with site.app.app_context(), unit_of_work():
        school = make_unit(make_organisation(name="Östersunds kommun"))
        user = make_member(Role.ORDERER, school.organisation, name="Anna-Karin Jönsson-Bergström")
        for role in (Role.APPROVER, Role.AGREEMENT_OWNER, Role.ORGANISATION_ADMIN, Role.SYSTEM_ADMIN):
            make_member(role, school.organisation, user=user)
        make_member(Role.ORDERER, make_organisation(name="Jämtlands gymnasieförbund"), user=user)
        return user.id


Check = Callable[[Window], None]
Picture = Callable[[Window, str], None]


def test_parts_of_pages_fulfil_every_check(page: Window, check_page: Check, screenshot: Picture) -> None:
    page.goto("/sample/page?q=papper")
    check_page(page)
    screenshot(page, "parts")


def test_head_fulfils_every_check_when_signed_in(
    site: Site, page: Window, person: int, check_page: Check, screenshot: Picture
) -> None:
    site.log_in(page, person)
    page.goto("/sample/page")
    check_page(page)
    page.locator("details.menu > summary").click()
    check_page(page)
    screenshot(page, "menu")
    page.keyboard.press("Escape")
    expect(page.locator(".menu-panel")).to_be_hidden()
    expect(page.locator("details.menu > summary")).to_be_focused()


def test_form_ties_errors_to_fields_and_focuses_the_summary(
    page: Window, check_page: Check, screenshot: Picture
) -> None:
    page.goto("/sample/form")
    check_page(page)
    page.get_by_label("E-post").first.fill("fel")
    page.get_by_label("Belopp").fill("1,2,3")
    page.get_by_role("button", name="Spara", exact=True).click()
    expect(page.locator(".error-summary")).to_be_focused()
    check_page(page)
    screenshot(page, "form-errors")
    page.locator(".error-summary a", has_text="Hur frågade du?").click()
    expect(page.get_by_label("Telefon").or_(page.get_by_label("E-post")).nth(1)).to_be_visible()
    assert page.evaluate("document.activeElement.name") == "way"


def test_broken_rule_stands_on_top_of_the_form_and_keeps_what_was_written(
    page: Window, check_page: Check, screenshot: Picture
) -> None:
    page.goto("/sample/form")
    page.get_by_label("Namn").fill("Pappers AB")
    page.get_by_label("Belopp").fill("1 234,50")
    page.get_by_label("Telefon").check()
    page.get_by_role("button", name="Spara", exact=True).click()
    expect(page.locator(".error-summary")).to_contain_text("Leverantören finns redan.")
    expect(page.get_by_label("Belopp")).to_have_value("1 234,50")
    check_page(page)
    screenshot(page, "form-rule")


def test_keyboard_reaches_the_content_first(page: Window) -> None:
    page.goto("/sample/page")
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_double_click_sends_a_form_once(site: Site, page: Window) -> None:
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.goto("/sample/form")
    with page.expect_navigation():
        page.get_by_role("button", name="Spara", exact=True).dblclick()
    assert sent == [f"{site.url}/sample/form"]


@pytest.mark.parametrize("path, status", [("/nope", 404), ("/sample/fault", 500)])
def test_error_pages_fulfil_every_check(
    path: str, status: int, page: Window, check_page: Check, screenshot: Picture
) -> None:
    response = page.goto(path)
    assert response is not None and response.status == status
    check_page(page)
    screenshot(page, f"error-{status}")


def test_start_page_fulfils_every_check(site: Site, page: Window, check_page: Check, screenshot: Picture) -> None:
    with site.app.app_context(), unit_of_work():
        place = make_place(name="Östersunds kommun")
        make_member(Role.APPROVER, place.organisation, user=place.orderer)
        make_member(Role.AGREEMENT_OWNER, place.organisation, user=place.orderer)
        make_order(place)
        make_requisition(place)
        returned = make_requisition(place)
        send_back(place.approver, pending_step(returned), "Fel enhet.", returned.content_hash or "")
        article = make_offer(place.organisation, name="Kopieringspapper A4")
        add(place.orderer, place.organisation, article, Decimal(2))
        make_agreement(place.organisation, title="Kontorsmaterial", published_at=now())
        orderer, newcomer = place.orderer.id, make_member(Role.ORDERER, place.organisation).id
    site.log_in(page, orderer)
    page.goto("/")
    check_page(page)
    screenshot(page, "start")
    site.log_in(page, newcomer)
    page.goto("/")
    expect(page.get_by_role("combobox")).to_have_count(1)
    check_page(page)
    screenshot(page, "start-first")
