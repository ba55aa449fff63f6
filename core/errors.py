"""The four ways in which the house says no. Their pages and codes are decided here and nowhere else.

`message` is for the person who asked: a text in her language, or something that becomes one when printed
(a lazy string). `way_on` tells what she can do instead; a refusal without a way on is half a refusal.
"""

from __future__ import annotations

from typing import Any


class AvropError(Exception):
    """Something that was asked for cannot be had. Changes nothing: the transaction is rolled back."""

    status = 500
    code = "error"

    def __init__(self, message: Any = "", *, way_on: Any = None, findings: tuple[Any, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.way_on = way_on
        self.findings = findings

    def __str__(self) -> str:
        return str(self.message)


class NotAllowed(AvropError):
    """She may see it but not do this."""

    status = 403
    code = "not-allowed"


class NotFound(AvropError):
    """It does not exist, or not for her: the two are never told apart."""

    status = 404
    code = "not-found"


class WrongState(AvropError):
    """The thing is no longer where the act expected it, often because somebody was before her."""

    status = 409
    code = "wrong-state"


class RuleBroken(AvropError):
    """A rule of the trade, the law or the agreement says no."""

    status = 422
    code = "rule-broken"
