"""Forms: fields that take what people write and give what the house works with.

Forms check shape only; a rule of the trade is checked by the models, and its refusal is shown by `show_rule`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import wtforms
from flask import Flask, g
from flask_babel import lazy_gettext as _l
from flask_wtf import CSRFProtect, FlaskForm
from flask_wtf.csrf import generate_csrf
from wtforms import Field, FieldList, FormField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.meta import DefaultMeta
from wtforms.validators import InputRequired, StopValidation
from wtforms.widgets import CheckboxInput, DateInput, EmailInput, HiddenInput, ListWidget, Select, TextArea, TextInput

from core.checkdigits import organisation_number
from core.db import rollback
from core.email import is_email
from core.errors import AvropError
from core.language import LOCALES, language
from core.web import number, orgnr


def init_forms(app: Flask) -> None:
    """No form without its token against forgery (CSRF), whichever the route."""
    CSRFProtect(app)
    app.add_template_global(csrf_token)
    app.context_processor(lambda: {"csrf_token": csrf_token})  # the extension's own asks anew at each form of a page


def csrf_token() -> str:
    """The token of all the forms of a page: a list has one in every row, so it is made once."""
    return g.get("csrf_token") or str(generate_csrf())


class BaseForm(FlaskForm):  # type: ignore[misc, unused-ignore]
    """The parent of all forms: CSRF token, messages in the reader's language, and the refusal of a broken rule."""

    broken_rule: AvropError | None = None
    changes: Sequence[Change] = ()  # what others have changed meanwhile
    leads: tuple[str, ...] = ()  # the fields that stand above those of the parent class on the page
    wrong_row: Problem | None = None

    class Meta(FlaskForm.Meta):  # type: ignore[misc, unused-ignore]
        @property
        def locales(self) -> list[str]:
            """Flask-WTF sets False here, on which every field of WTForms that asks for the locale falls over."""
            return [LOCALES[language()]]

        # Flask-WTF reads the catalogue of WTForms' own messages anew for every request
        get_translations = DefaultMeta.get_translations

    def validate_all(self, rows: Iterable[BaseForm], told: Any) -> bool:
        """Whether the form is well formed, and so is every row of its page, which is a form of its own. If one is not,
        the summary says what is `told` and leads to it. All that is wrong is shown at once."""
        is_sound = bool(self.validate())
        wrong = [row for row in rows if not row.validate()]
        if wrong:
            first = next((problem.input_id for problem in wrong[0].problems() if problem.input_id), None)
            self.wrong_row = Problem(first, None, told)
        return is_sound and not wrong

    def problems(self) -> list[Problem]:
        """Everything that is wrong with what was sent in, in the order of the page: for the summary on its top.

        That is the order in which a class names its fields, those that lead first (`tests/house/test_forms.py`)."""
        own = [Problem(None, None, error) for error in self.form_errors]
        own += [self.wrong_row] if self.wrong_row else []
        fields = sorted(self, key=lambda field: field.short_name not in self.leads)
        return own + [problem for field in fields for problem in _problems(field)]


@dataclass(frozen=True, slots=True)
class Problem:
    """One error: the id of the input to lead to (none: it concerns the whole form), its label, and the text.
    Without a label the text says all."""

    input_id: str | None
    label: Any
    text: Any


@dataclass(frozen=True, slots=True)
class Change:
    """What stands in a field now that somebody else has changed it; `input_id` is the input to lead to."""

    input_id: str
    label: Any
    value: Any


def _problems(field: Any) -> Iterator[Problem]:
    if isinstance(field, FieldList | FormField):  # their errors are those of the fields within
        for inner in field:
            yield from _problems(inner)
    elif field.errors:
        is_group = isinstance(field, wtforms.SelectField) and not isinstance(field.widget, Select)
        input_id = None if isinstance(field.widget, HiddenInput) else f"{field.id}-0" if is_group else field.id
        for error in field.errors:
            yield Problem(input_id, field.label.text, error)


def show_rule(form: BaseForm, error: AvropError) -> None:
    """Show a refusal on top of the form it answers. What the refused act had begun is undone at once, so that the
    page shows the truth and nothing of it can be committed, whatever status the view answers with (422 is right)."""
    rollback()
    form.broken_rule = error


