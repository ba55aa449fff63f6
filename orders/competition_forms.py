"""The forms of competitions. Shape only: what holds is asked by the use cases."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FileField, HiddenField
from wtforms.validators import Length, ValidationError

from auth.organisation import Unit
from auth.user import User
from catalog.forms import PickField
from catalog.price_list import VatClass
from catalog.price_sheets import VAT_NAMES
from core.forms import (
    BaseForm,
    DayField,
    DecimalField,
    EmailField,
    LongTextField,
    Problem,
    RadioField,
    Required,
    SelectField,
    TextField,
)
from core.language import language
from exchange.units import UNITS, unit_name
from orders.actions import bidding
from orders.actions.competition import AskedLine
from orders.competition import Competition, CompetitionCriterion, CompetitionLine
from orders.evaluation import TOP_GRADE
from orders.sent_file import SentFile, sent_in

MOST_VALUE = Decimal(1_000_000_000)
LEAST_PRICE = Decimal("0.0001")
BLANK_LINES = 4  # beside those that are filled in


class RequestForm(BaseForm):
    """A request; its lines stand in forms of their own, `line-1` and on."""

    key = HiddenField(validators=[Required(), Length(max=64)])
    title = TextField(_l("Vad gäller det?"), [Required()], description=_l("Kort, som en rubrik."))
    specification = LongTextField(
        _l("Krav och beskrivning"),
        [Required()],
        longest=10_000,
        description=_l("Allt som avgör priset: krav, plats, tider, mått. Leverantörerna läser det här."),
    )
    file = FileField(
        _l("Bifoga ett dokument"), description=_l("PDF, Office, OpenDocument eller text, högst %(mb)s MB.", mb=10)
    )
    last_day = DayField(_l("Sista dag att svara"), [Required()], description=_l("Till och med klockan 23:59."))
    valid_until = DayField(
        _l("Anbuden ska gälla till och med"), [Required()], description=_l("Ta höjd för bedömning och godkännande.")
    )
    wanted_on = DayField(_l("Önskad leverans"))
    estimated_value = DecimalField(
        _l("Uppskattat värde, kronor utan moms"),
        places=2,
        min=0,
        max=MOST_VALUE,
        description=_l("Visas inte för leverantörerna."),
    )
    unit_id = SelectField(_l("För enheten"), [Required()], coerce=int)
    contact_name = TextField(_l("Vem svarar på frågor?"), [Required()])
    contact_email = EmailField(_l("Kontaktens e-postadress"), [Required()])

    def offer(self, units: Sequence[Unit]) -> None:
        self._units = {unit.id: unit for unit in units}
        self.unit_id.choices = [(unit.id, f"{unit.code} {unit.name}") for unit in units]

    @property
    def unit(self) -> Unit | None:
        return self._units.get(self.unit_id.data or 0)

    @property
    def sent_file(self) -> SentFile | None:
        return sent_in(self.file.data)

    def validate_lines(self, rows: Sequence[LineForm]) -> bool:
        """Whether the form is well formed and every line that says something, and there is one."""
        lines = [row for row in rows if not row.is_blank]
        is_sound = self.validate_all(lines, _l("Kontrollera raderna."))
        if not lines:
            self.wrong_row = Problem(rows[0].name.id, None, _l("Ange minst en rad: vad och hur många."))
        return is_sound and bool(lines)


class LineForm(BaseForm):
    """One thing that is asked for; a row without a name is no row."""

    class Meta(BaseForm.Meta):
        csrf = False  # the page's own form carries the token

    name = TextField(_l("Vad"))
    quantity = DecimalField(_l("Antal"), places=3, min=Decimal("0.001"), max=Decimal(1_000_000))
    unit_code = SelectField(_l("Enhet"), default="C62")
    vat_class = SelectField(_l("Moms"), choices=[(v.value, name) for v, name in VAT_NAMES.items()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        spoken = language()
        choices = [(code, unit_name(code, spoken, whole=True)) for code in UNITS]
        self.unit_code.choices = sorted(choices, key=lambda pair: (pair[0] != "C62", pair[1]))

    @property
    def is_blank(self) -> bool:
        said = (self.name, self.quantity)
        return not any(str(text).strip() for field in said for text in field.raw_data or ())

    def validate_name(self, field: Any) -> None:
        if not field.data:
            raise ValidationError(_l("Skriv vad ni behöver."))

    def validate_quantity(self, field: Any) -> None:
        if field.data is None:
            raise ValidationError(_l("Skriv hur många."))

    def asked(self) -> AskedLine:
        quantity, vat = self.quantity.data or Decimal(0), VatClass(self.vat_class.data)
        return AskedLine(self.name.data or "", quantity, self.unit_code.data, vat)


def line_forms(prefilled: Sequence[AskedLine], most: int) -> list[LineForm]:
    """The rows of the page: what she came with, and some empty ones."""
    count = min(most, max(len(prefilled) + BLANK_LINES, BLANK_LINES))
    forms = []
    for number in range(1, count + 1):
        line = prefilled[number - 1] if number <= len(prefilled) else None
        said = (
            {
                "name": line.name,
                "quantity": line.quantity,
                "unit_code": line.unit_code,
                "vat_class": line.vat_class.value,
            }
            if line
            else {}
        )
        forms.append(LineForm(prefix=f"line-{number}", data=said))
    return forms


def sent_line_forms(most: int) -> list[LineForm]:
    """As many rows as any page can have: those that were not on it are blank."""
    return [LineForm(prefix=f"line-{number}") for number in range(1, most + 1)]


def shown_again(rows: Sequence[LineForm]) -> Sequence[LineForm]:
    """The rows down to the last that says something, and some empty ones."""
    last = max((number for number, row in enumerate(rows, start=1) if not row.is_blank), default=0)
    return rows[: last + BLANK_LINES]


class WitnessForm(BaseForm):
    witness = PickField(_l("Den andra personen"), [Required()], nothing=None)

    def offer(self, people: Sequence[User]) -> None:
        self.witness.offer((person, person.name) for person in people)


class AbandonForm(BaseForm):
    reason = LongTextField(
        _l("Skäl"), [Required()], longest=2000, description=_l("Leverantörerna får läsa det. Skriv sakligt.")
    )


class WeighForm(BaseForm):
    """A rejection, if any; the grades stand in forms of their own, `criterion-<id>`."""

    rejected_reason = LongTextField(
        _l("Anbudet uteslutet, därför att"),
        longest=2000,
        description=_l("Bara när anbudet inte uppfyller ett ställt krav. Lämna annars tomt."),
    )


class GradeForm(BaseForm):
    class Meta(BaseForm.Meta):
        csrf = False  # the page's own form carries the token

    grade = DecimalField(_l("Betyg, 0–10"), [Required()], places=1, min=0, max=TOP_GRADE)
    reason = LongTextField(_l("Motivering"), [Required()], longest=2000)


def grade_forms(criteria: Sequence[CompetitionCriterion], known: Any) -> dict[CompetitionCriterion, GradeForm]:
    """A form for each criterion other than price; `known(criterion)` gives the score so far, or none."""
    forms = {}
    for criterion in criteria:
        if not criterion.is_price:
            score = known(criterion)
            said = {"grade": score.grade, "reason": score.reason} if score else {}
            forms[criterion] = GradeForm(prefix=f"criterion-{criterion.id}", data=said)
    return forms


class DecideForm(BaseForm):
    bid = RadioField(_l("Vinnande anbud"), [Required()], coerce=int)
    reasons = LongTextField(
        _l("Skäl till beslutet"),
        [Required()],
        longest=4000,
        description=_l("Skickas till alla som har lämnat anbud. Förklara utfallet på varje kriterium."),
    )
    standstill = BooleanField(_l("Frivillig avtalsspärr i tio dagar (LOU 20 kap. 2 §)"))

    def offer(self, bids: Sequence[tuple[int, str]]) -> None:
        self.bid.choices = list(bids)


class BidForm(BaseForm):
    """A supplier's answer; prices stand in forms of their own, `price-<id of the line>`."""

    answer = RadioField(
        _l("Ert svar"),
        [Required()],
        choices=[("bid", _l("Vi lämnar anbud")), ("decline", _l("Vi avstår, eller tar tillbaka vårt anbud"))],
        default="bid",
    )
    valid_until = DayField(_l("Anbudet gäller till och med"))
    contact = TextField(_l("Er kontaktperson"), longest=200)
    message = LongTextField(_l("Meddelande"), longest=4000)
    file = FileField(_l("Bilaga"), description=_l("En PDF, högst %(mb)s MB.", mb=5))

    @property
    def sent_file(self) -> SentFile | None:
        return sent_in(self.file.data, bidding.MOST_BYTES)

    @property
    def declines(self) -> bool:
        return bool(self.answer.data == "decline")

    def validate_prices(self, rows: dict[CompetitionLine, PriceForm]) -> bool:
        """Whether the form is well formed, and every line has its price if there is to be a bid."""
        return self.validate_all([] if self.declines else rows.values(), _l("Ange ett pris på varje rad."))


class PriceForm(BaseForm):
    class Meta(BaseForm.Meta):
        csrf = False  # the page's own form carries the token

    price = DecimalField(
        _l("Pris per enhet, kronor utan moms"), [Required()], places=4, min=LEAST_PRICE, max=MOST_VALUE
    )


def price_forms(competition: Competition) -> dict[CompetitionLine, PriceForm]:
    return {line: PriceForm(prefix=f"price-{line.id}") for line in competition.lines}
