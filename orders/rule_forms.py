"""The forms of the approval rules, and the one that asks who would approve."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FieldList, FormField, IntegerField
from wtforms.validators import NumberRange, Optional, ValidationError

from auth.admin_forms import UnitField
from auth.organisation import Unit
from auth.user import User
from catalog.agreement import METHOD_NAMES, Agreement, CallOffMethod
from catalog.category import Category
from core.forms import BaseForm, DayField, DecimalField, MultipleField, Required, SelectField, TextField
from core.shared_form import SharedForm
from orders.actions.rule import ApprovalTerms, RuleFacts, StepFacts
from orders.approval import ApprovalGroup, ApprovalRule, ApprovalRuleStep, Quorum, StepKind, Turn
from orders.coding import LONGEST_CODE, Dimension
from orders.forms import DaysForm

MOST_STEPS = 6
MOST_DAYS = 60
LARGEST_AMOUNT = Decimal(10) ** 12
Tree = Iterable[tuple[int, Unit]]


class CategoryField(SelectField):
    """A branch of what is bought, or none. `picked` is the category."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, coerce=int, choices=[], **kwargs)
        self.categories: dict[int, Category] = {}

    def offer(self, categories: Iterable[Category]) -> None:
        self.categories = {category.id: category for category in categories}
        self.choices = [(0, _l("– alla –"))]
        self.choices += [(c.id, f"{c.code} {c.name}") for c in self.categories.values()]

    @property
    def picked(self) -> Category | None:
        return self.categories.get(self.data or 0)


class AgreementField(TextField):
    """An agreement by its number, or none. `look_up` is asked with the number; `picked` is what it found."""

    picked: Agreement | None = None
    look_up: Callable[[str], Agreement | None] = staticmethod(lambda number: None)

    def pre_validate(self, form: BaseForm) -> None:
        self.picked = self.look_up(self.data) if self.data else None
        if self.data and self.picked is None:
            raise ValidationError(_l("Det finns inget avtal med det numret."))


class MethodField(SelectField):
    """A call-off method, or any."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        choices = [("", _l("– alla –")), *((method.value, name) for method, name in METHOD_NAMES.items())]
        super().__init__(label, choices=choices, **kwargs)

    @property
    def picked(self) -> CallOffMethod | None:
        return CallOffMethod(self.data) if self.data else None


class DimensionField(SelectField):
    """A part of the organisation's coding, or none. `picked` is the dimension."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, coerce=int, choices=[], **kwargs)
        self.dimensions: dict[int, Dimension] = {}

    def offer(self, dimensions: Iterable[Dimension]) -> None:
        self.dimensions = {dimension.id: dimension for dimension in dimensions}
        self.choices = [(0, _l("– alla –")), *((d.id, d.name) for d in self.dimensions.values())]

    @property
    def picked(self) -> Dimension | None:
        return self.dimensions.get(self.data or 0)


class StepForm(BaseForm):
    class Meta(BaseForm.Meta):
        csrf = False  # the page's own form carries the token

    who = SelectField(_l("Vem ska godkänna?"), default="")
    quorum = SelectField(
        _l("Hur många?"),
        choices=[(Quorum.ANY.value, _l("en räcker")), (Quorum.ALL.value, _l("alla måste"))],
        default=Quorum.ANY.value,
    )
    turn = SelectField(
        _l("När?"),
        choices=[
            (Turn.AFTER.value, _l("efter steget före")),
            (Turn.BESIDE.value, _l("samtidigt, båda behövs")),
            (Turn.EITHER.value, _l("samtidigt, ett räcker")),
        ],
        default=Turn.AFTER.value,
    )
    lines = CategoryField(_l("Vilka rader?"), default=0)