class Required(InputRequired):  # type: ignore[misc, unused-ignore]
    """The field must be filled in, or one of its choices taken."""

    message: Any

    def __call__(self, form: Any, field: Any) -> None:
        if self.message is None:
            is_choice = isinstance(field, wtforms.SelectField)
            self.message = _l("Välj ett alternativ.") if is_choice else _l("Fyll i det här fältet.")
        if field.raw_data and str(field.raw_data[0]).isspace():  # blanks are nothing written, too
            raise StopValidation(self.message)
        super().__call__(form, field)


class TextField(StringField):  # type: ignore[misc, unused-ignore]
    """One line of text, trimmed; nothing written is None. `longest` counts characters."""

    widget = TextInput()
    lines = False

    def __init__(self, label: Any = None, validators: Any = None, *, longest: int = 200, **kwargs: Any) -> None:
        super().__init__(label, validators, **kwargs)
        self.longest = longest
        self.flags.maxlength = longest

    def _value(self) -> str:
        """What is shown: also a text that was refused, so that it can be mended and not written again."""
        if self.data is None and self.raw_data:
            return str(self.raw_data[0])
        return str(self.data or "")

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        if valuelist:
            self.data = self.accept(tidied(valuelist[0], lines=self.lines))

    def accept(self, text: str | None) -> str | None:
        """The text, or ValueError with what is wrong with it."""
        if text is not None and len(text) > self.longest:
            raise ValueError(
                _l(
                    "Skriv högst %(longest)s tecken, nu är det %(count)s.",
                    longest=self.longest,
                    count=len(text),
                )
            )
        return text


class LongTextField(TextField):
    """Several lines of text, trimmed; nothing written is None."""

    widget = TextArea()
    lines = True

    def __init__(self, label: Any = None, validators: Any = None, *, longest: int = 2000, **kwargs: Any) -> None:
        super().__init__(label, validators, longest=longest, **kwargs)


