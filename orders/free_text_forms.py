"""The form of free text. Shape only: what the award allows is asked by the use case."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FileField, HiddenField
from wtforms.validators import Length, ValidationError

from catalog.agreement import FREE_TEXT_PRICE_NAMES, Award, FreeTextPrice
from catalog.price_list import VatClass
from catalog.price_sheets import VAT_NAMES
from core.clock import today
from core.forms import BaseForm, DayField, DecimalField, LongTextField, RadioField, Required, SelectField, TextField
from core.language import language
from exchange.units import UNITS, unit_name
from orders.actions.free_text import FreeTextFacts
from orders.forms import LEAST, MOST, OnceForm
from orders.free_text import HOUR
from orders.sent_file import sent_in

LEAST_PRICE = Decimal("0.0001")
MOST_PRICE = Decimal(100_000_000)


class FreeTextForm(BaseForm):
    """Something that stands in no price list. `key` is drawn when the page is shown: a double click states it once."""

    key = HiddenField(validators=[Required(), Length(max=64)])
    name = TextField(_l("Vad ska beställas?"), [Required()], description=_l("Kort: så heter raden på beställningen."))
    description = LongTextField(
        _l("Beskrivning"), longest=1000, description=_l("Det leverantören behöver veta. Skriv inga personuppgifter.")
    )
    price_kind = RadioField(_l("Vad bygger priset på?"), [Required()])
    quantity = DecimalField(_l("Antal, eller timmar"), [Required()], places=3, min=LEAST, max=MOST)
    unit_code = SelectField(_l("Enhet"), default="C62")
    price = DecimalField(
        _l("Pris för en enhet, kronor utan moms"), [Required()], places=4, min=LEAST_PRICE, max=MOST_PRICE
    )
    mark_up = DecimalField(_l("Påslag på listpriset, procent"), places=2, min=0, max=Decimal(1000))
    vat_class = SelectField(_l("Moms"), choices=[(v.value, name) for v, name in VAT_NAMES.items()])
    file = FileField(
        _l("Offert eller annat underlag"),
        description=_l("Bild, PDF, Office, OpenDocument eller text, högst %(mb)s MB.", mb=10),
    )
    is_file_sent = BooleanField(_l("Skicka underlaget till leverantören med beställningen"))

    def offer(self, award: Award) -> None:
        """What the award allows."""
        prices: Collection[FreeTextPrice] = award.free_text_prices
        self.price_kind.choices = [(price.value, FREE_TEXT_PRICE_NAMES[price]) for price in prices]
        spoken = language()
        units = [(code, unit_name(code, spoken, whole=True)) for code in UNITS]
        self.unit_code.choices = sorted(units, key=lambda pair: (pair[0] != "C62", pair[1]))
        if not self.is_submitted() and prices:
            first = next(iter(prices))
            self.price_kind.data = first.value
            if first is FreeTextPrice.HOURLY:
                self.unit_code.data, self.price.data = HOUR, award.free_text_rate
            self.mark_up.data = award.free_text_mark_up

    def validate_mark_up(self, field: Any) -> None:
        if self.price_kind.data == FreeTextPrice.MARK_UP.value and field.data is None:
            raise ValidationError(_l("Skriv påslaget, 0 om det inte är något."))

    def facts(self) -> FreeTextFacts:
        kind = FreeTextPrice(self.price_kind.data)
        return FreeTextFacts(
            key=self.key.data,
            name=self.name.data or "",
            description=self.description.data,
            quantity=self.quantity.data or Decimal(0),
            unit_code=self.unit_code.data,
            price=self.price.data or Decimal(0),
            price_kind=kind,
            mark_up=self.mark_up.data if kind is FreeTextPrice.MARK_UP else None,
            vat_class=VatClass(self.vat_class.data),
            file=sent_in(self.file.data),
            is_file_sent=bool(self.is_file_sent.data),
        )


class BlanketForm(BaseForm):
    """A blanket order: what may be drawn, from when to when, and for how much at most."""

    key = HiddenField(validators=[Required(), Length(max=64)])
    name = TextField(_l("Vad får avropas?"), [Required()], description=_l("Kort: så heter raden på beställningen."))
    description = LongTextField(
        _l("Beskrivning"),
        [Required()],
        longest=1000,
        description=_l("Vad som ingår, vad priset bygger på, och hur ni avropar. Skriv inga personuppgifter."),
    )
    starts_on = DayField(_l("Från och med"), [Required()])
    ends_on = DayField(_l("Till och med"), [Required()])
    cap = DecimalField(
        _l("Högsta belopp, kronor utan moms"), [Required()], places=2, min=Decimal("0.01"), max=MOST_PRICE
    )
    vat_class = SelectField(_l("Moms"), choices=[(v.value, name) for v, name in VAT_NAMES.items()])
    file = FileField(
        _l("Offert eller annat underlag"),
        description=_l("Bild, PDF, Office, OpenDocument eller text, högst %(mb)s MB.", mb=10),
    )
    is_file_sent = BooleanField(_l("Skicka underlaget till leverantören med beställningen"))

    def validate_ends_on(self, field: Any) -> None:
        if field.data and self.starts_on.data and field.data < self.starts_on.data:
            raise ValidationError(_l("Sista dagen ligger före första dagen."))

    def facts(self) -> FreeTextFacts:
        first, last = self.starts_on.data or today(), self.ends_on.data or today()
        return FreeTextFacts(
            key=self.key.data,
            name=self.name.data or "",
            description=self.description.data,
            quantity=Decimal(1),
            price=self.cap.data or Decimal(0),
            price_kind=FreeTextPrice.ESTIMATE,
            vat_class=VatClass(self.vat_class.data),
            file=sent_in(self.file.data),
            is_file_sent=bool(self.is_file_sent.data),
            period=(first, last),
        )


class DrawForm(OnceForm):
    """What came of a blanket order."""

    amount = DecimalField(
        _l("Belopp, kronor utan moms"),
        [Required()],
        places=2,
        min=-MOST_PRICE,
        max=MOST_PRICE,
        description=_l("Skriv minus framför för att rätta något som antecknats fel."),
    )
    came_on = DayField(_l("När kom det?"), [Required()])
    note = TextField(
        _l("Vad kom?"), longest=500, description=_l("Till exempel följesedelns nummer. Behövs när du rättar.")
    )
