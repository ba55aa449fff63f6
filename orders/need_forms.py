"""The forms of the need reports. Shape only: what holds is asked by the use cases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import FileField, HiddenField
from wtforms.validators import Length, ValidationError

from auth.organisation import Unit
from catalog.category import Category
from catalog.forms import PickField
from core.clock import today
from core.forms import (
    BaseForm,
    DayField,
    DecimalField,
    LongTextField,
    OrganisationNumberField,
    RadioField,
    Required,
    SelectField,
    TextField,
)
from orders.actions.need import Asked
from orders.direct_procurement import ASKED_NAMES, LAW_NAMES, MOST_ASKED, AskedAnswer, ProcurementLaw
from orders.need import ANSWER_NAMES, NeedAnswer
from orders.sent_file import SentFile, sent_in

MOST_VALUE = Decimal(1_000_000_000)


class NeedForm(BaseForm):
    """A need. `key` is drawn when the page is shown, so that a double click makes one report."""

    key = HiddenField(validators=[Required(), Length(max=64)])
    title = TextField(_l("Vad behöver ni?"), [Required()], description=_l("Kort, som en rubrik."))
    reason = LongTextField(
        _l("Varför, och till vad?"),
        [Required()],
        description=_l("Skriv det som avgör: användning, krav, mått, vad ni har provat."),
    )
    how_much = TextField(_l("Hur mycket?"), longest=100, description=_l("Till exempel 30 stolar, eller 10 timmar."))
    estimated_value = DecimalField(_l("Ungefärligt värde, kronor utan moms"), places=2, min=0, max=MOST_VALUE)
    needed_on = DayField(_l("När behövs det?"))
    unit_id = SelectField(_l("För enheten"), coerce=int)
    category = PickField(
        _l("Kategori"),
        nothing=_l("Vet inte – välj åt mig"),
        description=_l("Avgör vem som svarar. Avrop föreslår en efter dina ord."),
    )
    file = FileField(
        _l("Bifoga en fil"), description=_l("Bild, PDF, Office, OpenDocument eller text, högst %(mb)s MB.", mb=10)
    )

    def offer(self, units: Sequence[Unit], categories: Iterable[tuple[Category, str]]) -> None:
        self._units = {unit.id: unit for unit in units}
        self.unit_id.choices = [(unit.id, f"{unit.code} {unit.name}") for unit in units] or [(0, "–")]
        self.category.offer(categories)

    def validate_needed_on(self, field: Any) -> None:
        if field.data is not None and field.data < today():
            raise ValidationError(_l("Dagen har redan varit."))

    @property
    def unit(self) -> Unit | None:
        return self._units.get(self.unit_id.data or 0)

    @property
    def files(self) -> tuple[SentFile, ...]:
        """What was sent along."""
        sent = sent_in(self.file.data)
        return (sent,) if sent else ()


class QuestionForm(NeedForm):
    """The same, asked of whoever owns the category: nothing is to be bought yet."""

    leads = ("title", "reason")
    title = TextField(_l("Vad gäller frågan?"), [Required()])
    reason = LongTextField(_l("Din fråga"), [Required()])


class PassOnForm(BaseForm):
    category = PickField(_l("Till kategorin"), [Required()], nothing=None)
    reason = TextField(_l("Varför?"), longest=500)


class AnswerForm(BaseForm):
    """How a need is met, other than by direct procurement."""

    answer = RadioField(
        _l("Svar"),
        [Required()],
        choices=[(a.value, name) for a, name in ANSWER_NAMES.items() if a is not NeedAnswer.DIRECT_PROCUREMENT],
    )
    agreement_number = TextField(
        _l("Avtalets nummer"), longest=40, description=_l("När svaret är att det finns ett avtal.")
    )
    article_number = TextField(_l("Artikelnummer på avtalet"), longest=60)
    text = LongTextField(_l("Svar till den som frågade"), description=_l("Enkla ord: vad är nästa steg?"))


class ProcurementForm(BaseForm):
    """A direct procurement; the suppliers stand in forms of their own, `supplier-1` and on."""

    category = PickField(_l("Kategori"), [Required()], nothing=None)
    law = RadioField(_l("Lag"), [Required()], choices=[(law.value, name) for law, name in LAW_NAMES.items()])
    value = DecimalField(
        _l("Värde, kronor utan moms"),
        [Required()],
        places=2,
        min=Decimal("0.01"),
        max=MOST_VALUE,
        description=_l("Hela avtalets värde, med optioner och förlängningar (LOU 5 kap. 3 §)."),
    )
    reasons = LongTextField(
        _l("Skäl"),
        longest=4000,
        description=_l("Varför direktupphandling, hur konkurrensen togs till vara och varför leverantören valdes."),
    )
    chosen = RadioField(_l("Vald leverantör"), [Required()], choices=())
    text = LongTextField(_l("Svar till den som anmälde"))

    def offer(self, categories: Iterable[tuple[Category, str]]) -> None:
        self.category.offer(categories)
        numbers = range(1, MOST_ASKED + 1)
        self.chosen.choices = [(str(n), _l("Leverantör %(number)s", number=n)) for n in numbers]

    @property
    def chosen_law(self) -> ProcurementLaw:
        """What stands in the form, or the law of most: before it is sent as well as after."""
        known = [law.value for law in ProcurementLaw]
        return ProcurementLaw(self.law.data) if self.law.data in known else ProcurementLaw.LOU

    def validate_asked(self, rows: Sequence[AskedForm]) -> bool:
        """Whether the form is well formed and every supplier's row that says something."""
        asked = [row for row in rows if not row.is_blank]
        return self.validate_all(asked, _l("Kontrollera raderna om leverantörerna."))