class EmailField(TextField):
    """One e-mail address (ASCII, as every mail server takes it); never with a line break in it, which would let a
    form write headers of its own into our mail."""

    widget = EmailInput()

    def __init__(self, label: Any = None, validators: Any = None, *, longest: int = 254, **kwargs: Any) -> None:
        super().__init__(label, validators, longest=longest, **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist and any(c in valuelist[0].strip() for c in "\r\n"):
            self.data = None
            raise ValueError(_l("Skriv en enda e-postadress."))
        super().process_formdata(valuelist)

    def accept(self, text: str | None) -> str | None:
        text = super().accept(text)
        if text is not None and not is_email(text):
            raise ValueError(_l("Skriv en e-postadress, till exempel namn@kommun.se."))
        return text


class ChoiceField(wtforms.SelectField):  # type: ignore[misc, unused-ignore]
    """What the fields with choices share: the choices are (value, label) pairs, given here or set by the view."""

    def __init__(self, label: Any = None, validators: Any = None, *, choices: Any = (), **kwargs: Any) -> None:
        kwargs.setdefault("invalid_choice_message", _l("Välj ett av alternativen."))
        kwargs.setdefault("invalid_value_message", _l("Välj ett av alternativen."))
        super().__init__(label, validators, **kwargs)
        self.choices = choices

    def _choices_from_input(self, choices: Any) -> list[SelectChoice]:
        """WTForms 3.4 no longer takes pairs, which are the plainest way to write a choice."""
        return [choice if isinstance(choice, SelectChoice) else SelectChoice(*choice) for choice in choices]


class SelectField(ChoiceField):
    """One of several, from a drop-down list."""


class RadioField(ChoiceField, wtforms.RadioField):  # type: ignore[misc, unused-ignore]
    """One of a few, all of them seen."""


class MultipleField(ChoiceField, wtforms.SelectMultipleField):  # type: ignore[misc, unused-ignore]
    """Any number of several, as check boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class OrganisationNumberField(Field):  # type: ignore[misc, unused-ignore]
    """A Swedish organisation number: ten digits without hyphen in, out and in the database; shown with it."""

    widget = TextInput()

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else orgnr(self.data)

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        if valuelist and valuelist[0].strip():
            try:
                self.data = organisation_number(valuelist[0])
            except ValueError:
                raise ValueError(
                    _l("Organisationsnumret stämmer inte. Det har tio siffror, till exempel 212000-2528.")
                ) from None


class DecimalField(Field):  # type: ignore[misc, unused-ignore]
    """A decimal number as people write it ("1 234,50", "12.50", "12,50 kr") as an exact Decimal; empty is None.

    places: the most decimals; min, max: the bounds, inclusive.
    """

    widget = TextInput()

    def __init__(
        self,
        label: Any = None,
        validators: Any = None,
        *,
        places: int = 2,
        min: Decimal | int | None = None,
        max: Decimal | int | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs["render_kw"] = {"inputmode": "decimal", "autocomplete": "off", **(kwargs.get("render_kw") or {})}
        super().__init__(label, validators, **kwargs)
        self.places, self.min, self.max = places, min, max

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        if self.data is None:
            return ""
        decimals = max(0, -int(self.data.normalize().as_tuple().exponent))
        return number(self.data, decimals).replace("\N{MINUS SIGN}", "-")

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        value = read_decimal(valuelist[0], self.places)
        if self.min is not None and value < self.min:
            raise ValueError(_l("Talet ska vara minst %(least)s.", least=number(self.min)))
        if self.max is not None and value > self.max:
            raise ValueError(_l("Talet får vara högst %(most)s.", most=number(self.max)))
        self.data = value


class DayField(Field):  # type: ignore[misc, unused-ignore]
    """A day, written ÅÅÅÅ-MM-DD or picked in the browser's calendar; empty is None. min, max are inclusive."""

    widget = DateInput()

    def __init__(
        self,
        label: Any = None,
        validators: Any = None,
        *,
        min: date | None = None,
        max: date | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(label, validators, **kwargs)
        self.min, self.max = min, max

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.data.isoformat() if self.data else ""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        day = read_day(valuelist[0])
        if self.min is not None and day < self.min:
            raise ValueError(_l("Datumet får vara tidigast %(first)s.", first=self.min.isoformat()))
        if self.max is not None and day > self.max:
            raise ValueError(_l("Datumet får vara senast %(last)s.", last=self.max.isoformat()))
        self.data = day


SPACES = " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}"
WRITTEN_NUMBER = re.compile(rf"(-?)([0-9]+|[0-9]{{1,3}}(?:[{SPACES}][0-9]{{3}})+)(?:([.,])([0-9]+))?")
MOST_DIGITS = 12  # before the decimals: what every fixed-point column can hold


def read_decimal(text: str, places: int) -> Decimal:
    """An exact number from what was written, with at most `places` decimals.

    Comma and point are both decimal signs, so "12,50" and "12.50" are the same. The sign that is *not* the reader's
    own, followed by three digits ("1.500" in Swedish, "1,500" in English), may as well mean thousands: refused
    rather than guessed, since a wrong guess orders a thousand times too much. Raises ValueError with the text to show.
    """
    text = text.strip().replace("\N{MINUS SIGN}", "-").removesuffix("kr").rstrip()
    match = WRITTEN_NUMBER.fullmatch(text)
    if match is None:
        example = "1\N{NO-BREAK SPACE}234,50" if places else "12"
        raise ValueError(_l("Skriv ett tal med siffror, till exempel %(example)s.", example=example))
    minus, whole, sign, decimals = match.groups()
    whole = re.sub(r"\D", "", whole).lstrip("0")
    foreign = "," if language() == "en" else "."
    if sign == foreign and len(decimals) == 3 and whole:
        raise ValueError(_l("Talet kan läsas på två sätt. Skriv det utan tusentalsavgränsare, till exempel 1234,5."))
    if len(decimals or "") > places:
        raise ValueError(
            _l("Skriv talet med högst %(places)s decimaler.", places=places) if places else _l("Skriv ett heltal.")
        )
    if len(whole) > MOST_DIGITS:
        raise ValueError(_l("Talet är för stort."))
    return Decimal(f"{minus}{whole or 0}.{decimals or 0}")


def read_day(text: str) -> date:
    """A day written ÅÅÅÅ-MM-DD or ÅÅÅÅMMDD, between 1900 and 2199. Raises ValueError with the text to show."""
    match = re.fullmatch(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})", text.strip())
    try:
        day = date(*map(int, match.groups())) if match else None
    except ValueError:
        day = None
    if day is None or not 1900 <= day.year <= 2199:
        raise ValueError(_l("Skriv ett datum som ÅÅÅÅ-MM-DD, till exempel 2026-04-01."))
    return day


def tidied(text: str, *, lines: bool = False) -> str | None:
    """Text without the characters nobody sees: composed (NFC), trimmed, no control characters (PostgreSQL takes no
    NUL, mail no line break); one line unless `lines`. None where nothing is left."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not lines:
        text = " ".join(text.split())  # some control characters are blanks, too
    kept = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    kept = unicodedata.normalize("NFC", kept)  # now, for what was between a letter and its accent is gone
    return (kept.strip() if lines else " ".join(kept.split())) or None
