"""The forms of the road. Shape only: who may and what holds is asked by the use cases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from hashlib import sha256
from secrets import token_urlsafe
from typing import Self

from flask import request
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FileField, HiddenField, IntegerField
from wtforms.validators import Length, NumberRange, Optional, ValidationError
from wtforms.widgets import HiddenInput

from auth.forms import PersonField
from auth.organisation import DeliveryAddress, Unit
from auth.user import User
from core.clock import STOCKHOLM, today
from core.forms import (
    BaseForm,
    DayField,
    DecimalField,
    LongTextField,
    MultipleField,
    RadioField,
    Required,
    SelectField,
    TextField,
)
from orders.actions.receipt import Received
from orders.order import OrderLine
from orders.ranking import CHANNELS
from orders.receipt import DEVIATION_NAMES, Deviation
from orders.requisition import RequisitionLine
from orders.sent_file import SentFile, sent_in

MOST = Decimal(1_000_000)
LEAST = Decimal("0.001")
CLOCK = re.compile(r"([01]?[0-9]|2[0-3])[:.][0-5][0-9]")


class OnceForm(BaseForm):
    """What it asks for is done once, however often its button is pressed: `key` is drawn when the page is shown."""

    key = HiddenField(validators=[Length(max=43)], filters=[lambda key: key or token_urlsafe(24)])

    def key_of(self, user: User) -> str:
        """The key, made hers: nobody finds what another one has made with it."""
        return f"{user.id}:{self.key.data}"

    def print_of(self, user: User) -> str:
        """The key with all that the form says: who goes back in her browser and says something else means it."""
        said = sorted(request.form.items(multi=True))
        return sha256(repr((self.key_of(user), request.path, said)).encode()).hexdigest()


class AddLineForm(BaseForm):
    article_id = IntegerField(validators=[Required(), NumberRange(1, 2**31 - 1)], widget=HiddenInput())
    quantity = DecimalField(_l("Antal"), [Required()], places=3, min=LEAST, max=MOST)
    next = HiddenField(validators=[Optional()])


class ChangeLineForm(BaseForm):
    quantity = DecimalField(_l("Antal"), [Required()], places=3, min=LEAST, max=MOST)
    note = TextField(_l("Notering till leverantören"), longest=200)


class StateGroundForm(BaseForm):
    ground = RadioField(_l("Varför väljer du den här leverantören?"), [Required()])

    def offer(self, grounds: Sequence[str]) -> None:
        self.ground.choices = [(ground, ground) for ground in grounds]


class OwnGroundForm(BaseForm):
    """Dynamic ranking where totals cannot be compared: why, in her own words."""

    ground = LongTextField(_l("Hur har du jämfört?"), [Required(), Length(min=10)], longest=500)


class NoteRefusalForm(BaseForm):
    """What a better-placed supplier answered."""

    answer = RadioField(
        _l("Vad svarade leverantören?"),
        [Required()],
        choices=[("declined", _l("Kan inte leverera")), ("silent", _l("Svarade inte i tid"))],
    )
    asked_on = DayField(_l("Tillfrågad den"), [Required()])
    asked_time = TextField(_l("Klockan"), [Required()], longest=5, description=_l("Till exempel 09:30."))
    channel = SelectField(_l("Hur frågade du?"), [Required()], choices=list(CHANNELS.items()))
    reason = LongTextField(_l("Vad sa de? Skriv så att en revisor förstår."), [Required()], longest=500)
    file = FileField(
        _l("Bifoga svaret eller frågan"),
        description=_l("Till exempel brevet som PDF. PDF, bild, Office, OpenDocument eller text, högst 10 MB."),
    )

    def validate_asked_time(self, field: TextField) -> None:
        if CLOCK.fullmatch(field.data or "") is None:
            raise ValidationError(_l("Skriv klockslaget som 09:30."))

    @property
    def asked_at(self) -> datetime:
        """The instant that was said, in Swedish time. Of a form that is valid."""
        hours, minutes = re.split("[:.]", self.asked_time.data or "")
        return datetime.combine(self.asked_on.data or today(), time(int(hours), int(minutes)), STOCKHOLM).astimezone(
            UTC
        )

    @property
    def sent_file(self) -> SentFile | None:
        return sent_in(self.file.data)


class CheckoutForm(OnceForm):
    """The one page of the till."""

    unit_id = SelectField(_l("Beställ för"), [Required()], coerce=int)
    address_id = SelectField(_l("Leverera till"), [Required()], coerce=int)
    wanted_on = DayField(_l("Önskad leveransdag"), [Optional()])
    buyer_reference = TextField(_l("Er referens (står på fakturan)"), longest=60)
    accounting_cost = TextField(_l("Kontering"), longest=100)
    message_to_approver = LongTextField(_l("Meddelande till den som ska godkänna"), longest=1000)
    message_to_supplier = LongTextField(_l("Meddelande till leverantören"), longest=1000)
    is_emergency = BooleanField(_l("Nödbeställning: beställ nu, godkänn efteråt"))
    emergency_reason = LongTextField(_l("Varför kan det inte vänta på ett godkännande?"), longest=500)

    def validate_emergency_reason(self, field: LongTextField) -> None:
        if self.is_emergency.data and not field.data:
            raise ValidationError(_l("Skriv varför det inte kan vänta."))

    def offer(self, units: Sequence[Unit], addresses: Sequence[DeliveryAddress], *, reset: bool = False) -> Unit | None:
        """Fill the lists; returns the chosen unit, by default the first.

        The unit's own addresses stand first, then those of the units below and above it. `reset`: take its own.
        """
        self.unit_id.choices = [(unit.id, f"{unit.code} {unit.name}") for unit in units]
        chosen = next((unit for unit in units if unit.id == self.unit_id.data), units[0] if units else None)
        nearest = sorted(addresses, key=lambda address: _distance(address.unit, chosen))
        self.address_id.choices = [
            (address.id, f"{address.name}, {address.street}, {address.city}") for address in nearest
        ]
        if nearest and (reset or self.address_id.data is None):
            self.address_id.data = nearest[0].id
        return chosen

    def validate_wanted_on(self, field: DayField) -> None:
        if field.data is not None and field.data < today():
            raise ValidationError(_l("Dagen har redan varit. Välj en dag från och med i dag."))


def _distance(unit: Unit, chosen: Unit | None) -> int:
    """How far from the chosen unit an address lies: its own, in its branch, above it, elsewhere."""
    if chosen is None or unit.id == chosen.id:
        return 0
    if unit.is_within(chosen):
        return 1
    return 2 if chosen.is_within(unit) else 3


class DaysForm(BaseForm):
    """From which day to which: this year so far, where neither is said. A GET form, so no token."""

    class Meta(BaseForm.Meta):
        csrf = False

    first = DayField(_l("Från och med"))
    last = DayField(_l("Till och med"))

    @classmethod
    def of_address(cls) -> Self:
        """The form as the address has it, not validated."""
        day = today()
        return cls(formdata=request.args or None, data={"first": date(day.year, 1, 1), "last": day})

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day; those of this year so far where none can be read."""
        return self.first.data or date(today().year, 1, 1), self.last.data or today()


