"""What different units buy: schools other things than kitchens."""

from __future__ import annotations

# words in a unit's name, and the assortments it buys from; what is named twice is bought twice as often
_TASTES = {
    "bibliotek": "books books books library office paper accessories",
    "kök restaurang måltid": "dairy dairy dairy meat meat fruit fruit fruit bread dry dry fish tissue cleaning",
    "förskola": "toys toys schoolmaterial schoolmaterial tissue cleaning workwear fruit dry",
    "skola gymnas": "office paper schoolmaterial schoolmaterial books books accessories sport cleaning schoolfurniture",
    "äldreboende hemtjänst social": "medical medical medical gloves tissue cleaning workwear bread aids",
    "it-enhet": "computers computers accessories accessories accessories phones",
    "badet idrott": "sport sport cleaning light tools",
    "gata teknik samhäll vatten område": "tools tools tools building building light workwear shoes tyres hours",
    "station": "tools workwear shoes light tyres cleaning",
}

_OTHERWISE = "office office office paper paper accessories officefurniture print fruit phones"

LINES = {"dairy": (4, 9), "meat": (2, 6), "fruit": (4, 9), "dry": (4, 10), "fish": (2, 5), "computers": (1, 2)}
FEW = frozenset({"computers", "phones", "schoolfurniture", "officefurniture", "library", "tyres", "aids", "print"})


def tastes_of(unit_name: str) -> list[str]:
    """The assortments that a unit of this name buys from."""
    name = unit_name.casefold()
    for words, assortments in _TASTES.items():
        if any(word in name for word in words.split()):
            return assortments.split()
    return _OTHERWISE.split()
