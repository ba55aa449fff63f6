"""What people write in fields, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import wtforms
from flask import render_template_string
from werkzeug.datastructures import MultiDict
from wtforms import FieldList, FormField

from core.db import TransactionalFlask, db
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
    read_decimal,
    show_rule,
    tidied,
)
from core.language import speaking
from tests.factories.auth import make_organisation


@pytest.fixture(autouse=True)
def request_context(app: TransactionalFlask) -> Iterator[None]:
    with app.test_request_context("/", method="POST"):
        yield


def sent(field: Any, *values: str) -> Any:
    """The field of a one-field form that was sent in with these values, validated."""

    class OneField(BaseForm):
        x = field

    form = OneField(MultiDict([("x", value) for value in values]))
    form.validate()
    return form.x


def errors(field: Any) -> list[str]:
    return [str(error) for error in field.errors]


@pytest.mark.parametrize(
    "written, places, value",
    [
        ("1 234,50", 2, "1234.50"),
        ("1\N{NO-BREAK SPACE}234,50", 2, "1234.50"),
        ("1\N{NARROW NO-BREAK SPACE}234\N{THIN SPACE}567", 2, "1234567"),
        ("12.50", 2, "12.50"),
        (" 12,5 kr ", 2, "12.5"),
        ("-3", 0, "-3"),
        ("\N{MINUS SIGN}3,5", 1, "-3.5"),
        ("007", 0, "7"),
        ("0,125", 3, "0.125"),
        ("0.125", 3, "0.125"),
        ("1,125", 3, "1.125"),
        ("999999999999,9999", 4, "999999999999.9999"),
    ],
)
def test_decimal_is_read_as_people_write_it(written: str, places: int, value: str) -> None:
    field = sent(DecimalField(places=places), written)
    assert errors(field) == []
    assert field.data == Decimal(value) and isinstance(field.data, Decimal)


@pytest.mark.parametrize(
    "written",
    [
        "NaN",
        "inf",
        "-Infinity",
        "1e30",
        "1E2",
        "0x10",
        "1_000",
        "1,2,3",
        "1 2",
        "12 34",
        "²",
        "٣",
        "--1",
        "tolv",
        "1,",
        ",",
    ],
)
def test_decimal_refuses_what_is_no_number(written: str) -> None:
    field = sent(DecimalField(), written)
    assert field.data is None
    assert errors(field) == ["Skriv ett tal med siffror, till exempel 1\N{NO-BREAK SPACE}234,50."]


def test_decimal_refuses_too_many_decimals_and_digits() -> None:
    assert errors(sent(DecimalField(places=2), "1,005")) == ["Skriv talet med högst 2 decimaler."]
    assert errors(sent(DecimalField(places=0), "1,0")) == ["Skriv ett heltal."]
    assert errors(sent(DecimalField(), "1" * 13)) == ["Talet är för stort."]


def test_decimal_keeps_its_bounds_inclusive() -> None:
    bounded = DecimalField(min=1, max=Decimal("9.5"))
    assert [errors(sent(bounded, text)) for text in ("1", "9,5")] == [[], []]
    assert errors(sent(bounded, "0,99")) == ["Talet ska vara minst 1."]
    assert errors(sent(bounded, "9,51")) == ["Talet får vara högst 9,5."]


def test_decimal_that_may_mean_thousands_is_refused_and_not_guessed() -> None:
    with pytest.raises(ValueError, match="två sätt"):
        read_decimal("1.500", 3)
    with speaking("en"):
        assert read_decimal("1.500", 3) == Decimal("1.5")
        with pytest.raises(ValueError):
            read_decimal("1,500", 3)


def test_empty_decimal_is_none_unless_required() -> None:
    assert sent(DecimalField(), " ").data is None
    assert errors(sent(DecimalField(), " ")) == []
    assert errors(sent(DecimalField(validators=[Required()]), "")) == ["Fyll i det här fältet."]


def test_decimal_shows_its_value_as_it_may_be_written() -> None:
    class OneField(BaseForm):
        x = DecimalField(places=4)

    for value in (Decimal("1234567.8"), Decimal("-0.0005"), Decimal("3.000")):
        shown = OneField(formdata=None, data={"x": value}).x._value()
        assert read_decimal(shown, 4) == value


def test_refused_values_are_shown_again() -> None:
    assert sent(DecimalField(), "tolv")._value() == "tolv"
    assert sent(DayField(), "imorgon")._value() == "imorgon"
    assert sent(EmailField(), "fel")._value() == "fel"


@pytest.mark.parametrize("written", ["2026-04-01", "20260401", " 2026-04-01 "])
def test_day_is_read(written: str) -> None:
    assert sent(DayField(), written).data == date(2026, 4, 1)


@pytest.mark.parametrize("written", ["2026-02-29", "0026-01-01", "2026-4-1", "1/4 2026", "9999-12-31"])
def test_day_that_does_not_exist_is_refused(written: str) -> None:
    field = sent(DayField(), written)
    assert field.data is None
    assert errors(field) == ["Skriv ett datum som ÅÅÅÅ-MM-DD, till exempel 2026-04-01."]


def test_day_keeps_its_bounds_inclusive() -> None:
    bounded = DayField(min=date(2026, 1, 1), max=date(2026, 1, 2))
    assert [errors(sent(bounded, day)) for day in ("2026-01-01", "2026-01-02")] == [[], []]
    assert errors(sent(bounded, "2025-12-31")) == ["Datumet får vara tidigast 2026-01-01."]
    assert errors(sent(bounded, "2026-01-03")) == ["Datumet får vara senast 2026-01-02."]


def test_organisation_number_is_kept_as_ten_digits_and_shown_with_hyphen() -> None:
    assert sent(OrganisationNumberField(), "16212000-2528").data == "2120002528"
    assert "tio siffror" in errors(sent(OrganisationNumberField(), "212000-2529"))[0]
    assert sent(OrganisationNumberField(), "").data is None

    class OneField(BaseForm):
        x = OrganisationNumberField()

    assert OneField(formdata=None, data={"x": "2120002528"}).x._value() == "212000-2528"


def test_text_is_trimmed_composed_and_none_when_empty() -> None:
    assert sent(TextField(), "  A\N{COMBINING RING ABOVE}re\tby \r\n öst ").data == "Åre by öst"
    assert sent(TextField(), "   ").data is None
    assert sent(TextField()).data is None
    assert sent(LongTextField(), "ett\r\ntvå\r\n").data == "ett\ntvå"
    assert tidied("a\0b\x1b\x7f") == "ab"
    assert tidied("a \0 b") == "a b"
    assert tidied("e\0\u0301") == "é"


def test_text_keeps_its_length() -> None:
    assert errors(sent(TextField(longest=3), "åäö")) == []
    assert errors(sent(TextField(longest=3), "åäöå")) == ["Skriv högst 3 tecken, nu är det 4."]


@pytest.mark.parametrize("written", ["anna@kommun.se", " o'neil+x@a-b.example.com "])
def test_email_is_taken(written: str) -> None:
    assert sent(EmailField(), written).data == written.strip()


@pytest.mark.parametrize(
    "written",
    [
        "a@b.se\r\nBcc: x@y.se",
        "a@b.se\nx",
        "a b@c.se",
        "a@b",
        "a@b..se",
        "a@b.se, c@d.se",
        "å@b.se",
        "<a@b.se>",
        "a@-b.se",
    ],
)
def test_email_refuses_anything_but_one_address(written: str) -> None:
    field = sent(EmailField(), written)
    assert field.data is None and len(errors(field)) == 1


def test_choices_are_pairs_and_refuse_what_is_not_among_them() -> None:
    pairs = [("a", "A"), ("b", "B")]
    assert sent(SelectField(choices=pairs), "b").data == "b"
    assert errors(sent(SelectField(choices=pairs), "c")) == ["Välj ett av alternativen."]
    assert errors(sent(RadioField(validators=[Required()], choices=pairs))) == ["Välj ett alternativ."]
    assert sent(MultipleField(choices=pairs), "a", "b").data == ["a", "b"]


def test_number_field_of_the_library_falls_over_no_longer() -> None:
    assert sent(wtforms.DecimalField(use_locale=True), "1,5").data == Decimal("1.5")


def test_summary_leads_to_every_faulty_input() -> None:
    class Row(wtforms.Form):
        amount = DecimalField("Antal")

    class Whole(BaseForm):
        name = TextField("Namn", [Required()])
        way = RadioField("Sätt", [Required()], choices=[("a", "A")])
        rows = FieldList(FormField(Row), min_entries=1)

    form = Whole(MultiDict({"rows-0-amount": "x"}))
    assert not form.validate()
    assert [problem.input_id for problem in form.problems()] == ["name", "way-0", "rows-0-amount"]
    page = render_template_string('{% from "macros/form.html" import errors %}{{ errors(form) }}', form=form)
    assert 'href="#way-0"' in page and 'href="#rows-0-amount"' in page


def test_fields_that_lead_are_summed_up_before_those_of_the_parent_class() -> None:
    class Own(BaseForm):
        day = DayField("Dag", [Required()])

    class OfAnother(Own):
        leads = ("person",)
        note = TextField("Anteckning", [Required()])
        person = TextField("Person", [Required()])

    form = OfAnother(MultiDict())
    form.validate()
    assert [problem.input_id for problem in form.problems()] == ["person", "day", "note"]


def test_what_is_wrong_in_head_and_rows_is_told_at_once_and_led_to() -> None:
    class Head(BaseForm):
        title = TextField("Rubrik", [Required()])

    class Row(BaseForm):
        name = TextField("Vad")
        amount = DecimalField("Antal", [Required()])

    sent_in = (("a", "1"), ("b", "x"), ("c", ""))
    rows = [Row(MultiDict({f"{key}-amount": amount}), prefix=key) for key, amount in sent_in]
    form = Head(MultiDict())
    assert not form.validate_all(rows, "Kontrollera raderna.")
    assert [problem.input_id for problem in form.problems()] == ["b-amount", "title"]
    assert form.problems()[0].text == "Kontrollera raderna."
    assert rows[2].errors  # every row shows its own
    form = Head(MultiDict({"title": "Podier"}))
    assert form.validate_all(rows[:1], "Kontrollera raderna.") and form.problems() == []


def test_show_rule_undoes_what_the_refused_act_had_begun() -> None:
    organisation = make_organisation(name="Före")
    db.session.commit()
    organisation.name = "Efter"
    form = BaseForm()
    show_rule(form, RuleBroken("Det går inte.", way_on="Gör så här."))
    assert organisation.name == "Före"
    page = render_template_string('{% from "macros/form.html" import errors %}{{ errors(form) }}', form=form)
    assert "Det går inte." in page and "Gör så här." in page


def test_macros_escape_what_people_wrote() -> None:
    class OneField(BaseForm):
        x = TextField("<b>", [Required()], description="<i>")

    form = OneField(MultiDict({"x": ""}))
    form.validate()
    template = '{% from "macros/form.html" import errors, field %}{{ errors(form) }}{{ field(form.x) }}'
    page = render_template_string(template, form=form)
    assert "<b>" not in page and "<i>" not in page and "&lt;b&gt;" in page