class DecideForm(BaseForm):
    """The three answers; `seen_hash` is the content that was on the page."""

    seen_hash = HiddenField(validators=[Required(), Length(max=64)])
    decision = TextField(validators=[Required()])  # the button that was pressed
    refused = MultipleField(_l("Avslå enskilda rader"), coerce=int)  # when the rest is approved
    comment = LongTextField(_l("Kommentar"), longest=1000)

    def offer(self, lines: Iterable[RequisitionLine]) -> None:
        self.refused.choices = [(line.id, line.name) for line in lines]


class ReasonForm(BaseForm):
    reason = LongTextField(_l("Skäl"), [Required()], longest=500)


class ReassignForm(ReasonForm):
    """Who decides instead, and why."""

    leads = ("person",)
    person = PersonField(_l("Vem ska besluta?"))


class ReceiveForm(OnceForm):
    """The head of a receipt; the lines come as `quantity-<id>`, `deviation-<id>` and `note-<id>`."""

    note = LongTextField(_l("Anteckning om leveransen"), longest=500)

    def validate_lines(self, rows: Iterable[ReceiveLineForm]) -> bool:
        """Whether the head is well formed and every line."""
        return self.validate_all(rows, _l("Kontrollera de markerade raderna."))


class ReceiveLineForm(BaseForm):
    class Meta(BaseForm.Meta):
        csrf = False  # the page's own form carries the token

    quantity = DecimalField(_l("Antal som kom"), [Optional()], places=3, min=-MOST, max=MOST)
    deviation = SelectField(
        _l("Avvikelse"),
        choices=[(deviation.value, name) for deviation, name in DEVIATION_NAMES.items()],
        default=Deviation.NONE.value,
    )
    note = TextField(_l("Kommentar"), longest=500)

    def received(self) -> Received:
        return Received(self.quantity.data or Decimal(0), Deviation(self.deviation.data), self.note.data)


def receive_line_form(line: OrderLine, left: Decimal) -> ReceiveLineForm:
    """The part of the receipt page that is about one line; suggests what is still awaited."""
    return ReceiveLineForm(prefix=f"line-{line.id}", data={"quantity": max(left, Decimal(0)) or None})
