"""Pictures by address: what is fetched, and everything that is not."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from exchange.picture import MAX_BYTES, NoPicture, draw, fetch, is_listed, is_public, kind_of
from tests.picture_server import LARGE, PictureServer, own_trust, picture, picture_server


@pytest.fixture(scope="module")
def running() -> Iterator[PictureServer]:
    with picture_server() as server:
        yield server


@pytest.fixture
def server(running: PictureServer) -> PictureServer:
    running.pages.clear()
    running.asked.clear()
    return running


def refusal(server: PictureServer, address: str, **values: Any) -> str:
    with pytest.raises(NoPicture) as refused:
        fetch(
            address,
            **{
                "hosts": [server.host],
                "is_allowed_address": lambda _: True,
                "trust": own_trust(),
                "seconds": 20,
                **values,
            },
        )
    return refused.value.code


@pytest.mark.parametrize(
    ("kind", "mode", "media_type"),
    [
        ("JPEG", "RGB", "image/jpeg"),
        ("JPEG", "CMYK", "image/jpeg"),
        ("PNG", "P", "image/jpeg"),
        ("PNG", "RGBA", "image/png"),
        ("WEBP", "RGB", "image/jpeg"),
        ("GIF", "P", "image/jpeg"),
    ],
)
def test_a_picture_comes_small_and_drawn_anew(server: PictureServer, kind: str, mode: str, media_type: str) -> None:
    address = server.put("/bild?x=å".replace("å", "%C3%A5"), picture(kind, mode=mode), f"image/{kind.lower()}")
    found = server.fetching(address.replace("%C3%A5", "å"))
    assert found.media_type == media_type and f"image/{(kind_of(found.content) or '').lower()}" == media_type
    with Image.open(BytesIO(found.content)) as drawn:
        assert drawn.size == (400, 267)


def test_nothing_of_a_camera_comes_along() -> None:
    content, taken = BytesIO(), Image.new("RGB", (100, 50))
    exif = taken.getexif()
    exif[0x0112], exif[0x010F] = 6, "KANARIE"  # lies on its side; the maker of the camera
    taken.save(content, "JPEG", exif=exif, comment=b"KANARIE")
    drawn = draw(content.getvalue(), "image/jpeg").content
    assert b"KANARIE" in content.getvalue() and b"KANARIE" not in drawn
    with Image.open(BytesIO(drawn)) as upright:
        assert upright.size == (50, 100) and not upright.getexif()


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://localhost:{port}/a.jpg", "not https"),
        ("ftp://localhost:{port}/a.jpg", "not https"),
        ("//localhost:{port}/a.jpg", "not https"),
        ("https://user:word@localhost:{port}/a.jpg", "not an address"),
        ("https://localhost:{port}\\@other.example/a.jpg", "not an address"),
        ("https:///a.jpg", "not an address"),
        ("https://localhost:99999/a.jpg", "not an address"),
        ("https://[::1/a.jpg", "not an address"),
        ("https://localhost/a.jpg", "the host is not in AVROP_PICTURE_HOSTS"),
        ("https://127.0.0.1:{port}/a.jpg", "the host is not in AVROP_PICTURE_HOSTS"),
        ("https://other.example:{port}/a.jpg", "the host is not in AVROP_PICTURE_HOSTS"),
        ("https://localhost.other.example:{port}/a.jpg", "the host is not in AVROP_PICTURE_HOSTS"),
    ],
)
def test_an_address_that_is_not_allowed_opens_no_connection(server: PictureServer, address: str, reason: str) -> None:
    server.put("/a.jpg", picture())
    assert refusal(server, address.format(port=server.port)) == reason
    assert server.asked == []


def test_without_hosts_nothing_is_fetched(server: PictureServer) -> None:
    assert refusal(server, server.put("/a.jpg", picture()), hosts=()).startswith("the host is not in")
    assert server.asked == []


def test_a_name_that_leads_inside_opens_no_connection(server: PictureServer) -> None:
    address = server.put("/a.jpg", picture())
    assert refusal(server, address, is_allowed_address=None) == "the host has an address that is not public"
    assert server.asked == []


def answer_of_the_resolver(*addresses: str) -> Any:
    return lambda host, port, **_: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in addresses]


def test_one_inner_address_among_others_is_enough(server: PictureServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answer_of_the_resolver("93.184.215.14", "127.0.0.1"))
    address = server.put("/a.jpg", picture())
    assert refusal(server, address, is_allowed_address=None) == "the host has an address that is not public"
    assert server.asked == []


def test_a_name_is_resolved_once_so_that_it_cannot_answer_twice(
    server: PictureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolved: list[str] = []
    real = answer_of_the_resolver("127.0.0.1")

    def resolve(host: str, port: int, **values: Any) -> Any:
        resolved.append(host)
        return real(host, port, **values) if len(resolved) == 1 else answer_of_the_resolver("127.0.0.2")(host, port)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    looked_at: list[str] = []

    def look(address: str) -> bool:
        looked_at.append(address)
        return True

    address = server.put("/a.jpg", picture())
    fetch(address, [server.host], is_allowed_address=look, trust=own_trust(), seconds=20)
    assert resolved == ["localhost"] and looked_at == ["127.0.0.1"] and server.asked == ["/a.jpg"]


def test_a_host_that_is_not_known_is_told(server: PictureServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: Any, **__: Any) -> Any:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert refusal(server, server.address("/a.jpg")) == "the host is not known"


def test_a_certificate_of_nobody_we_trust_is_refused(server: PictureServer) -> None:
    address = server.put("/a.jpg", picture())
    assert refusal(server, address, trust=None).startswith("no safe connection")
    assert server.asked == []


def test_a_certificate_of_another_host_is_refused(server: PictureServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answer_of_the_resolver("127.0.0.1"))
    server.put("/a.jpg", picture())
    address = f"https://img.example:{server.port}/a.jpg"
    assert refusal(server, address, hosts=[f"img.example:{server.port}"]).startswith("no safe connection")
    assert server.asked == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(server: PictureServer, status: int) -> None:
    target = server.put("/target.jpg", picture())
    address = server.put("/a.jpg", b"", status=status, Location=target)
    assert refusal(server, address) == f"the answer is {status}"
    assert server.asked == ["/a.jpg"]


@pytest.mark.parametrize(
    ("content", "media_type", "reason"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", "not a JPEG, PNG, WebP or GIF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png", "not a JPEG, PNG, WebP or GIF"),
        (b"<!doctype html><script>alert(1)</script>", "text/html", "not a JPEG, PNG, WebP or GIF"),
        (picture("PNG"), "text/html", "not a JPEG, PNG, WebP or GIF, or not what it says: text/html"),
        (picture("PNG"), "image/jpeg", "not a JPEG, PNG, WebP or GIF, or not what it says: image/jpeg"),
        (picture("BMP"), "image/bmp", "not a JPEG, PNG, WebP or GIF"),
        (b"", "image/jpeg", "not a JPEG, PNG, WebP or GIF"),
        (b"\xff\xd8\xff" + b"x" * 1000, "image/jpeg", "the picture cannot be read: broken"),
        (picture("PNG")[:200], "image/png", "the picture cannot be read: broken"),
    ],
)
def test_what_is_no_picture_is_refused(server: PictureServer, content: bytes, media_type: str, reason: str) -> None:
    assert refusal(server, server.put("/a", content, media_type)).startswith(reason)


def test_a_picture_that_grows_when_it_is_opened_is_refused_at_once() -> None:
    content = picture("PNG", (12_000, 12_000), "1")
    assert len(content) < 100_000
    began = time.perf_counter()
    with pytest.raises(NoPicture, match="too-much-inside"):
        draw(content, "image/png")
    assert time.perf_counter() - began < 5, "0.4 s; the rest is for a busy machine"


@pytest.mark.parametrize("told", [str(LARGE), ""])
def test_what_is_too_large_is_not_read(server: PictureServer, told: str) -> None:
    """Also where the server does not say how much will come."""
    assert LARGE > MAX_BYTES
    address = server.put("/a.jpg", picture() + b"\0" * LARGE, Content_Length=told)
    assert refusal(server, address) == "too large"


def test_what_ends_too_early_is_refused(server: PictureServer) -> None:
    content = picture()
    address = server.put("/a.jpg", content, Content_Length=str(len(content) + 100))
    assert refusal(server, address).startswith("no whole answer")


def test_what_is_compressed_again_is_refused(server: PictureServer) -> None:
    assert refusal(server, server.put("/a.jpg", picture(), Content_Encoding="gzip")) == "the answer is compressed"


def test_drop_by_drop_is_too_slow(server: PictureServer) -> None:
    """Each read gets something in time; the whole does not come."""
    address = server.put("/drop-by-drop.jpg", picture())
    began = time.perf_counter()
    assert refusal(server, address, seconds=1) == "too slow"
    assert time.perf_counter() - began < 3


def test_a_host_that_says_nothing_is_too_slow(server: PictureServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        address = f"https://localhost:{port}/a.jpg"
        assert refusal(server, address, hosts=[f"localhost:{port}"], seconds=1) == "too slow"


def test_a_host_that_does_not_listen_is_told(server: PictureServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    address = f"https://localhost:{port}/a.jpg"
    assert refusal(server, address, hosts=[f"localhost:{port}"]).startswith("no whole answer: ConnectionRefused")


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"),
        *("100.64.0.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "198.18.0.1"),
        *("192.0.2.1", "192.0.0.9"),
        *("192.88.99.1", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "ff0e::1"),
        *("::ffff:8.8.8.8", "::ffff:127.0.0.1", "::8.8.8.8", "64:ff9b::8.8.8.8", "64:ff9b:1::1", "2002:808:808::1"),
        *("2001::1", "2001:db8::1", "3fff::1", "100::1", "nonsense", ""),
    ],
)
def test_an_address_that_is_not_for_everybody_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2a00:1450:400f:801::200e", "2001:67c:29f4::50"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("host", "port", "is_on_it"),
    [
        ("img.example.se", 443, True),
        ("img.example.se", 8443, False),
        ("a.img.example.se", 443, False),
        ("a.example.com", 443, True),
        ("a.b.example.com", 443, True),
        ("example.com", 443, False),
        (".example.com", 443, False),
        ("badexample.com", 443, False),
        ("cdn.example", 8443, True),
        ("cdn.example", 443, False),
    ],
)
def test_a_host_is_on_the_list_by_its_whole_name(host: str, port: int, is_on_it: bool) -> None:
    assert is_listed(host, port, ["img.example.se", "*.example.com", "cdn.example:8443"]) is is_on_it


def test_the_server_of_these_tests_is_refused_by_what_runs(server: PictureServer) -> None:
    """Guards the tests above: what they relax is not relaxed by itself."""
    with pytest.raises(NoPicture):
        partial(fetch, hosts=[server.host])(server.put("/a.jpg", picture()))
    assert server.asked == []
