"""Password: whether one is easily guessed (NIST SP 800-63B 5.1.1.2, ASVS 6.2.4).

Long passwords that people choose in haste are a known word or two with a year, a run along the keyboard, or their own
name. So what is well known is taken away, and what is left must still be something. A list of the commonest
passwords would say less: hardly any of them has twelve characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LEAST_LEFT = 6  # characters that are not well known
LEAST_DIFFERENT = 5

# Roots of the commonest passwords, in Swedish and English, folded: å and ä as a, ö as o.
_ROOTS = """
    password passwort losenord losenordet losen passord hemlig hemligt secret access admin administrator root user
    login logga inlogg konto account test tester testing demo guest default change changeme byt temp welcome valkommen
    hello hejsan hejhej hej master super superman batman spiderman starwars pokemon dragon monkey shadow sunshine
    princess flower lovely letmein whatever freedom football fotboll hockey ishockey baseball soccer summer sommar
    vinter winter spring autumn hosten host varen var januari february februari march mars april maj juni juli augusti
    august september oktober october november december january monday tuesday wednesday thursday friday saturday sunday
    mandag tisdag onsdag torsdag fredag lordag sondag midsommar julafton christmas jultomten semester helgen kommun
    kommunen region regionen jamtland harjedalen ostersund sverige sweden stockholm goteborg gothenburg malmo uppsala
    stromsund krokom bracke ragunda berg are scandinavia avrop inkop upphandling bestall bestallning skola skolan
    forskola vard omsorg arbete jobbet office kontor company foretag computer dator internet google facebook microsoft
    windows samsung iphone apple linux hammarby djurgarden brynas frolunda arsenal liverpool chelsea barcelona
    manchester united mamma pappa mormor farmor kompis familj family alskling alskar jagalskar iloveyou loveyou love
    karlek hjarta kaffe kaka choklad chocolate banana orange cookie pepper ginger buster charlie hunter jordan michael
    jennifer thomas daniel jessica michelle andrew matthew robert anders andersson johansson karlsson nilsson eriksson
    larsson olsson persson svensson gustafsson maria anna erik lars karl johan mikael emma sofia oscar oskar viktor
    nothing something trustno trust fuckyou fuck shit pussy hejdu tjena simsalabim abrakadabra sesam
    """
ROOTS = tuple(_ROOTS.split())
ROWS = (
    *("1234567890", "qwertyuiopa", "qwertyuiop", "asdfghjkloa", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz"),
    *("qazwsxedcrfvtgbyhnujmikolp", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "1q2w3e4r5t6y7u8i9o0p", "azertyuiop"),
)
SHORTEST_RUN = 4
LEET = str.maketrans("013457@$!", "oieastasi")


def is_guessable(password: str, own: Iterable[str] = ()) -> bool:
    """Whether too little of a password is left without what is well known; `own` tells of her
    and of where she works."""
    folded = fold(password)
    if len(set(folded)) < LEAST_DIFFERENT:
        return True
    words = {*ROOTS, *(word for text in own for word in re.findall(r"\w{4,}", fold(text)))}
    return any(len(_rest(text, words)) < LEAST_LEFT for text in (folded, folded.translate(LEET)))


def fold(text: str) -> str:
    """Small letters without marks."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _rest(text: str, words: Iterable[str]) -> str:
    """What is left without known words, runs along the keyboard or the alphabet, repetitions, figures at the ends."""
    for run in _runs(text):
        text = text.replace(run, "")
    text = re.sub(r"(.{2,}?)\1+", r"\1", text)
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, "")
    return re.sub(r"(.)\1{2,}", r"\1", text).strip("0123456789 .,:;!?*+-_#%&/()=@$€\"'")


def _runs(text: str) -> list[str]:
    """The longest stretches of the text that follow a row, forwards or backwards."""
    found = []
    start = 0
    while start < len(text):
        longest = max((_along(text[start:], row) for way in ROWS for row in (way, way[::-1])), default=0)
        if longest >= SHORTEST_RUN:
            found.append(text[start : start + longest])
        start += max(longest if longest >= SHORTEST_RUN else 1, 1)
    return found


def _along(text: str, row: str) -> int:
    """How many characters at the beginning of a text stand beside each other in a row."""
    at = row.find(text[0])
    length = 0
    while at >= 0 and length < len(text) and at + length < len(row) and text[length] == row[at + length]:
        length += 1
    return length
