"""Forms of those who manage suppliers, categories and agreements. They check shape; the use cases check rules."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FileField, IntegerField
from wtforms.validators import NumberRange, Optional, ValidationError
from wtforms.widgets import HiddenInput, TextInput

from auth.organisation import Organisation, OrganisationKind
from auth.user import User
from catalog.actions.agreement import AgreementFacts, Decision
from catalog.actions.category import CategoryFacts
from catalog.actions.lot import AwardFacts, LotFacts
from catalog.actions.supplier import SupplierFacts
from catalog.actions.synonym import SynonymFacts
from catalog.agreement import METHOD_NAMES, Agreement, CallOffMethod, FollowUpClass, LegalRegime, Lot
from catalog.category import Category
from catalog.supplier import Channel, Supplier
from catalog.synonym import LONGEST as LONGEST_SYNONYM
from core.forms import (
    BaseForm,
    DayField,
    DecimalField,
    EmailField,
    LongTextField,
    MultipleField,
    OrganisationNumberField,
    Required,
    SelectField,
    TextField,
)
from core.web import orgnr

REGIME_NAMES = {
    LegalRegime.LOU: _l("LOU, över tröskelvärdet"),
    LegalRegime.LOU_19: _l("LOU 19 kap., under tröskelvärdet"),
    LegalRegime.LUF: _l("LUF, försörjningssektorn"),
    LegalRegime.EXTERNAL: _l("någon annans ramavtal"),
}
CLASS_NAMES = {
    FollowUpClass.A: _l("A – viktigast, tre möten om året"),
    FollowUpClass.B: _l("B"),
    FollowUpClass.C: _l("C – vid behov"),
}
CHANNEL_NAMES = {Channel.EMAIL: _l("e-post"), Channel.PEPPOL: _l("Peppol")}
MOST = Decimal(100_000_000_000)


def amount_field(label: Any, **kwargs: Any) -> DecimalField:
    """An amount in SEK excl. VAT."""
    return DecimalField(label, places=2, min=0, max=MOST, **kwargs)


class PickField(SelectField):
    """One of some things, or none. `data` is its id (0 for none), `picked` the thing. Where `nothing` is None one must
    be chosen: none of several is chosen beforehand, lest the first of the alphabet be taken unseen."""

    def __init__(self, label: Any, validators: Any = None, *, nothing: Any = "–", **kwargs: Any) -> None:
        super().__init__(label, validators, coerce=int, choices=[], **kwargs)
        self.nothing = nothing
        self.things: dict[int, Any] = {}

    def offer(self, things: Iterable[tuple[Any, str]]) -> None:
        """Pairs of a thing and what it is called."""
        pairs = list(things)
        self.things = {thing.id: thing for thing, _name in pairs}
        self.choices = [(thing.id, name) for thing, name in pairs]
        if self.nothing is not None:
            self.choices.insert(0, (0, self.nothing))
        elif len(pairs) > 1:
            self.choices.insert(0, (0, _l("– välj –")))

    @property
    def picked(self) -> Any:
        return self.things.get(self.data or 0)

    def pre_validate(self, form: Any) -> None:
        super().pre_validate(form)
        if self.nothing is None and self.picked is None:
            raise ValidationError(_l("Välj ett alternativ."))

    def take_pick(self) -> bool:
        """Whether a suggestion was clicked, which chooses it and does no more: the form is shown again."""
        pick = request.form.get("pick", type=int)
        if pick is not None and pick in self.things:
            self.data = pick
        return pick is not None


class VersionedForm(BaseForm):
    """A form that knows which version of the thing it was made from."""

    version = IntegerField(validators=[Optional()], widget=HiddenInput())  # empty for what is not there yet

    @property
    def seen(self) -> int:
        """The version on the page she worked from; one that never was where the field is missing."""
        return self.version.data or 0


class ReasonForm(VersionedForm):
    """Why something is done."""

    reason = LongTextField(_l("Skäl"), [Required()], longest=500)


class SupplierForm(VersionedForm):
    name = TextField(_l("Namn"), [Required()], longest=200)
    organisation_number = OrganisationNumberField(_l("Organisationsnummer"), [Required()])
    order_email = EmailField(
        _l("E-post för beställningar"), description=_l("Hit skickas beställningarna. Helst en gemensam adress.")
    )
    contact_name = TextField(_l("Kontaktperson"), longest=200)
    phone = TextField(_l("Telefon"), longest=40)
    street = TextField(_l("Gatuadress"), longest=200)
    postal_code = TextField(_l("Postnummer"), longest=10)
    city = TextField(_l("Ort"), longest=100)
    channel = SelectField(
        _l("Beställningar skickas med"), choices=[(c.value, name) for c, name in CHANNEL_NAMES.items()]
    )
    peppol_scheme = SelectField(
        _l("Peppol-id, typ"),
        choices=[("", "–"), ("0007", _l("0007 organisationsnummer")), ("0088", _l("0088 GLN"))],
        validators=[Optional()],
    )
    peppol_id = TextField(_l("Peppol-id, nummer"), longest=35)

    def facts(self, country: str = "SE") -> SupplierFacts:
        return SupplierFacts(
            organisation_number=self.organisation_number.data or "",
            name=self.name.data or "",
            order_email=self.order_email.data,
            contact_name=self.contact_name.data,
            phone=self.phone.data,
            street=self.street.data,
            postal_code=self.postal_code.data,
            city=self.city.data,
            country=country,
            channel=Channel(self.channel.data),
            peppol_scheme=self.peppol_scheme.data or None,
            peppol_id=self.peppol_id.data,
        )


class CategoryForm(BaseForm):
    name = TextField(_l("Namn"), [Required()], longest=200)
    name_en = TextField(_l("Namn på engelska"), longest=200)
    code = TextField(_l("Kod"), [Required()], longest=20)
    cpv = TextField(_l("CPV"), longest=8, description=_l("De första två till åtta siffrorna, till exempel 30197."))
    parent = PickField(_l("Ligger under"), nothing=_l("överst i trädet"))
    owner = PickField(_l("Kategoriägare"), nothing=_l("ingen"))
    is_closed = BooleanField(
        _l("Stängd för beställning"),
        description=_l("För det som inte får beställas här, till exempel av säkerhetsskäl."),
    )

    def facts(self) -> CategoryFacts:
        return CategoryFacts(
            code=self.code.data or "",
            name=self.name.data or "",
            name_en=self.name_en.data,
            parent=self.parent.picked,
            cpv=self.cpv.data,
            owner=self.owner.picked,
            is_closed=self.is_closed.data,
        )


class AgreementForm(VersionedForm):
    title = TextField(_l("Namn"), [Required()], longest=200)
    summary = LongTextField(
        _l("Vad avtalet omfattar"),
        longest=4000,
        description=_l("Några meningar med vanliga ord. Det är den här texten medarbetarna hittar."),
    )
    how_to_order = LongTextField(_l("Så beställer du"), longest=4000)
    category = PickField(_l("Kategori"), nothing=_l("ingen"))
    responsible = PickField(_l("Ansvarig"), nothing=_l("ingen utsedd"))
    number = TextField(_l("Avtalsnummer"), [Required()], longest=40)
    registry_number = TextField(_l("Diarienummer"), longest=60)
    owner = PickField(_l("Ägs av"), [Required()], nothing=None)
    legal_regime = SelectField(_l("Upphandlat enligt"), choices=[(r.value, n) for r, n in REGIME_NAMES.items()])
    starts_on = DayField(_l("Första dag"), [Required()])
    ends_on = DayField(_l("Sista dag"), [Required()], description=_l("Utan förlängningar som inte är använda."))
    notice_on = DayField(_l("Uppsägning senast"))
    delivers_after_end = BooleanField(_l("Leverans efter sista dagen är tillåten"))
    reason = LongTextField(
        _l("Skäl för lång avtalstid"),
        longest=1000,
        description=_l("Behövs över fyra år (LOU 7 kap. 2 §), åtta år enligt LUF."),
    )
    price_terms = LongTextField(
        _l("Prisvillkor"), longest=2000, description=_l("Till exempel när och hur priser justeras.")
    )
    payment_terms = TextField(_l("Betalningsvillkor"), [Required()], longest=100)
    follow_up_class = SelectField(_l("Uppföljningsklass"), choices=[(c.value, n) for c, n in CLASS_NAMES.items()])

    def offer(
        self, owners: Iterable[Organisation], responsibles: Iterable[User], tree: Iterable[tuple[int, Category]]
    ) -> None:
        self.owner.offer((o, o.name) for o in owners)
        self.responsible.offer((u, u.name) for u in responsibles)
        self.category.offer(indented(tree))

    def show(self, agreement: Agreement) -> None:
        """Fill in what stands now; only for a page that is shown for the first time."""
        self.owner.data = agreement.owner_id
        self.responsible.data = agreement.responsible_id or 0
        self.category.data = agreement.category_id or 0
        self.legal_regime.data = agreement.legal_regime.value
        self.follow_up_class.data = agreement.follow_up_class.value

    def facts(self) -> AgreementFacts:
        assert self.starts_on.data and self.ends_on.data  # required by the form
        return AgreementFacts(
            number=self.number.data or "",
            registry_number=self.registry_number.data,
            title=self.title.data or "",
            summary=self.summary.data,
            how_to_order=self.how_to_order.data,
            owner=self.owner.picked,
            responsible=self.responsible.picked,
            category=self.category.picked,
            legal_regime=LegalRegime(self.legal_regime.data),
            starts_on=self.starts_on.data,
            ends_on=self.ends_on.data,
            notice_on=self.notice_on.data,
            delivers_after_end=self.delivers_after_end.data,
            price_terms=self.price_terms.data,
            payment_terms=self.payment_terms.data or "",
            follow_up_class=FollowUpClass(self.follow_up_class.data),
        )


class LotForm(VersionedForm):
    number = TextField(_l("Nummer"), [Required()], longest=20)
    title = TextField(_l("Namn"), [Required()], longest=200)
    category = PickField(_l("Kategori"), nothing=_l("samma som avtalet"))
    method = SelectField(_l("Avropsordning"), choices=[(m.value, n) for m, n in METHOD_NAMES.items()])
    clause = TextField(
        _l("Var i avtalet står det?"), [Required()], longest=200, description=_l("Till exempel Avtalet punkt 4.2.")
    )
    competition_above = amount_field(
        _l("Förnyad konkurrens över, kr exkl. moms"), description=_l("Tomt om det inte finns någon gräns.")
    )
    answer_hours = IntegerField(
        _l("Svarstid vid rangordning, timmar"), [Required(), NumberRange(1, 2000)], widget=TextInput(), default=48
    )
    choice_grounds = LongTextField(
        _l("Grunder för beställarens val"),
        longest=2000,
        description=_l("En grund på varje rad, som de står i upphandlingen."),
    )

    def facts(self) -> LotFacts:
        return LotFacts(
            number=self.number.data or "",
            title=self.title.data or "",
            category=self.category.picked,
            method=CallOffMethod(self.method.data),
            clause=self.clause.data or "",
            competition_above=self.competition_above.data,
            choice_grounds=self.choice_grounds.data,
            answer_hours=self.answer_hours.data or 48,
        )

    def show(self, lot: Lot) -> None:
        self.category.data, self.method.data = lot.category_id or 0, lot.method.value


class AwardForm(VersionedForm):
    supplier = PickField(_l("Leverantör"), [Required()], nothing=None)
    rank = IntegerField(_l("Plats i rangordningen"), [Required(), NumberRange(1, 999)], widget=TextInput(), default=1)
    share = DecimalField(_l("Andel i procent"), places=2, min=0, max=100)
    minimum_order = amount_field(_l("Minsta beställning, kr"))
    small_order_fee = amount_field(_l("Avgift under minsta beställning, kr"))
    freight = amount_field(_l("Frakt, kr"))
    freight_free_from = amount_field(_l("Fri frakt från, kr"))
    delivery_days = IntegerField(_l("Leveranstid, dagar"), [Optional(), NumberRange(0, 999)], widget=TextInput())
    free_text_cap = amount_field(
        _l("Högsta belopp för fritext, kr"),
        description=_l("I en beställning. Tomt: bara det som står i prislistan går att beställa."),
    )
    free_text_basis = TextField(
        _l("Prisgrund för fritext"), longest=200, description=_l("Med avtalets ord, till exempel punkt 4.2.")
    )
    free_text_by_hour = BooleanField(_l("Timpris"))
    free_text_rate = amount_field(_l("Högsta timpris, kr"), description=_l("Tomt om avtalet inte binder det."))
    free_text_by_list = BooleanField(_l("Listpris med påslag"))
    free_text_mark_up = DecimalField(
        _l("Högsta påslag, procent"), places=2, min=0, max=1000, description=_l("Tomt om avtalet inte binder det.")
    )
    free_text_by_estimate = BooleanField(_l("Uppskattat pris"))
    free_text_needs_file = BooleanField(_l("Leverantörens offert måste bifogas"))
    starts_on = DayField(_l("Från"), description=_l("Tomt om det är avtalets dagar som gäller."))
    ends_on = DayField(_l("Till"))

    def facts(self) -> AwardFacts:
        names = [name for name in AwardFacts.__dataclass_fields__ if name != "rank"]
        return AwardFacts(rank=self.rank.data or 1, **{name: self[name].data for name in names})


class EntitlementForm(VersionedForm):
    """Which organisations may call off: picked one by one, or all municipalities at once."""

    all_municipalities = BooleanField()
    organisations = MultipleField(_l("Organisationer"), coerce=int)
    lot = PickField(_l("Delområde"), nothing=_l("alla delområden"))
    starts_on = DayField(_l("Från"), description=_l("Tomt: från avtalets första dag."))
    ends_on = DayField(_l("Till"), description=_l("Tomt: så länge avtalet gäller."))
    reason = TextField(
        _l("Var i upphandlingen är de angivna?"),
        longest=500,
        description=_l("Behövs när avtalet är publicerat. Bara den som angavs då får avropa (LOU 7 kap. 3 §)."),
    )

    def offer(self, organisations: list[Organisation], lots: Iterable[Lot]) -> None:
        self.offered = {o.id: o for o in organisations}
        self.organisations.choices = [(o.id, o.name) for o in organisations]
        self.lot.offer((lot, f"{lot.number} {lot.title}") for lot in lots)
        municipalities = [o for o in organisations if o.kind is OrganisationKind.MUNICIPALITY]
        self.all_municipalities.label.text = _l("Alla %(count)s kommuner", count=len(municipalities))

    @property
    def picked(self) -> list[Organisation]:
        wanted = set(self.organisations.data or ())
        every = self.all_municipalities.data
        return [
            o for o in self.offered.values() if o.id in wanted or (every and o.kind is OrganisationKind.MUNICIPALITY)
        ]


class EndForm(VersionedForm):
    """The last day of something."""

    ends_on = DayField(_l("Sista dag"), [Required()])

    @property
    def last_day(self) -> date:
        assert self.ends_on.data  # required by the form
        return self.ends_on.data  # type: ignore[no-any-return, unused-ignore]


class ExtensionForm(EndForm):
    ends_on = DayField(_l("Ny sista dag"), [Required()])
    decide_by = DayField(_l("Besluta senast"))
    reason = LongTextField(
        _l("Skäl för lång avtalstid"),
        longest=1000,
        description=_l("Behövs över fyra år (LOU 7 kap. 2 §), åtta år enligt LUF."),
    )


class TakeExtensionForm(EndForm):
    """The decision to prolong."""

    ends_on = DayField(_l("Ny sista dag"), [Required()])
    number = TextField(_l("Beslutets nummer"), [Required()], longest=60, description=_l("Till exempel diarienumret."))
    decided_on = DayField(_l("Beslutets dag"), [Required()])
    reason = LongTextField(_l("Skäl"), [Required()], longest=1000)
    tell_suppliers = BooleanField(_l("Skicka besked till leverantörerna med e-post"))

    def decision(self) -> Decision:
        assert self.decided_on.data  # required by the form
        return Decision(
            number=self.number.data or "",
            decided_on=self.decided_on.data,
            reason=self.reason.data or "",
            ends_on=self.last_day,
        )


class DocumentForm(VersionedForm):
    file = FileField(_l("Fil"), description=_l("PDF, Office, OpenDocument eller text, högst 20 MB."))


class SynonymForm(BaseForm):
    word = TextField(_l("Den som söker på"), [Required()], longest=LONGEST_SYNONYM)
    means = TextField(
        _l("ska också hitta"),
        [Required()],
        longest=LONGEST_SYNONYM,
        description=_l("Som det står i prislistorna. Ett eller flera ord."),
    )
    is_both_ways = BooleanField(_l("Gäller åt båda håll"))

    def facts(self) -> SynonymFacts:
        return SynonymFacts(
            word=self.word.data or "", means=self.means.data or "", is_both_ways=bool(self.is_both_ways.data)
        )


class SynonymFileForm(BaseForm):
    file = FileField(_l("Fil med synonymer"), description=_l("CSV med kolumnerna ord, betyder och riktning."))


def indented(tree: Iterable[tuple[int, Category]]) -> list[tuple[Category, str]]:
    """Categories with their depth shown by the indent."""
    return [(category, "\N{EM SPACE}" * depth + category.name) for depth, category in tree]


def offer_suppliers(form: AwardForm, suppliers: Iterable[Supplier]) -> None:
    """Offer them by name and organisation number, since names are alike."""
    form.supplier.offer((s, f"{s.name} ({orgnr(s.organisation_number)})") for s in suppliers)
