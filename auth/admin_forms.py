"""Forms of the administration: organisations, units, addresses, people and their roles, and the journal's filter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField
from wtforms.validators import NumberRange, Optional, Regexp

from auth.actions.organisation import SCHEMES, Identity, Particulars, check_pattern
from auth.actions.unit import Place
from auth.actions.user import Grant, Person
from auth.organisation import Organisation, OrganisationKind, Unit
from auth.permission import ROLE_NAMES, Role
from auth.queries import JournalFilter, PeopleFilter
from auth.user import LimitPeriod, User
from core.forms import BaseForm, DayField, DecimalField, EmailField, LongTextField, Required, SelectField, TextField
from core.forms import OrganisationNumberField as NumberField
from core.shared_form import SharedForm

KIND_NAMES = {
    OrganisationKind.MUNICIPALITY: _l("kommun"),
    OrganisationKind.COMPANY: _l("bolag"),
    OrganisationKind.FEDERATION: _l("kommunalförbund"),
    OrganisationKind.OFFICE: _l("gemensamt upphandlingskontor"),
}
LARGEST_AMOUNT = Decimal(10) ** 12


class PostalCodeField(TextField):
    """A Swedish postal code, kept as it is written on parcels: 831 31."""

    def accept(self, text: str | None) -> str | None:
        digits = "".join((text or "").split())
        if digits and not re.fullmatch(r"[1-9][0-9]{4}", digits):
            raise ValueError(_l("Ett postnummer har fem siffror, till exempel 831 31."))
        return f"{digits[:3]} {digits[3:]}" if digits else None


class UnitField(SelectField):
    """One unit of a tree, or none. `data` is its id (0 for none), `picked` the unit."""

    def __init__(self, label: Any, *, nothing: Any, **kwargs: Any) -> None:
        super().__init__(label, coerce=int, choices=[], **kwargs)
        self.nothing = nothing
        self.units: dict[int, Unit] = {}

    def offer(self, tree: Iterable[tuple[int, Unit]], but: Unit | None = None) -> None:
        """The open units, indented by depth; not `but`, nor what lies below it."""
        open_ones = [(d, u) for d, u in tree if u.is_active and not (but and u.is_within(but))]
        self.units = {unit.id: unit for _depth, unit in open_ones}
        self.choices = [(0, self.nothing)]
        self.choices += [(u.id, "\N{EM SPACE}" * depth + f"{u.code} {u.name}") for depth, u in open_ones]

    @property
    def picked(self) -> Unit | None:
        return self.units.get(self.data or 0)


# Organisations


class ParticularsForm(SharedForm):
    """What an organisation decides itself."""

    street = TextField(_l("Gatuadress"))
    postal_code = PostalCodeField(_l("Postnummer"), longest=10)
    city = TextField(_l("Ort"), longest=100)
    invoice_name = TextField(_l("Fakturamottagare"), description=_l("Om fakturan ska ställas till ett annat namn."))
    invoice_street = TextField(_l("Fakturaadress"), description=_l("Gata eller box."))
    invoice_postal_code = PostalCodeField(_l("Postnummer för faktura"), longest=10)
    invoice_city = TextField(_l("Ort för faktura"), longest=100)
    reference_pattern = TextField(
        _l("Mönster för beställarreferens"),
        description=_l("Ett reguljärt uttryck, till exempel [0-9]{5}. Tomt betyder att alla referenser duger."),
    )
    reference_trial = TextField(
        _l("Prova en referens"), description=_l("Skriv en referens som ska godtas. Den sparas inte.")
    )
    reference_hint = TextField(
        _l("Förklaring till beställaren"), description=_l("Till exempel: ansvarskod, fem siffror.")
    )
    is_reference_on_goods = BooleanField(
        _l("Skriv referensen i godsmärkningen också"),
        description=_l("Den står alltid överst på beställningen, som det leverantören ska ange på fakturan."),
    )
    link_decides_up_to = DecimalField(
        _l("Godkänna direkt från e-post, under"),
        description=_l("Kronor exklusive moms. Tomt: attestanten måste alltid logga in, det säkraste."),
        min=0,
        max=LARGEST_AMOUNT,
    )

    contact_buyer_id = SelectField(
        _l("Er kontakt på upphandlingskontoret"),
        description=_l("Får de behov och frågor som ingen annan ansvarar för."),
        coerce=int,
    )

    def offer(self, buyers: Iterable[User]) -> None:
        self.contact_buyer_id.choices = [(0, _l("ingen särskild")), *((buyer.id, buyer.name) for buyer in buyers)]
        self.contact_buyer_id.data = self.contact_buyer_id.data or 0

    def particulars(self) -> Particulars:
        """What a valid form says."""
        said = {name: self[name].data for name in Particulars.__dataclass_fields__}
        return Particulars(**said | {"contact_buyer_id": self.contact_buyer_id.data or None})

    def try_reference(self) -> bool:
        """Whether the trial reference passes the pattern that stands in the form; if not, the field says so.
        Raises RuleBroken for a pattern that cannot be used."""
        pattern, trial = self.reference_pattern.data, self.reference_trial.data
        if pattern:
            check_pattern(pattern)
        if pattern and trial and not re.fullmatch(pattern, trial):
            self.reference_trial.errors = [_("Den referensen skulle inte godtas. Ändra mönstret, eller töm fältet.")]
            return False
        return True


class OrganisationForm(ParticularsForm):
    """Everything, for the system administrator."""

    leads = ("name", "organisation_number", "kind", "order_prefix")
    name = TextField(_l("Namn"), [Required()])
    organisation_number = NumberField(_l("Organisationsnummer"), [Required()])
    kind = SelectField(_l("Slag"), choices=[(k.value, name) for k, name in KIND_NAMES.items()])
    order_prefix = TextField(
        _l("Prefix på ordernummer"),
        [Required(), Regexp(r"^[A-Z]{2,8}$", message=_l("Två till åtta stora bokstäver, A till Z."))],
        longest=8,
        description=_l("Till exempel OSD, som ger ordernummer som OSD-2026-00017."),
    )

    def identity(self) -> Identity:
        """What a valid form says."""
        return Identity(
            organisation_number=self.organisation_number.data or "",
            name=self.name.data or "",
            kind=OrganisationKind(self.kind.data),
            order_prefix=self.order_prefix.data or "",
        )


class IdentifierForm(BaseForm):
    scheme = SelectField(_l("Sort"), choices=[(code, f"{name} ({code})") for code, name in SCHEMES.items()])
    value = TextField(_l("Nummer"), [Required()], longest=35)


# Units and addresses


class UnitForm(SharedForm):
    name = TextField(_l("Namn"), [Required()])
    code = TextField(_l("Kod"), [Required()], longest=20, description=_l("Ansvarskoden i er kontoplan."))
    parent = UnitField(_l("Ligger under"), nothing=_l("Ingen, överst i organisationen"))
    emergency_cap = DecimalField(
        _l("Nödbeställning upp till, kronor utan moms"),
        places=2,
        min=Decimal("0.01"),
        max=Decimal(10) ** 9,
        description=_l("Tomt: enheten får inte beställa först och få det godkänt efteråt."),
    )
    emergency_hours = IntegerField(
        _l("Godkänns inom, timmar"), [Optional(), NumberRange(1, 720)], description=_l("Till exempel 72.")
    )


class AddressForm(SharedForm):
    name = TextField(_l("Namn på platsen"), [Required()], description=_l("Till exempel: Torvalla skola, köket."))
    street = TextField(_l("Gatuadress"), [Required()])
    postal_code = PostalCodeField(_l("Postnummer"), [Required()], longest=10)
    city = TextField(_l("Ort"), [Required()], longest=100)
    goods_marking = TextField(
        _l("Godsmärkning"), longest=100, description=_l("Det som leverantören skriver på kollina.")
    )
    gln = TextField(_l("GLN"), longest=20, description=_l("13 siffror, om platsen har ett lokaliseringsnummer."))
    instructions = LongTextField(
        _l("Till den som levererar"), longest=500, description=_l("Port, öppettider, telefon.")
    )

    def place(self) -> Place:
        """What a valid form says."""
        return Place(**{name: self[name].data for name in Place.__dataclass_fields__})


# People


class PeopleFilterForm(BaseForm):
    """The list of people; a GET form, so no token."""

    class Meta(BaseForm.Meta):
        csrf = False

    q = TextField(_l("Namn eller e-post"))
    organisation = SelectField(_l("Organisation"), coerce=int, choices=[], default=0)
    role = SelectField(
        _l("Roll"), choices=[("", _l("Alla roller")), *((r.value, n) for r, n in ROLE_NAMES.items())], default=""
    )
    disabled = BooleanField(_l("Visa avstängda"))

    def offer(self, organisations: Iterable[Organisation]) -> None:
        self.organisation.choices = [(0, _l("Alla")), *((o.id, o.name) for o in organisations)]

    def wanted(self) -> PeopleFilter:
        """What is asked for; a field that cannot be read is left out."""
        return PeopleFilter(
            text=self.q.data if not self.q.errors else None,
            organisation_id=self.organisation.data or None if not self.organisation.errors else None,
            role=Role(self.role.data) if self.role.data and not self.role.errors else None,
            disabled=self.disabled.data,
        )


class PersonForm(SharedForm):
    name = TextField(_l("Namn"), [Required()])
    email = EmailField(_l("E-postadress"), [Required()], description=_l("Med den loggar personen in."))
    phone = TextField(_l("Telefon"), longest=40)
    reference = TextField(
        _l("Beställarreferens"), longest=60, description=_l("Föreslås när personen beställer. Står sedan på fakturan.")
    )
    superior = EmailField(
        _l("Närmaste chefs e-postadress"), description=_l("Den som aldrig får sina inköp attesterade av personen.")
    )

    def person(self) -> Person:
        """What a valid form says."""
        return Person(
            name=self.name.data or "",
            email=self.email.data or "",
            phone=self.phone.data,
            reference=self.reference.data,
            superior=self.superior.data,
        )


class GrantForm(BaseForm):
    """A new role: which, where, how much and how long."""

    role = SelectField(_l("Roll"), choices=[])
    unit = UnitField(_l("Var"), nothing=_l("Hela organisationen"))
    amount_limit = DecimalField(
        _l("Beloppsgräns"),
        description=_l("Bara för attestant. Kronor exklusive moms. Tomt betyder ingen gräns."),
        min=0,
        max=LARGEST_AMOUNT,
    )
    period_limit = DecimalField(
        _l("Högst sammanlagt"),
        description=_l("Det attestanten får godkänna tillsammans under en period. Tomt betyder ingen gräns."),
        min=0,
        max=LARGEST_AMOUNT,
    )
    limit_period = SelectField(
        _l("Under"),
        choices=[(LimitPeriod.MONTH.value, _l("en kalendermånad")), (LimitPeriod.YEAR.value, _l("ett kalenderår"))],
        default=LimitPeriod.MONTH.value,
    )
    starts_on = DayField(_l("Från och med"), [Required()])
    ends_on = DayField(_l("Till och med"), description=_l("Tomt betyder tills vidare."))

    def offer_roles(self, roles: Iterable[Role]) -> None:
        self.role.choices = [(role.value, str(ROLE_NAMES[role]).capitalize()) for role in roles]

    def grant(self, organisation: Organisation) -> Grant:
        """What a valid form says."""
        return Grant(
            role=Role(self.role.data),
            organisation=organisation,
            unit=self.unit.picked,
            amount_limit=self.amount_limit.data,
            starts_on=self.starts_on.data,
            ends_on=self.ends_on.data,
            period_limit=self.period_limit.data,
            limit_period=LimitPeriod(self.limit_period.data),
        )


class MembershipForm(SharedForm, GrantForm):
    """A role that is there already: what it is and since when no longer changes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.role
        del self.starts_on


class NewPersonForm(PersonForm, GrantForm):
    """A new person and her first role."""


# The journal


class JournalFilterForm(BaseForm):
    class Meta(BaseForm.Meta):
        csrf = False

    thing = SelectField(_l("Vad"), choices=[], default="")
    thing_id = TextField(_l("Nummer"), longest=60)
    actor = TextField(_l("Vem"))
    from_day = DayField(_l("Från och med"))
    to_day = DayField(_l("Till och med"))

    def wanted(self) -> JournalFilter:
        """What is asked for; a field that cannot be read is left out."""
        fields = (f for f in self if not f.errors and f.name in JournalFilter.__dataclass_fields__)
        return JournalFilter(**{f.name: f.data or None for f in fields})