class RuleForm(SharedForm):
    """A rule: when it holds, and who is asked in which order."""

    name = TextField(_l("Namn"), [Required()], longest=200)
    amount_from = DecimalField(_l("Från och med (kr utan moms)"), min=0, max=LARGEST_AMOUNT)
    amount_below = DecimalField(_l("Till under (kr utan moms)"), min=0, max=LARGEST_AMOUNT)
    unit = UnitField(_l("Enhet"), nothing=_l("– hela organisationen –"), default=0)
    category = CategoryField(_l("Kategori"), default=0)
    agreement = AgreementField(_l("Avtal"), longest=60)
    method = MethodField(_l("Avropsordning"), default="")
    is_justified = BooleanField(_l("Bara när beställaren har motiverat valet av leverantör"))
    is_free_text = BooleanField(_l("Bara när någon rad är fritext"))
    is_emergency = BooleanField(_l("Bara nödbeställningar"))
    coding_dimension = DimensionField(_l("Kontering"), default=0)
    coding_code = TextField(_l("Kod"), longest=LONGEST_CODE)
    is_code_prefix = BooleanField(_l("Alla koder som börjar så"))
    starts_on = DayField(_l("Från och med"))
    ends_on = DayField(_l("Till och med"))
    steps = FieldList(FormField(StepForm), _l("Steg"), min_entries=MOST_STEPS, max_entries=MOST_STEPS)

    def offer(
        self,
        tree: Tree,
        categories: Iterable[Category],
        people: Sequence[User],
        groups: Sequence[ApprovalGroup],
        dimensions: Iterable[Dimension],
    ) -> None:
        """Fill the lists with what the organisation has."""
        self.coding_dimension.offer(dimensions)
        self.unit.offer(tree)
        self.category.offer(categories)
        self.people = {f"person:{person.id}": person for person in people}
        self.groups = {f"group:{group.id}": group for group in groups}
        choices: list[tuple[str, Any]] = [
            ("", _l("– inget steg –")),
            (StepKind.UNIT_APPROVER.value, _l("Attestant för enheten")),
            (StepKind.PARENT_APPROVER.value, _l("Attestant för enheten ovanför")),
            *((key, _l("Grupp: %(name)s", name=group.name)) for key, group in self.groups.items()),
            *((key, _l("Person: %(name)s", name=person.name)) for key, person in self.people.items()),
        ]
        for entry in self.steps:
            entry.form.who.choices = choices
            entry.form.lines.offer(self.category.categories.values())

    def facts(self) -> RuleFacts:
        return RuleFacts(
            name=self.name.data or "",
            steps=list(self._steps()),
            amount_from=self.amount_from.data or Decimal(0),
            amount_below=self.amount_below.data,
            unit=self.unit.picked,
            category=self.category.picked,
            starts_on=self.starts_on.data,
            ends_on=self.ends_on.data,
            agreement=self.agreement.picked,
            method=self.method.picked,
            is_justified=self.is_justified.data,
            is_free_text=self.is_free_text.data,
            is_emergency=self.is_emergency.data,
            coding_dimension=self.coding_dimension.picked,
            coding_code=self.coding_code.data,
            is_code_prefix=self.is_code_prefix.data,
        )

    def _steps(self) -> Iterator[StepFacts]:
        for entry in self.steps:
            who, quorum = entry.form.who.data, Quorum(entry.form.quorum.data)
            more = {"turn": Turn(entry.form.turn.data), "category": entry.form.lines.picked}
            if who in self.people:
                yield StepFacts(StepKind.PERSON, quorum, user=self.people[who], **more)
            elif who in self.groups:
                yield StepFacts(StepKind.GROUP, quorum, group=self.groups[who], **more)
            elif who:
                yield StepFacts(StepKind(who), quorum, **more)


