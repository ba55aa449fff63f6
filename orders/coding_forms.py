"""The forms in which an organisation's administrator says how it codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField
from wtforms.validators import NumberRange, Optional

from auth.admin_forms import UnitField
from auth.organisation import Organisation
from auth.permission import Role
from auth.queries import members_of, unit_tree
from catalog.queries import categories
from core.forms import BaseForm, DayField, Required, SelectField, TextField
from core.shared_form import SharedForm
from orders.actions.coding import CodeFacts, CombinationFacts, DefaultFor, DimensionFacts
from orders.coding import LONGEST_CODE, Dimension
from orders.coding_queries import awards_selling, dimensions_of, entitled_agreements
from orders.coding_rule import CodingRule, Effect
from orders.rule_forms import CategoryField

KINDS: Mapping[str, Any] = {
    "user": _l("En person"),
    "unit": _l("En enhet"),
    "category": _l("En kategori"),
    "agreement": _l("Ett avtal"),
    "article": _l("En vara"),
}
_NOTHING = _l("– välj –")


class DimensionForm(SharedForm):
    name = TextField(_l("Namn"), [Required()], longest=40, description=_l("Till exempel Ansvar, Konto eller Projekt."))
    is_mandatory = BooleanField(_l("Måste fyllas i"))
    is_listed = BooleanField(_l("Bara koder som finns i listan"))
    code_length = IntegerField(
        _l("Antal tecken"),
        [Optional(), NumberRange(1, LONGEST_CODE)],
        description=_l("Hur långa koderna är. Tomt: olika långa."),
    )
    code_pattern = TextField(
        _l("Mönster"), description=_l("Ett reguljärt uttryck, till exempel [1-9][0-9]{4}. Tomt: alla koder duger.")
    )
    starts_on = DayField(_l("Gäller från och med"))
    ends_on = DayField(_l("Gäller till och med"))

    def facts(self) -> DimensionFacts:
        """What a valid form says."""
        return DimensionFacts(**{name: self[name].data for name in DimensionFacts.__dataclass_fields__})


class CodeForm(BaseForm):
    code = TextField(_l("Kod"), [Required()], longest=LONGEST_CODE)
    name = TextField(_l("Namn"), [Required()], longest=100)
    starts_on = DayField(_l("Gäller från och med"))
    ends_on = DayField(_l("Gäller till och med"))

    def facts(self) -> CodeFacts:
        """What a valid form says."""
        return CodeFacts(name=self.name.data or "", starts_on=self.starts_on.data, ends_on=self.ends_on.data)


class DimensionField(SelectField):
    """One of the organisation's dimensions. `picked` is it."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, [Required()], coerce=int, choices=[], **kwargs)
        self.dimensions: dict[int, Dimension] = {}

    def offer(self, dimensions: Iterable[Dimension]) -> None:
        self.dimensions = {dimension.id: dimension for dimension in dimensions}
        self.choices = [(dimension.id, dimension.name) for dimension in self.dimensions.values()]

    @property
    def picked(self) -> Dimension:
        return self.dimensions[self.data]


class CombinationForm(SharedForm):
    """An allowed combination, read as a sentence from the top to the bottom."""

    name = TextField(_l("Vad regeln heter"), [Required()], longest=60, description=_l("Namnet står i felmeddelandet."))
    if_dimension = DimensionField(_l("När koddelen"))
    from_code = TextField(_l("har en kod från"), [Required()], longest=LONGEST_CODE)
    to_code = TextField(_l("till"), longest=LONGEST_CODE, description=_l("Tomt: bara den koden."))
    effect = SelectField(_l("ska regeln"))
    then_dimension = DimensionField(_l("koddelen"))
    codes = TextField(
        _l("med någon av koderna"),
        longest=500,
        description=_l("Till exempel 410, 600-699. Tomt: vilken kod som helst."),
    )
    starts_on = DayField(_l("Gäller från och med"))
    ends_on = DayField(_l("Gäller till och med"))

    def offer(self, dimensions: Sequence[Dimension]) -> None:
        self.if_dimension.offer(dimensions)
        self.then_dimension.offer(dimensions)
        told = {Effect.ALLOWED: _l("bara tillåta"), Effect.REQUIRED: _l("kräva"), Effect.FORBIDDEN: _l("inte tillåta")}
        self.effect.choices = [(effect.value, told[effect]) for effect in Effect]

    def facts(self) -> CombinationFacts:
        """What a valid form says."""
        return CombinationFacts(
            name=self.name.data or "",
            if_dimension=self.if_dimension.picked,
            from_code=self.from_code.data or "",
            to_code=self.to_code.data or self.from_code.data or "",
            effect=Effect(self.effect.data),
            then_dimension=self.then_dimension.picked,
            codes=self.codes.data,
            starts_on=self.starts_on.data,
            ends_on=self.ends_on.data,
        )


