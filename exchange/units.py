"""Units of measure: UN/ECE codes as orders carry them, Swedish and English words as people write them.

The codes are those of UN/ECE Recommendation 20, and of Recommendation 21 (packages) with the prefix X: the
only ones that a Peppol order may carry. Spellings are those of Swedish municipal price lists. A spelling
that could mean two things ("ask", "mil", "t") is left out: the supplier must say which, we never guess.
"""

from __future__ import annotations

from typing import NamedTuple


class Unit(NamedTuple):
    code: str
    sv: str  # as short as on a price tag: "st", "förp", "kg"
    sv_name: str  # the whole word
    en: str
    en_name: str
    spellings: str = ""  # further Swedish and English spellings, between blanks


_UNITS = (
    # counted
    Unit("H87", "st", "styck", "pc", "piece", "stk stck stycke stycken pcs pce pieces"),
    Unit("C62", "st", "styck", "pc", "one"),
    Unit("EA", "st", "styck", "ea", "each"),
    Unit("PR", "par", "par", "pair", "pair", "pairs"),
    Unit("SET", "sats", "sats", "set", "set", "satser sets"),
    Unit("KT", "kit", "kit", "kit", "kit"),
    Unit("DZN", "dussin", "dussin", "doz", "dozen", "duss"),
    Unit("CEN", "100 st", "hundratal", "100 pcs", "hundred", "hundra 100-tal"),
    Unit("RM", "ris", "ris", "ream", "ream", "reams"),
    Unit("PD", "block", "block", "pad", "pad", "pads"),
    Unit("D63", "bok", "bok", "book", "book", "böcker books"),
    Unit("U2", "tabl", "tablett", "tabl", "tablet", "tabletter tablets"),
    Unit("E27", "dos", "dos", "dose", "dose", "doser doses"),
    Unit("PTN", "port", "portion", "port", "portion", "portioner portions"),
    # packed
    Unit("XPK", "förp", "förpackning", "pack", "package", "pk frp fp fpk forp förpackn förpackningar pkg"),
    Unit("XPA", "paket", "paket", "packet", "packet", "pkt pak packets"),
    Unit("XBX", "låda", "låda", "box", "box", "bx låd lådor boxes"),
    Unit("XCT", "krt", "kartong", "ctn", "carton", "ct kart kartonger cartons karton"),
    Unit("XRO", "rulle", "rulle", "roll", "roll", "ro rle rll rul rl rullar rolls"),
    Unit("XBG", "påse", "påse", "bag", "bag", "bg pås påsar bags"),
    Unit("XSA", "säck", "säck", "sack", "sack", "säckar sacks"),
    Unit("XBO", "flaska", "flaska", "bottle", "bottle", "fl fla flask flaskor bottles"),
    Unit("XCX", "burk", "burk", "can", "can", "brk burkar cans"),
    Unit("XJR", "glasburk", "glasburk", "jar", "jar", "glasburkar jars"),
    Unit("XTU", "tub", "tub", "tube", "tube", "tuber tubes"),
    Unit("XBJ", "hink", "hink", "bucket", "bucket", "hinkar buckets"),
    Unit("XJY", "dunk", "dunk", "jerrycan", "jerrycan", "dunkar jerrican"),
    Unit("XCR", "back", "back", "crate", "crate", "backar crates"),
    Unit("XDR", "fat", "fat", "drum", "drum", "drums"),
    Unit("XPX", "pall", "pall", "pallet", "pallet", "pallar pallets"),
    Unit("XBE", "bunt", "bunt", "bundle", "bundle", "buntar bundles"),
    Unit("XST", "ark", "ark", "sheet", "sheet", "sheets"),
    Unit("XPU", "tråg", "tråg", "tray", "tray", "trays"),
    Unit("XBK", "korg", "korg", "basket", "basket", "korgar baskets"),
    Unit("XEN", "kuvert", "kuvert", "env", "envelope", "envelope"),
    Unit("XAE", "spray", "sprayflaska", "aerosol", "aerosol", "sprayburk"),
    Unit("XAM", "ampull", "ampull", "ampoule", "ampoule", "ampuller"),
    Unit("XTE", "däck", "däck", "tyre", "tyre", "tyres"),
    Unit("XUN", "enhet", "enhet", "unit", "unit", "enh enheter units"),
    # weighed
    Unit("KGM", "kg", "kilogram", "kg", "kilogram", "kilo"),
    Unit("HGM", "hg", "hektogram", "hg", "hectogram", "hekto"),
    Unit("GRM", "g", "gram", "g", "gram", "gr"),
    Unit("MGM", "mg", "milligram", "mg", "milligram"),
    Unit("TNE", "ton", "ton", "tonne", "tonne"),
    # poured
    Unit("LTR", "l", "liter", "l", "litre", "lit ltr"),
    Unit("DLT", "dl", "deciliter", "dl", "decilitre"),
    Unit("CLT", "cl", "centiliter", "cl", "centilitre"),
    Unit("MLT", "ml", "milliliter", "ml", "millilitre"),
    Unit("MTQ", "m³", "kubikmeter", "m³", "cubic metre", "m3 kbm"),
    Unit("DMQ", "dm³", "kubikdecimeter", "dm³", "cubic decimetre", "dm3"),
    # measured
    Unit("MTR", "m", "meter", "m", "metre", "mtr"),
    Unit("LM", "lpm", "löpmeter", "lin m", "linear metre", "lm löpm"),
    Unit("CMT", "cm", "centimeter", "cm", "centimetre"),
    Unit("MMT", "mm", "millimeter", "mm", "millimetre"),
    Unit("KMT", "km", "kilometer", "km", "kilometre"),
    Unit("MTK", "m²", "kvadratmeter", "m²", "square metre", "m2 kvm"),
    Unit("CMK", "cm²", "kvadratcentimeter", "cm²", "square centimetre", "cm2"),
    # timed and done
    Unit("HUR", "tim", "timme", "h", "hour", "timmar hours"),
    Unit("MIN", "min", "minut", "min", "minute", "minuter"),
    Unit("DAY", "dygn", "dygn", "day", "day", "dag dagar days"),
    Unit("WEE", "vecka", "vecka", "week", "week", "veckor weeks"),
    Unit("MON", "mån", "månad", "month", "month", "månader months mån"),
    Unit("QAN", "kvartal", "kvartal", "quarter", "quarter", "kv"),
    Unit("ANN", "år", "år", "year", "year", "years"),
    Unit("KWH", "kWh", "kilowattimme", "kWh", "kilowatt hour"),
    Unit("MWH", "MWh", "megawattimme", "MWh", "megawatt hour"),
    Unit("LS", "fast pris", "klumpsumma", "lump sum", "lump sum", "klump"),
    Unit("E51", "uppdrag", "uppdrag", "job", "job", "jobb"),
    Unit("IE", "person", "person", "person", "person", "pers personer"),
)  # fmt: skip

