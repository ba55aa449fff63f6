"""What a file is by its content, and what is refused before any library opens it.

A name proves nothing: what calls itself prislista.xlsx may be a program, a bomb of zeros, a book with macros. The
checks here look at the first bytes and at the list of members of an archive; nothing is unpacked.
"""

from __future__ import annotations

from enum import Enum
from io import BytesIO
from pathlib import PurePosixPath
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from exchange.csvtext import Unreadable

MAX_MEMBERS = 200
MAX_INSIDE = 200_000_000  # bytes, unpacked: 300,000 rows of twelve columns; the child reads them in 450 MB
MAX_RATIO = 100
_SMALL = 1_000_000  # a member below this may be packed as hard as it likes
_DIRECTORY_ENTRY = 1_000  # bytes, generously
HEAD = 1_000  # bytes that tell a text from all else

ODS_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
_ARCHIVES = {
    *(".zip", ".7z", ".rar", ".gz", ".bz2", ".xz", ".tar", ".jar", ".cab"),
    *(".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".docx", ".docm", ".pptx"),
}
_FOREIGN = (
    b"MZ",
    b"\x7fELF",
    b"%PDF",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
    b"#!",
)


class Kind(str, Enum):
    CSV = "csv"
    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"
    XML = "xml"


def kind_of(data: bytes, file_name: str = "") -> Kind:
    """What the file is. Raises Unreadable: for what is no list, what is dangerous, what its name denies."""
    if data.startswith(b"PK"):
        kind = _kind_of_archive(data)
    elif data.startswith(b"\xd0\xcf\x11\xe0"):
        kind = _kind_of_compound(data)
    elif data.startswith(_FOREIGN):
        raise Unreadable("not-a-list")
    else:
        kind = _kind_of_text(data)
    ending = PurePosixPath(file_name.lower()).suffix[1:]
    if ending != kind.value and ending in ("xlsm", "xlsb", *(each.value for each in Kind)):
        raise Unreadable("other-kind")
    return kind


def is_read_whole(head: bytes) -> bool:
    """Whether all of the file is needed to say what it is; of a text the first `HEAD` bytes will do."""
    return head.startswith((b"PK", b"\xd0\xcf\x11\xe0")) or _start_of_text(head).startswith(b"<")


def size_inside(data: bytes, kind: Kind) -> int:
    """How many bytes a reader has to hold, as far as the file itself says."""
    if kind not in (Kind.XLSX, Kind.ODS):
        return len(data)
    with ZipFile(BytesIO(data)) as archive:
        return sum(member.file_size for member in archive.infolist())


def _kind_of_archive(data: bytes) -> Kind:
    _check_directory(data)
    try:
        with ZipFile(BytesIO(data)) as archive:
            members = archive.infolist()
            _check_members(members)
            names = {member.filename for member in members}
            if "xl/workbook.xml" in names and "[Content_Types].xml" in names:
                return Kind.XLSX
            has_type = "mimetype" in names and archive.getinfo("mimetype").file_size == len(ODS_TYPE)
            if has_type and "content.xml" in names and archive.read("mimetype") == ODS_TYPE:
                return Kind.ODS
    except Unreadable:
        raise
    except (BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError):
        raise Unreadable("broken") from None
    raise Unreadable("not-a-list")


def _check_directory(data: bytes) -> None:
    """The list of members itself may be the bomb: look at its size before it is read."""
    end = data.rfind(b"PK\x05\x06", -66_000)
    if end < 0 or len(data) < end + 22:
        raise Unreadable("broken")
    if data.rfind(b"PK\x06\x06", end - 200 if end > 200 else 0, end) >= 0:
        raise Unreadable("too-much-inside")  # the form for archives above four gigabytes
    count, size = (
        int.from_bytes(data[end + 10 : end + 12], "little"),
        int.from_bytes(data[end + 12 : end + 16], "little"),
    )
    if count > MAX_MEMBERS or size > MAX_MEMBERS * _DIRECTORY_ENTRY:
        raise Unreadable("too-many-members")


def _check_members(members: list[ZipInfo]) -> None:
    names = [member.filename for member in members]
    if len(names) > MAX_MEMBERS:
        raise Unreadable("too-many-members")
    for member in members:
        _check_member(member)
    if len({name.lower() for name in names}) != len(names):
        raise Unreadable("broken")  # two of one name: two readers may see two different files
    inside = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if inside > MAX_INSIDE or (inside > _SMALL and inside > MAX_RATIO * packed):
        raise Unreadable("too-much-inside")


def _check_member(member: ZipInfo) -> None:
    path = PurePosixPath(member.filename.lower())
    if path.name.startswith("vbaproject") or path.suffix in (".vba", ".vbs") or path.parts[:1] == ("basic",):
        raise Unreadable("macros")
    if path.suffix in _ARCHIVES or "embeddings" in path.parts:
        raise Unreadable("nested")
    if path.is_absolute() or ".." in path.parts or "\\" in member.filename:
        raise Unreadable("broken")
    if member.flag_bits & 0x1:
        raise Unreadable("locked")
    if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise Unreadable("broken")
    if member.file_size > _SMALL and member.file_size > MAX_RATIO * member.compress_size:
        raise Unreadable("too-much-inside")


def _kind_of_compound(data: bytes) -> Kind:
    """The old format of Office: streams with names in UTF-16."""
    for name, code in (("_VBA_PROJECT", "macros"), ("EncryptedPackage", "locked")):
        if name.encode("utf-16-le") in data:
            raise Unreadable(code)
    if not any(f"{name}\0".encode("utf-16-le") in data for name in ("Workbook", "Book")):
        raise Unreadable("not-a-list")
    return Kind.XLS


def _kind_of_text(data: bytes) -> Kind:
    start = _start_of_text(data)
    if start.startswith((b"\xff\xfe<\0", b"\xfe\xff\0<", b"<\0", b"\0<")):
        raise Unreadable("encoding")
    if not start.startswith(b"<"):
        return Kind.CSV
    if b"\0" in data:
        raise Unreadable("encoding")
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise Unreadable("dtd")
    if start.startswith((b"<?xml", b"<Catalogue")) or b"Catalogue-2" in data[:5_000]:
        return Kind.XML
    raise Unreadable("not-a-list")


def _start_of_text(data: bytes) -> bytes:
    return data[:HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