def said_by(rule: CodingRule) -> dict[str, Any]:
    """What the form of an allowed combination is filled in with."""
    told = {name: getattr(rule, name) for name in ("name", "from_code", "to_code", "codes", "starts_on", "ends_on")}
    ids = {"if_dimension": rule.if_dimension_id, "then_dimension": rule.then_dimension_id}
    return told | ids | {"effect": rule.effect.value}


class DefaultForm(BaseForm):
    """A code to fill the till in with; each kind of thing that it may be for has a form of its own."""

    leads: tuple[str, ...] = ()  # the fields that say what it is for
    dimension = DimensionField(_l("Koddel"))
    code = TextField(_l("Kod"), [Required()], longest=LONGEST_CODE)

    def offer(self, organisation: Organisation) -> None:
        """Fill the lists with what the organisation has."""
        self.dimension.offer(dimensions_of(organisation))

    def meant(self) -> list[DefaultFor]:
        """What a valid form is about; none, and an error at the field, where nothing is chosen."""
        raise NotImplementedError

    def _nothing(self) -> list[DefaultFor]:
        self[self.leads[0]].errors = [_("Välj ett alternativ.")]
        return []


class UserDefaultForm(DefaultForm):
    leads = ("user",)
    user = SelectField(_l("Vem"), coerce=int)

    def offer(self, organisation: Organisation) -> None:
        super().offer(organisation)
        self.people = {person.id: person for person in members_of(organisation, Role.ORDERER)}
        self.user.choices = [(0, _NOTHING), *((person.id, person.name) for person in self.people.values())]

    def meant(self) -> list[DefaultFor]:
        person = self.people.get(self.user.data)
        return [DefaultFor(user=person)] if person else self._nothing()


class UnitDefaultForm(DefaultForm):
    leads = ("unit",)
    unit = UnitField(_l("Vilken enhet"), nothing=_NOTHING, description=_l("Gäller också enheterna under den."))

    def offer(self, organisation: Organisation) -> None:
        super().offer(organisation)
        self.unit.offer(unit_tree(organisation))

    def meant(self) -> list[DefaultFor]:
        return [DefaultFor(unit=self.unit.picked)] if self.unit.picked else self._nothing()


class CategoryDefaultForm(DefaultForm):
    leads = ("category",)
    category = CategoryField(_l("Vilken kategori"), description=_l("Gäller också kategorierna under den."))

    def offer(self, organisation: Organisation) -> None:
        super().offer(organisation)
        self.category.offer(categories())
        self.category.choices = [(0, _NOTHING), *self.category.choices[1:]]

    def meant(self) -> list[DefaultFor]:
        return [DefaultFor(category=self.category.picked)] if self.category.picked else self._nothing()


class AgreementDefaultForm(DefaultForm):
    leads: tuple[str, ...] = ("agreement",)
    agreement = SelectField(_l("Vilket avtal"), coerce=int)

    def offer(self, organisation: Organisation) -> None:
        super().offer(organisation)
        self.agreements = {agreement.id: agreement for agreement in entitled_agreements(organisation)}
        named = ((agreement.id, f"{agreement.number} {agreement.title}") for agreement in self.agreements.values())
        self.agreement.choices = [(0, _NOTHING), *named]

    def meant(self) -> list[DefaultFor]:
        agreement = self.agreements.get(self.agreement.data)
        return [DefaultFor(agreement=agreement)] if agreement else self._nothing()


class ArticleDefaultForm(AgreementDefaultForm):
    """An article may be sold under several awards of its agreement: then it is meant under all of them."""

    leads = ("agreement", "supplier_number")
    supplier_number = TextField(_l("Leverantörens artikelnummer"), [Required()], longest=60)

    def meant(self) -> list[DefaultFor]:
        agreement, number = self.agreements.get(self.agreement.data), self.supplier_number.data or ""
        if agreement is None:
            return self._nothing()
        awards = awards_selling(agreement, number)
        if not awards:
            self.supplier_number.errors = [_("Avtalet har ingen vara med det numret.")]
        return [DefaultFor(award=award, supplier_number=number) for award in awards]


DEFAULT_FORMS: Mapping[str, type[DefaultForm]] = {
    "user": UserDefaultForm,
    "unit": UnitDefaultForm,
    "category": CategoryDefaultForm,
    "agreement": AgreementDefaultForm,
    "article": ArticleDefaultForm,
}


class CodingExportForm(BaseForm):
    """Which orders to take out: a question in the address, so nothing is sent."""

    class Meta(BaseForm.Meta):
        csrf = False

    starts_on = DayField(_l("Beställda från och med"), [Required()])
    ends_on = DayField(_l("till och med"), [Required()])