def said_by(rule: ApprovalRule) -> dict[str, Any]:
    """What the form of a rule is filled in with."""
    return {
        "name": rule.name,
        "amount_from": rule.amount_from or None,
        "amount_below": rule.amount_below,
        "unit": rule.unit_id or 0,
        "category": rule.category_id or 0,
        "starts_on": rule.starts_on,
        "ends_on": rule.ends_on,
        "agreement": rule.agreement.number if rule.agreement else None,
        "method": rule.method.value if rule.method else "",
        "is_justified": rule.is_justified,
        "is_free_text": rule.is_free_text,
        "is_emergency": rule.is_emergency,
        "coding_dimension": rule.coding_dimension_id or 0,
        "coding_code": rule.coding_code,
        "is_code_prefix": rule.is_code_prefix,
        "steps": [
            {
                "who": _who(step),
                "quorum": step.quorum.value,
                "turn": step.turn.value,
                "lines": step.category_id or 0,
            }
            for step in rule.steps
        ],
    }


def _who(step: ApprovalRuleStep) -> str:
    if step.kind is StepKind.PERSON:
        return f"person:{step.user_id}"
    if step.kind is StepKind.GROUP:
        return f"group:{step.group_id}"
    return str(step.kind.value)


class TermsForm(SharedForm):
    """What holds for all of an organisation's approvals."""

    union_from = DecimalField(
        _l("Två i förening från och med (kr utan moms)"),
        description=_l("Då tas det sista beslutet av två olika personer. Tomt betyder att en räcker."),
        min=0,
        max=LARGEST_AMOUNT,
    )

    remind_after_days = IntegerField(
        _l("Påminn efter (dagar)"),
        [Optional(), NumberRange(1, MOST_DAYS)],
        description=_l("Den som har fått frågan påminns en gång. Tomt betyder aldrig."),
    )
    escalate_after_days = IntegerField(
        _l("Fråga uppåt efter (dagar)"),
        [Optional(), NumberRange(1, MOST_DAYS)],
        description=_l("Då frågas också de ovanför. Finns ingen får administratören besked. Tomt betyder aldrig."),
    )

    def terms(self) -> ApprovalTerms:
        return ApprovalTerms(**{name: self[name].data for name in ApprovalTerms.__dataclass_fields__})


class PeriodForm(DaysForm):
    """Days and a branch of units."""

    unit = UnitField(_l("Enhet"), nothing=_l("– hela organisationen –"), default=0)


class GroupForm(SharedForm):
    name = TextField(_l("Namn"), [Required()], longest=100)
    members = MultipleField(_l("Medlemmar"), coerce=int)

    def offer(self, people: Sequence[User]) -> None:
        self.people = {person.id: person for person in people}
        self.members.choices = [(person.id, person.name) for person in people]

    def picked(self) -> list[User]:
        return [self.people[key] for key in self.members.data or () if key in self.people]


class TryForm(BaseForm):
    """Who would approve this? A question in the address, so nothing is sent."""

    class Meta(BaseForm.Meta):
        csrf = False

    orderer = SelectField(_l("Beställare"), coerce=int)
    unit = UnitField(_l("Enhet"), nothing=_l("– välj –"), default=0)
    amount = DecimalField(_l("Belopp utan moms"), [Required()], min=0, max=LARGEST_AMOUNT)
    category = CategoryField(_l("Kategori"), default=0)
    agreement = AgreementField(_l("Avtal"), longest=60)
    method = MethodField(_l("Avropsordning"), default="")
    is_justified = BooleanField(_l("Valet av leverantör är motiverat"))
    is_free_text = BooleanField(_l("Någon rad är fritext"))
    is_emergency = BooleanField(_l("Nödbeställning"))
    coding_dimension = DimensionField(_l("Kontering"), default=0)
    coding_code = TextField(_l("Kod"), longest=LONGEST_CODE)

    def offer(
        self, people: Sequence[User], tree: Tree, categories: Iterable[Category], dimensions: Iterable[Dimension]
    ) -> None:
        self.coding_dimension.offer(dimensions)
        self.people = {person.id: person for person in people}
        self.orderer.choices = [(person.id, person.name) for person in people]
        self.unit.offer(tree)
        self.category.offer(categories)
