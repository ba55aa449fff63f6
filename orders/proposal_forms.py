"""The form of the pages from which many rows go into the basket at once: lists, old orders, pasted numbers.

A row `7` sends `take=7` when it is ticked, `row-7-options` with the ids of the articles it was offered,
`row-7-article` with the one that was chosen where there were several, and `row-7-quantity`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import IntegerField
from wtforms.validators import NumberRange, Optional
from wtforms.widgets import HiddenInput

from catalog.price_list import Article
from core.forms import BaseForm, LongTextField, Required, read_decimal
from core.web import LARGEST_KEY, read_key
from orders.forms import OnceForm
from orders.proposal import MOST_CHOICES, SentRow
from orders.quick_entry import LARGEST
from orders.requisition import MOST_LINES


class TakeForm(OnceForm):
    """The head of it; `list_id` is the list that the rows come from."""

    list_id = IntegerField(validators=[Optional(), NumberRange(1, LARGEST_KEY)], widget=HiddenInput())


class QuickEntryForm(BaseForm):
    text = LongTextField(_l("Artikelnummer och antal"), [Required()], longest=20_000)


def sent_rows(data: MultiDict[str, str]) -> list[SentRow]:
    """The ticked rows of a sent page, in its order; one more than may be at most. Never raises."""
    rows = []
    for key in list(dict.fromkeys(map(read_key, data.getlist("take"))))[: MOST_LINES + 1]:
        if key is None:
            continue
        offered = data.get(f"row-{key}-options", "")[:200].split()[:MOST_CHOICES]
        options = [number for text in offered if (number := read_key(text)) is not None]
        chosen = options[0] if len(options) == 1 else read_key(data.get(f"row-{key}-article", ""))
        row = SentRow(key, options, chosen if chosen in options else None, data.get(f"row-{key}-quantity", "")[:40])
        _read_quantity(row)
        if row.chosen_id is None and row.problem is None:
            row.problem = _l("Välj en av artiklarna.")
        rows.append(row)
    return rows


def chosen_goods(rows: Sequence[SentRow], articles: Mapping[int, Article]) -> list[tuple[Article, Decimal]]:
    """Article and quantity of each row; only of rows without a problem."""
    return [(articles[row.chosen_id], row.quantity) for row in rows if row.chosen_id is not None and row.quantity]


def _read_quantity(row: SentRow) -> None:
    try:
        quantity = read_decimal(row.written, 3)
    except ValueError as error:
        row.problem = error.args[0]
        return
    if 0 < quantity <= LARGEST:
        row.quantity = quantity
    else:
        row.problem = _l("Antalet måste vara större än noll och högst en miljon.")
