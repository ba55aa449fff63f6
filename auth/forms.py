"""Forms of one's own account: logging in, passwords and absence."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import PasswordField
from wtforms.validators import EqualTo, ValidationError

from auth.user import SHORTEST_PASSWORD, User
from core.forms import BaseForm, DayField, EmailField, Required, SelectField, TextField

_PASSWORD_HINT = _l("Minst %(count)s tecken. Några ord som inte hör ihop är lätta att minnas.", count=SHORTEST_PASSWORD)


class PersonField(SelectField):
    """One person out of a list: `data` is her id, `picked` herself."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, [Required()], coerce=int, choices=[], **kwargs)
        self.people: dict[int, User] = {}

    def offer(self, people: Iterable[User]) -> None:
        """Say whom one may choose from."""
        self.people = {person.id: person for person in people}
        self.choices = [(0, _l("Välj en person"))]
        self.choices += [(p.id, f"{p.name} ({p.email})") for p in self.people.values()]

    @property
    def picked(self) -> User | None:
        return self.people.get(self.data or 0)

    def pre_validate(self, form: BaseForm) -> None:
        super().pre_validate(form)
        if self.picked is None:
            raise ValidationError(_l("Välj en person."))


class LogInForm(BaseForm):
    # not an EmailField: whatever is written gets the same answer as a wrong password
    email = TextField(_l("E-postadress"), [Required()], longest=254)
    password = PasswordField(_l("Lösenord"), [Required()])


class ForgotPasswordForm(BaseForm):
    email = EmailField(_l("E-postadress"), [Required()])


class NewPasswordForm(BaseForm):
    """By a link from the mailbox: nothing else is asked."""

    new = PasswordField(_l("Nytt lösenord"), [Required()], description=_PASSWORD_HINT)
    again = PasswordField(_l("Samma lösenord igen"), [Required(), EqualTo("new", _l("Lösenorden är inte lika."))])


class ChangePasswordForm(BaseForm):
    present = PasswordField(_l("Nuvarande lösenord"), [Required()])
    new = PasswordField(_l("Nytt lösenord"), [Required()], description=_PASSWORD_HINT)
    again = PasswordField(_l("Samma lösenord igen"), [Required(), EqualTo("new", _l("Lösenorden är inte lika."))])


class SubstitutionForm(BaseForm):
    """One's own absence."""

    substitute = PersonField(_l("Vem ersätter?"))
    starts_on = DayField(_l("Från och med"), [Required()])
    ends_on = DayField(_l("Till och med"), [Required()])
    decision = TextField(
        _l("Beslut"), description=_l("Diarienummer eller paragraf i delegationsordningen, om det finns ett.")
    )

    def days(self) -> tuple[date, date]:
        """The first and the last day of a valid form."""
        assert self.starts_on.data and self.ends_on.data
        return self.starts_on.data, self.ends_on.data


class AwayNowForm(BaseForm):
    """Away from this day on: who acts instead, and until when."""

    substitute = PersonField(_l("Vem ersätter?"))
    ends_on = DayField(_l("Till och med"), [Required()])


class SubstitutionForOtherForm(SubstitutionForm):
    """The absence of somebody else, noted by the organisation's administrator."""

    leads = ("absent",)
    absent = PersonField(_l("Vem är borta?"))
