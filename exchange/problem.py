"""What is wrong in a file that somebody sent: where it is, and in which words it is told."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Problem(NamedTuple):
    """What is wrong, and where. `code` is stable; translate `TEXTS[code]` and fill in `params`."""

    code: str
    line: int | None = None  # as a spreadsheet numbers it; none where the whole file is meant
    column: str = ""  # the heading as the file has it
    value: str = ""  # shortened, with control characters made visible
    params: dict[str, str | int] = {}  # noqa: RUF012  never changed
    severity: Literal["error", "warning"] = "error"

    @property
    def text(self) -> str:
        """The reason in Swedish, without line and column."""
        return TEXTS[self.code] % self.params


def without_errors(problems: list[Problem]) -> bool:
    """Whether nothing but warnings is among them."""
    return all(problem.severity != "error" for problem in problems)


def N_(text: str) -> str:  # noqa: N802  the name that the extraction of texts looks for
    return text


TEXTS = {
    # the file
    "empty": N_("Filen är tom."),
    "too-large": N_(
        "Filen är större än %(megabytes)s MB. En större prislista läses in med kommandot avrop prices import."
    ),
    "sheet-too-large": N_(
        "Kalkylboken eller katalogen är större än %(sheet_megabytes)s MB. Spara listan som ”CSV UTF-8”."
    ),
    "spreadsheet": N_("Det här är en Excelfil. Spara den som ”CSV UTF-8” och försök igen."),
    "binary": N_("Det här är ingen textfil. Spara den som ”CSV UTF-8” och försök igen."),
    "encoding": N_("Tecknen i filen går inte att läsa. Spara den som ”CSV UTF-8” och försök igen."),
    "garbled": N_("Å, ä eller ö ser trasiga ut. Spara filen som ”CSV UTF-8” och kontrollera."),
    "other-kind": N_("Filen är något annat än dess namn säger. Spara den på nytt som Excel eller ”CSV UTF-8”."),
    "not-a-list": N_("Det här är ingen prislista. Skicka CSV, XLSX, XLS, ODS eller en Peppolkatalog (XML)."),
    "not-a-register": N_("Det här är inget register. Skicka CSV, XLSX, XLS eller ODS."),
    "broken": N_("Filen är trasig. Spara den på nytt och försök igen."),
    "macros": N_("Filen har makron. Spara den som en vanlig Excelbok (.xlsx) utan makron."),
    "locked": N_("Filen är låst med lösenord. Ta bort lösenordet och försök igen."),
    "nested": N_("Det ligger andra filer inuti filen. Ta bort dem och försök igen."),
    "too-many-members": N_("Filen har fler delar än en kalkylbok brukar ha. Spara den på nytt."),
    "too-much-inside": N_(
        "Filen är för stor när den packas upp. Ta bort tomma rader och kolumner, eller spara den som ”CSV UTF-8”."
    ),
    "too-slow": N_(
        "Filen tog för lång tid att läsa. Ta bort tomma rader och kolumner, eller spara den som ”CSV UTF-8”."
    ),
    "too-many-columns": N_("Bladet har för många kolumner. Ta bort dem som inte hör till listan."),
    "dtd": N_("Filen har en dokumenttypsdeklaration (DTD). Sådana filer läses inte."),
    "formulas": N_("Filen har formler. Kopiera listan, klistra in den som värden och försök igen."),
    "sheet": N_("Boken har flera blad. Det här bladet är läst."),
    "catalogue-action": N_("Katalogen ska ha åtgärden Add, Replace eller Update. Återta listan om allt ska bort."),
    "catalogue-period": N_("Katalogen säger att den gäller %(start)s–%(end)s. Kontrollera dagen nedan."),
    "not-orderable": N_("Artiklar som katalogen säger inte går att beställa: %(count)s. De är inte med."),
    "several-prices": N_(
        "Artiklar med flera priser utan att det står från vilket antal vart och ett gäller: %(count)s."
    ),
    "currency": N_("Artiklar med pris i en annan valuta än svenska kronor: %(count)s."),
    "price-with-vat": N_("Artiklar med pris inklusive moms: %(count)s. Ange priset utan moms."),
    "price-unit": N_("Artiklar med pris för en annan enhet än den som beställs, utan omräkningstal: %(count)s."),
    "approximate-price": N_("Artiklar med ungefärligt eller rörligt pris: %(count)s. Priset läses som det står."),
    "price-period": N_("Artiklar med pris för en viss tid: %(count)s. Priset läses som om det gäller hela tiden."),
    "line-period": N_("Artiklar som gäller en viss tid: %(count)s. De läses som om de gäller hela tiden."),
    "example-row": N_("Det här är exempelraden i mallen. Ta bort den."),
    "not-in-force": N_("Artikeln ska tas bort men finns inte i listan i kraft."),
    "no-header": N_("Ingen rubrikrad hittades. Den ska ha minst: %(columns)s."),
    "no-rows": N_("Det finns inga rader under rubrikraden."),
    "missing-column": N_("Kolumnen %(column)s saknas."),
    "column-twice": N_("Kolumnen finns två gånger, också som ”%(other)s”. Ta bort den ena."),
    "unknown-column": N_("Kolumnen känns inte igen och läses inte."),
    "too-many-rows": N_(
        "Filen har fler än %(limit)s rader. En större prislista läses in med kommandot avrop prices import."
    ),
    "too-many-problems": N_("Fler än %(limit)s fel. Rätta dem som visas och försök igen."),
    # a row
    "broken-quotes": N_("Citattecknen på raden går inte ihop."),
    "too-many-cells": N_("Raden har fler celler än rubrikraden. Är ett decimaltal delat av ett komma?"),
    "number-twice": N_("Artikelnumret finns redan på rad %(other)s."),
    "row-twice": N_("Samma leverantör står redan på delområdet, på rad %(other)s."),
    "same-row": N_("Samma sak står redan på rad %(other)s."),
    "differs": N_("Raden säger något annat än rad %(other)s om samma sak: ”%(former)s”."),
    "ends-before-start": N_("Sista dagen ligger före första dagen."),
    # a cell
    "cell-too-long": N_("Cellen är längre än %(limit)s tecken."),
    "missing-value": N_("Värdet saknas."),
    "too-long": N_("Texten är längre än %(limit)s tecken."),
    "control-character": N_("Texten har ett osynligt styrtecken. Skriv om cellen."),
    "formula": N_("Cellen ser ut som en formel. Skriv värdet i stället."),
    "not-a-number": N_("Det går inte att läsa som ett tal. Skriv till exempel 1 234,50."),
    "negative": N_("Talet är negativt."),
    "zero": N_("Talet är noll. Ett okänt värde lämnas tomt."),
    "percent": N_("En rabatt är större än 0 och mindre än 100 procent."),
    "tiers": N_("Skriv mängdpriser som 10: 9,50; 50: 8,90, med stigande antal och högst %(limit)s stycken."),
    "tier-differs": N_("Priset från samma antal står också bland mängdpriserna, som %(price)s. Ta bort det ena."),
    "too-many-tiers": N_("Artikeln har fler än %(limit)s mängdpriser."),
    "tier-dearer": N_("Priset stiger när man köper fler. Kontrollera mängdpriserna."),
    "code": N_("En kod skrivs utan blanksteg."),
    "yes-or-no": N_("Skriv ja eller nej."),
    "discount-differs": N_("Listpriset och rabatten ger %(price)s. Rätta priset, eller lämna det tomt."),
    "too-big": N_("Talet är större än %(limit)s."),
    "decimals": N_("Talet har fler än %(limit)s decimaler."),
    "date": N_("Skriv dagen som ÅÅÅÅ-MM-DD, till exempel 2026-04-01."),
    "not-days": N_("Skriv leveranstiden i hela dagar, högst %(limit)s."),
    "unknown-unit": N_("Enheten är okänd. Skriv till exempel st, förp eller kg."),
    "vat-rate": N_("Momssatsen ska vara 25, 12, 6, 0 eller livsmedel."),
    "gtin-digits": N_("Ett GTIN har 8, 12, 13 eller 14 siffror. Är kolumnen formaterad som text?"),
    "gtin-check-digit": N_("Kontrollsiffran i GTIN stämmer inte. Kontrollera siffrorna."),
    "unspsc": N_("En UNSPSC-kod har åtta siffror."),
    "address": N_("Skriv en hel webbadress som börjar med https://"),
    "organisation-number": N_("Ett organisationsnummer har tio siffror, till exempel 212000-2528."),
    "check-digit": N_("Organisationsnumrets kontrollsiffra stämmer inte. Kontrollera siffrorna."),
    "cpv": N_("CPV skrivs med två till åtta siffror, till exempel 30197."),
    "country": N_("Skriv landets två bokstäver, till exempel SE."),
    "email": N_("Det är ingen e-postadress."),
    "choice": N_("Värdet ska vara något av: %(choices)s."),
    "rank": N_("Platsen i rangordningen ska vara ett heltal från 1."),
    "agreement-number": N_("Avtalsnumret får ha bokstäver, siffror, mellanslag och . _ - : men inte snedstreck."),
}
