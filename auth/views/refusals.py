"""A form and the refusal it meets: what every page with a form does alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import NotAllowed, RuleBroken, WrongState
from core.forms import BaseForm, show_rule


@contextmanager
def refusals_on(form: BaseForm) -> Iterator[None]:
    """A use case's refusal inside goes on top of the form, and the view goes on to show it again."""
    try:
        yield
    except (RuleBroken, NotAllowed) as error:
        show_rule(form, error)


def status(form: BaseForm) -> int:
    """The status of a page with a form: 422 when it is there again with what was wrong, 409 when somebody was before
    her."""
    if isinstance(form.broken_rule, WrongState):
        return WrongState.status
    return 422 if form.is_submitted() else 200
