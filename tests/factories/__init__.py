"""Makers of valid things: one override per test says what the test is about. Everything is added, nothing committed."""

from itertools import count

_numbers = count(1)


def unique() -> int:
    """A number no other thing of this run has."""
    return next(_numbers)
