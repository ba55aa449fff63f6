"""`python -m tests.fuzz.make_seeds`: write the first seeds of every harness that are not there yet, all made here.

An old workbook (XLS) is made of a new one by LibreOffice, where there is one. Workbooks have their hour in them, so
whoever wants one anew takes it away first.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

from exchange import pricesheet, registers
from exchange.pricefile import PriceRow
from exchange.registerfile import read_register, write_register
from tests.exchange import test_catalogue_xml, test_uhm
from tests.factories import hostile
from tests.fuzz.harness import HERE
from tests.fuzz.parsers.prices import members
from tests.fuzz.parsers.registers import SEPARATOR

HEAD = "Artikelnummer;Benämning;Enhet;Pris;Moms"
EVERY = PriceRow(
    *(
        0,
        "A1",
        "Ost",
        "KGM",
        Decimal("99.5"),
        "12",
        "Lagrad",
        "7340090400001",
        Decimal(2),
        "XPK",
        Decimal(3),
        Decimal(4),
    ),
    *(Decimal(10), ("ost", "pålägg"), ("KRAV",), "14111507", "Mejeriet", 2, "https://b.example/a.jpg"),
    ((Decimal(10), Decimal("9.5")), (Decimal(50), Decimal("8.9"))),
)
Seeds = Iterator[tuple[str, str | bytes]]


def price_csv() -> Seeds:
    yield "plain", f"{HEAD}\nA1;Pärm A4;st;12,50;25\nA2;Mjölk;l;9,9;livsmedel\n"
    yield "latin", f"{HEAD}\r\nA1;Pärm;förp;1 234,50 kr;25 %\r\n".encode("cp1252")
    yield "tiers", f'sep=;\n{HEAD};Staffelpris;EAN\nA1;Ost;kg;99;12;"10: 9,50; 50: 8,90";7340090400001\n'
    yield "discount", "Prislista 2026\n\nSKU\tName\tUnit\tList price\tDiscount\tVAT\nA1\tBinder\tpc\t100\t12,5\t25\n"
    yield "wrong", f'{HEAD};EAN;Okänd\nA1;;ask;-1;24;123;x\nA1;=1;st;0;25;7340090400002\n"\n'
    yield "template", pricesheet.template("csv").replace(b"EXEMPEL", b"A1")
    yield "every", pricesheet.price_list([EVERY, EVERY._replace(supplier_number="A2", is_approximate=True)], "csv")


def columns() -> Seeds:
    yield "chosen", "\1\2\3\4\5\nLista\nKolumn A;Kolumn B;Kolumn C;Kolumn D;Kolumn E\nA1;Pärm;st;12,50;25\n"
    yield "tabs", "\1\2\3\nAlfa\tBeta\tGamma\n1\t2\t3\n"


def workbook() -> Seeds:
    book = hostile.repacked(hostile.workbook())
    yield "sound.xlsx", book
    office = shutil.which("soffice")
    if office is None:
        return
    with TemporaryDirectory() as folder:
        source = Path(folder) / "sound.xlsx"
        source.write_bytes(book)
        for ending in ("xls", "ods"):
            command = [office, f"-env:UserInstallation=file://{folder}/user", "--headless", "--convert-to", ending]
            subprocess.run([*command, "--outdir", folder, str(source)], check=True, capture_output=True)
            yield f"sound.{ending}", (Path(folder) / f"sound.{ending}").read_bytes()


def workbook_part() -> Seeds:
    for name, content in members(hostile.workbook()).items():
        yield name.replace("/", "-"), name.encode() + b"\n" + content
    rows = hostile.inline(2, "A1", "P&#228;rm", "st", "1", "25")
    yield "inline", b"xl/worksheets/sheet1.xml\n" + hostile.sheet_xml(hostile.HEAD_ROW + rows)
    document = hostile.open_document(hostile.ods_row(*hostile.HEADER) + hostile.ods_row("A1", "Pärm", "st", "1", "25"))
    yield "content", b"content.xml\n" + members(document)["content.xml"]


def catalogue() -> Seeds:
    yield "line", hostile.catalogue(hostile.catalogue_line())
    act = "<cbc:ActionCode>Update</cbc:ActionCode>"
    yield "update", hostile.catalogue(hostile.catalogue_line() + hostile.catalogue_line("A2", act="Delete"), header=act)
    step = (
        '<cbc:MinimumQuantity>{}</cbc:MinimumQuantity><cac:Price><cbc:PriceAmount currencyID="SEK">{}</cbc:PriceAmount>'
        '<cbc:BaseQuantity unitCode="H87">1</cbc:BaseQuantity></cac:Price>'
    )
    between = "</cac:RequiredItemLocationQuantity><cac:RequiredItemLocationQuantity>"
    prices = between.join(step.format(*pair) for pair in ((1, "10"), (10, "9.50")))
    yield "tiers", hostile.catalogue(hostile.catalogue_line(prices=prices))
    period = "<cac:ValidityPeriod><cbc:StartDate>2026-01-01</cbc:StartDate></cac:ValidityPeriod>"
    yield "every", hostile.catalogue(test_catalogue_xml.written(EVERY), header=period)
    yield (
        "wrong",
        hostile.catalogue(hostile.catalogue_line(price="-1", name="=1") + hostile.catalogue_line("", act="Add")),
    )


def agreements() -> Seeds:
    head = "Avtalsnummer;Avtalsnamn;Från;Till;Organisationsnummer;Leverantör"
    yield "plain", f"{head}\nUK-1;Livsmedel;2026-01-01;2027-12-31;556000-0167;Fjäll AB\n"
    full = (
        f"{head};Takvolym;Lag;Avropsordning;Avropsberättigade;Valgrunder;Rangordning;Delområde;Sammanfattning\n"
        "UK-1;Mat;2026-01-01;2027-12-31;5560000167;Fjäll;okänd;LOU;Rangordning;212000-2528, 2120002494;smak|pris;1;2;"
        '"- ett\n- två"\n'
    ).encode()
    yield "full", full
    yield "exported", write_register(read_register(full).rows, "csv")


def tables() -> Seeds:
    yield "supplier", "\0Orgnr;Namn;E-post;Kanal;Telefon;Land\n556000-0167;Fjäll AB;a@b.example;e-post;+46 63 1;se\n"
    yield "category", "\1Kod;Namn;Ligger under;CPV;Stängd\nK1;Mat;;15000000-8;nej\nK2;Bröd;K1;158;ja\n"
    yield "entitlement", "\2Avtal;Orgnr;Från;Till;Skäl\nUK-1;212000-2528;2026-01-01;;punkt 1\n"
    for at, kind in enumerate((registers.SUPPLIERS, registers.CATEGORIES, registers.ENTITLEMENTS)):
        values = dict.fromkeys(kind.columns, "1")
        yield f"exported-{at}", bytes([at]) + registers.write(kind, [values], "csv")


def coding() -> Seeds:
    yield "code", "\0Koddel;Kod;Namn;Gäller från;Gäller till\nAnsvar;0100;Kansliet;2026-01-01;\n"
    yield (
        "combination",
        (
            "\1Regel;Om koddel;Från kod;Till kod;Gäller att;Annan koddel;Koder;Gäller från\n"
            "Lokaler;Konto;4000;4999;krävs;Objekt;;2026-01-01\nMat;Konto;5000;;tillåts bara;Verksamhet;407-440, 510;\n"
        ),
    )


def synonyms() -> Seeds:
    yield "plain", "ord;betyder;riktning\nblädderblock;block;båda\n'=x;lapp;en\n"


def statistics() -> Seeds:
    yield "plain", SEPARATOR.join(test_uhm.files().values())
    two = [test_uhm.TENDER, test_uhm.TENDER | {"Namn för leverantör": "Fjällmjölk AB"}]
    yield "two", SEPARATOR.join(test_uhm.files(tenders=two).values())


def groceries() -> Seeds:
    yield "plain", 'gtin13,product_name,ingredients\n7340090400001,Ägg,"_ägg_, salt"\n7340090400002,Fel,\n73,,\n'


def cells() -> Seeds:
    for at, text in enumerate(
        ("1 234,50 kr", "12,5 %", "10: 9,50; 50: 8,90", "förp", "livsmedel", "ja", "7340090400001", "14111507", "a, b")
        + ("https://b.example/a.jpg", "212000-2528", "2026-01-01", "a@b.example", "okänd", "'=1", "- ett\n- två", "SE")
    ):
        yield str(at), text


def typed() -> Seeds:
    for at, text in enumerate(("1 234,50", "1.500", "−2 kr", "20260101", "16212000-2528", "a@b.se", "/sida?x=1", "17")):
        yield str(at), text


def quick_entry() -> Seeds:
    yield "tabs", "Artikelnummer\tAntal\nA1\t2\nA2\t1 000 st\n"
    yield "others", "A1;Pärm;2,5\nA2,1,5\nA3 12 förp\n7,34E+12\t1\n"


def question() -> Seeds:
    for at, text in enumerate(
        ("kopieringspaper a4 80 gram", "sop säck", "stämplarna", "HP-305A", "mjölk 1,5 %", "kåntorsstol")
    ):
        yield str(at), text


def document() -> Seeds:
    yield "text", "avtal.txt\nAvtal med åäö"
    yield "print", "Avtal.PDF\n%PDF-1.7"
    yield "book", b"../a.xlsx\n" + hostile.repacked(hostile.workbook(), {"xl/theme/theme1.xml": b"<x/>"})
    yield "open", b"a.ods\n" + hostile.open_document("")


def picture() -> Seeds:
    for kind in ("PNG", "JPEG", "GIF", "WEBP"):
        for mode in ("RGB", "P", "RGBA") if kind in ("PNG", "WEBP") else ("RGB",):
            made = BytesIO()
            Image.frombytes("RGB", (12, 9), Random(1).randbytes(324)).convert(mode).save(made, kind)
            yield f"{kind}-{mode}".lower(), made.getvalue()
    frames = [Image.new("P", (8, 8), n) for n in range(3)]
    made = BytesIO()
    frames[0].save(made, "GIF", save_all=True, append_images=frames[1:])
    yield "frames", made.getvalue()
    turned, made = Image.Exif(), BytesIO()
    turned[0x0112] = 6
    Image.new("RGB", (16, 8), "red").save(made, "JPEG", exif=turned)
    yield "turned", made.getvalue()


def picture_address() -> Seeds:
    for at, text in enumerate(
        (
            "https://img.example.se/a.jpg?x=1#y",
            "http://a.se/",
            "https://u:p@a.se:443/",
            "https://[::1]/",
            "https://å.se/",
            "10.0.0.1",
        )
    ):
        yield str(at), text


def picture_answer() -> Seeds:
    head = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
    yield "whole", f"a.png?x=å\n{head}Content-Length: 3\r\n\r\nabc"
    yield "chunked", f"a\n{head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    yield "open", "\nHTTP/1.0 200 OK\r\nContent-Type: image/png; charset=x\r\n\r\nabc"
    yield "moved", "a\nHTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n"


def main() -> None:
    """All of them."""
    makers: list[Any] = [
        price_csv,
        columns,
        workbook,
        workbook_part,
        catalogue,
        agreements,
        tables,
        coding,
        synonyms,
        statistics,
    ]
    makers += [groceries, cells, typed, quick_entry, question, document, picture, picture_address, picture_answer]
    for make in makers:
        folder = HERE / "seeds" / make.__name__
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in make():
            if not (folder / name).exists():
                (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)


if __name__ == "__main__":
    main()
