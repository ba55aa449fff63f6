"""Forms of those who bring price lists in, and of the agreement's price rule."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _l
from wtforms import FileField

from catalog.actions.price_index import IndexFacts
from catalog.actions.price_rule import PriceRuleFacts
from catalog.forms import VersionedForm, amount_field
from core.forms import BaseForm, DayField, DecimalField, LongTextField, Required, TextField


class PriceFileForm(BaseForm):
    file = FileField(
        _l("Prislista"), description=_l("CSV, XLSX, XLS, ODS eller Peppolkatalog (XML), högst 20 MB och 100 000 rader.")
    )
    effective_from = DayField(_l("Gäller från"), [Required()])

    @property
    def first_day(self) -> date:
        assert self.effective_from.data  # required by the form
        return self.effective_from.data  # type: ignore[no-any-return, unused-ignore]


class RefuseForm(BaseForm):
    """Why rows of a price list are refused; which ones stands beside it."""

    reason = TextField(_l("Skäl att avböja"), longest=500)


class ColumnsForm(BaseForm):
    """What each column of a file holds: the fields stand in the table of samples, `column-0` and on."""


class IndexForm(VersionedForm):
    """A reading of the index that the agreement's clause names."""

    series = TextField(_l("Index"), [Required()], longest=200, description=_l("Till exempel SCB KPI, 1980=100."))
    base_period = TextField(_l("Basmånad"), [Required()], longest=40, description=_l("Då dagens priser sattes."))
    base_value = DecimalField(_l("Bastal"), [Required()], places=3, min=0, max=1_000_000)
    period = TextField(_l("Månad nu"), [Required()], longest=40)
    value = DecimalField(_l("Indextal nu"), [Required()], places=3, min=0, max=1_000_000)
    source = TextField(_l("Källa"), [Required()], longest=300, description=_l("Var talen står, till exempel scb.se."))
    read_on = DayField(_l("Avläst"), [Required()])

    def facts(self) -> IndexFacts:
        return IndexFacts(**{name: self[name].data for name in IndexFacts.__dataclass_fields__})


class PriceRuleForm(VersionedForm):
    index_clause = LongTextField(
        _l("Vad avtalet säger om prisjustering"),
        longest=500,
        description=_l("Index, månader och var det står, till exempel KPI oktober–oktober, avtalet punkt 7.2."),
    )
    raises_from = DayField(
        _l("Priser får höjas från"), description=_l("En lista som gäller tidigare än så får inte höja något pris.")
    )
    largest_raise = DecimalField(
        _l("Största höjning av ett pris, procent"),
        places=2,
        min=0,
        max=1000,
        description=_l(
            "Högre höjningar stoppas tills raderna är avböjda, också när flera listor inom tolv månader tillsammans"
            " höjer ett pris mer. Avrundning till hela ören tillåts."
        ),
    )
    limit_percent = DecimalField(_l("Ett pris ändras mer än, procent"), places=2, min=0, max=10_000)
    limit_share = DecimalField(
        _l("Så stor del av raderna ändras, procent"),
        places=2,
        min=0,
        max=100,
        description=_l("Av alla artiklar som finns i den gamla eller den nya listan."),
    )
    limit_effect = amount_field(_l("Ändringarna gör mer om året än, kr"))
    reason = LongTextField(
        _l("Skäl"), longest=500, description=_l("Behövs när regeln blir mindre sträng. Den som ska godkänna läser det.")
    )

    def facts(self) -> PriceRuleFacts:
        return PriceRuleFacts(**{name: self[name].data for name in PriceRuleFacts.__dataclass_fields__})