class CorrectionForm(BaseForm):
    """What a decided direct procurement shall say instead, and why."""

    value = DecimalField(_l("Värde, kronor utan moms"), [Required()], places=2, min=Decimal("0.01"), max=MOST_VALUE)
    supplier = TextField(_l("Vald leverantör"), [Required()], longest=200)
    organisation_number = OrganisationNumberField(_l("Organisationsnummer"))
    reasons = LongTextField(
        _l("Skäl"),
        longest=4000,
        description=_l("Varför direktupphandling, hur konkurrensen togs till vara och varför leverantören valdes."),
    )
    why = LongTextField(
        _l("Vad var fel?"), [Required()], longest=500, description=_l("Står kvar vid de tidigare uppgifterna.")
    )


class AskedForm(BaseForm):
    """One supplier that was asked; a row without a name is no row."""

    class Meta(BaseForm.Meta):
        csrf = False  # the page's own form carries the token

    name = TextField(_l("Leverantör"))
    organisation_number = OrganisationNumberField(_l("Organisationsnummer"))
    answer = SelectField(_l("Svar"), choices=[(answer.value, name) for answer, name in ASKED_NAMES.items()])
    price = DecimalField(_l("Pris utan moms"), places=2, min=0, max=MOST_VALUE)

    @property
    def is_blank(self) -> bool:
        """Whether nothing was written in the row, not even something wrong."""
        said = (self.name, self.organisation_number, self.price)
        return not any(str(text).strip() for field in said for text in field.raw_data or ())

    def validate_name(self, field: Any) -> None:
        if not field.data:
            raise ValidationError(_l("Skriv vad leverantören heter."))


def asked_forms() -> list[AskedForm]:
    return [AskedForm(prefix=f"supplier-{number}") for number in range(1, MOST_ASKED + 1)]


def asked_of(rows: Sequence[AskedForm], chosen: str) -> list[Asked]:
    """The suppliers of the rows that are filled in; `chosen` is the number of a row, from 1."""
    return [
        Asked(
            name=row.name.data,
            organisation_number=row.organisation_number.data,
            answer=AskedAnswer(row.answer.data),
            price=row.price.data,
            is_chosen=str(number) == chosen,
        )
        for number, row in enumerate(rows, start=1)
        if row.name.data
    ]
