"""What is easily guessed is refused, and what is not is taken."""

from __future__ import annotations

import random
import string

import pytest

from auth.password import is_guessable

OWN = ("asa.ohman@krokom.example", "Åsa Öhman", "Krokoms kommun")


@pytest.mark.parametrize(
    "password",
    (
        *("sommar202620", "Sommar2026!!", "!!2026Sommar", "S0mmar2026!!", "Sommar-2026-Vinter", "lösenord1234"),
        *("P@ssw0rd1234", "passwordpassword", "qwertyuiop123", "asdfghjklöä1", "1q2w3e4r5t6y", "poiuytrewq12"),
        *("123456789012", "198703121234", "abcdefghijkl", "zyxwvutsrqpo", "1qaz2wsx3edc", "Östersund2026"),
        *("AsaOhman1987", "Öhman Åsa 2026!", "krokomskommun1", "Krokom-2026!!", "aaaaaaaaaaaaaa", "xyxyxyxyxyxy"),
        *("januari2026!", "iloveyou1234", "ABCabcABCabc1", "kaka kaka kaka", "hejhejhej123", "välkommen2026"),
    ),
)
def test_what_is_easily_guessed_is_refused(password: str) -> None:
    assert is_guessable(password, OWN)


@pytest.mark.parametrize(
    "password",
    (
        *("lampa tratt björk ugn", "Fyra gröna tåg i dimman", "sommaren bor i en skokartong", "kastrull7tandem"),
        *("korrekthästbatteri", "trumpet&gurka&tolv", "oxe sju blyerts"),
    ),
)
def test_some_words_that_do_not_belong_together_are_taken(password: str) -> None:
    assert not is_guessable(password, OWN)


def test_what_a_password_manager_makes_is_taken() -> None:
    draw = random.Random(20260301)
    signs = string.ascii_letters + string.digits + string.punctuation
    made = ["".join(draw.choice(signs) for _ in range(16)) for _ in range(2000)]
    assert [password for password in made if is_guessable(password, OWN)] == []
