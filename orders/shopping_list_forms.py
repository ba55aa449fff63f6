"""The forms of the shopping lists. Shape only: what holds is asked by the use cases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField
from wtforms.validators import Optional, ValidationError

from auth.organisation import DeliveryAddress, Unit
from core.forms import BaseForm, DecimalField, RadioField, Required, SelectField, TextField
from orders.actions.shopping_list import ListTerms
from orders.forms import LEAST, MOST, OnceForm
from orders.shopping_list import SHARING_NAMES, Sharing, ShoppingList, ShoppingListLine

NONE = 0  # the choice of nothing


class ListForm(OnceForm):
    """The head of a list."""

    name = TextField(_l("Listans namn"), [Required()], longest=100)
    sharing = RadioField(
        _l("Vem ska se listan?"),
        [Required()],
        choices=[(sharing.value, name) for sharing, name in SHARING_NAMES.items()],
        default=Sharing.PRIVATE.value,
    )
    unit_id = SelectField(_l("Enhet att dela med"), coerce=int, default=NONE)
    order_unit_id = SelectField(_l("Beställ för"), coerce=int, default=NONE)
    address_id = SelectField(_l("Leverera till"), coerce=int, default=NONE)
    buyer_reference = TextField(_l("Er referens (står på fakturan)"), longest=60)
    accounting_cost: TextField | None = TextField(_l("Kontering"), longest=100)

    def offer(
        self,
        units: Sequence[Unit],
        addresses: Sequence[DeliveryAddress],
        kept: ShoppingList | None,
        *,
        is_coded: bool,
    ) -> None:
        """Fill the drop-downs: her units, the organisation's addresses, and what the list has already. `is_coded`:
        the organisation codes by dimensions at the till, and has no use for a free text."""
        if is_coded:
            del self.accounting_cost
        own = {unit.id: unit for unit in units}
        shared = {**own, **({kept.unit.id: kept.unit} if kept and kept.unit else {})}
        ordered = {**own, **({kept.order_unit.id: kept.order_unit} if kept and kept.order_unit else {})}
        places = {address.id: address for address in addresses}
        if kept and kept.address:
            places.setdefault(kept.address.id, kept.address)
        self._units, self._addresses = {**shared, **ordered}, places
        self.unit_id.choices = _named(shared.values()) or [(NONE, "–")]
        self.order_unit_id.choices = [(NONE, _l("Fråga i kassan")), *_named(ordered.values())]
        self.address_id.choices = [
            (NONE, _l("Fråga i kassan")),
            *((address.id, f"{address.name}, {address.street}, {address.city}") for address in places.values()),
        ]
        if self.unit_id.data == NONE and shared:
            self.unit_id.data = next(iter(shared))

    def validate_lines(self, rows: Iterable[LineForm]) -> bool:
        """Whether the head is well formed and every line that stays."""
        return self.validate_all([row for row in rows if not row.remove.data], _l("Kontrollera de markerade raderna."))

    @property
    def remembers(self) -> bool:
        """Whether it says anything for the till, so that this part of the page stands open."""
        said = (self.order_unit_id, self.address_id, self.buyer_reference, self.accounting_cost)
        return any(field.data or field.errors for field in said if field)

    def terms(self) -> ListTerms:
        return ListTerms(
            name=self.name.data or "",
            sharing=Sharing(self.sharing.data),
            unit=self._units.get(self.unit_id.data),
            order_unit=self._units.get(self.order_unit_id.data),
            address=self._addresses.get(self.address_id.data),
            buyer_reference=self.buyer_reference.data,
            accounting_cost=self.accounting_cost.data if self.accounting_cost else None,
        )


class PutForm(OnceForm):
    """An article onto one of her lists, or onto a new one."""

    quantity = DecimalField(_l("Antal"), [Required()], places=3, min=LEAST, max=MOST)
    list_id = RadioField(_l("Lista"), [Required()], coerce=int)
    name = TextField(_l("Namn på den nya listan"), longest=100)

    def offer(self, lists: Iterable[ShoppingList]) -> None:
        self.list_id.choices = [*((kept.id, kept.name) for kept in lists), (NONE, _l("En ny lista"))]
        if self.list_id.data is None:
            self.list_id.data = self.list_id.choices[0][0]

    def validate_name(self, field: TextField) -> None:
        if self.list_id.data == NONE and not field.data:
            raise ValidationError(_l("Skriv vad den nya listan ska heta."))


class LineForm(BaseForm):
    """The part of the edit page that is about one line."""

    class Meta(BaseForm.Meta):
        csrf = False  # the page's own form carries the token

    quantity = DecimalField(_l("Antal"), [Required()], places=3, min=LEAST, max=MOST)
    remove = BooleanField(_l("Ta bort"), validators=[Optional()])


def line_form(line: ShoppingListLine) -> LineForm:
    return LineForm(prefix=f"line-{line.id}", data={"quantity": line.quantity})


def arranged(
    rows: Sequence[tuple[ShoppingListLine, LineForm]], move: str
) -> tuple[list[ShoppingListLine], dict[int, Decimal]]:
    """What a sent edit page says: the lines in their new order, without those to remove, and quantities by line id.

    `move` is the button that was pressed: "12:up" or "12:down", or nothing.
    """
    lines = [line for line, row in rows if not row.remove.data]
    quantities = {line.id: row.quantity.data for line, row in rows if row.quantity.data is not None}
    key, _colon, way = move.partition(":")
    at = next((place for place, line in enumerate(lines) if str(line.id) == key), None)
    if at is not None and way in ("up", "down"):
        to = at - 1 if way == "up" else at + 1
        if 0 <= to < len(lines):
            lines[at], lines[to] = lines[to], lines[at]
    return lines, quantities


def _named(units: Iterable[Unit]) -> list[tuple[int, str]]:
    return [(unit.id, f"{unit.code} {unit.name}") for unit in units]