UNITS = {unit.code: unit for unit in _UNITS}


def _spellings() -> dict[str, str]:
    known: dict[str, str] = {}
    for unit in _UNITS:
        words = [unit.code, unit.sv, unit.sv_name, unit.en, unit.en_name, *unit.spellings.split()]
        for word in words:
            known.setdefault(_plain(word), unit.code)
    return known


def _plain(text: str) -> str:
    return "".join(text.casefold().split()).rstrip(".")


_CODE_OF = _spellings()


COUNTED = frozenset({"C62", "EA", "H87", "NAR", "PR", "SET"})


def parse_unit(text: str) -> str | None:
    """The code for a unit as somebody wrote it ("st", "Förp.", "KGM"); None where we do not know it."""
    return _CODE_OF.get(text) or _CODE_OF.get(_plain(text))


def is_counted(code: str) -> bool:
    """Whether the unit is counted and not measured: pieces, pairs, sets, and every kind of package (Rec 21)."""
    return code in COUNTED or is_package(code)


def is_package(code: str) -> bool:
    """Whether the unit is a kind of package (Rec 21), which holds something."""
    return len(code) == 3 and code.startswith("X")


def unit_name(code: str, language: str = "sv", *, whole: bool = False) -> str:
    """The short name of the unit ("förp"), or the whole word ("förpackning"); the code itself if unknown."""
    unit = UNITS.get(code)
    if unit is None:
        return code
    if language == "sv":
        return unit.sv_name if whole else unit.sv
    return unit.en_name if whole else unit.en
