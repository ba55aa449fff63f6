"""A picture by its address on the web → a small picture of ours: asked for only where the operator allows it.

An address in a price list is a stranger's wish that our server opens a connection. So: https only, to a host on the
list, at an address that belongs to the public internet, and the connection goes to the very address that was looked
at (a name that is resolved twice may answer twice: DNS rebinding). No redirect is followed, the certificate must fit
the name, and time, size and kind are limited. What comes is decoded in the sandbox (exchange/thumbnail.py) and drawn
anew, so that nothing of the stranger's bytes is ever served.
"""

from __future__ import annotations

import socket
import ssl
from base64 import b64decode
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException, HTTPResponse
from io import BufferedReader, RawIOBase
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from threading import Thread
from time import monotonic
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from exchange.csvtext import Unreadable
from exchange.sandbox import convert

SECONDS = 10  # for the whole fetch: name, connection, handshake and answer
MAX_BYTES = 3_000_000
MAX_DRAWN = 1_000_000
MEMORY = 400_000_000  # what decoding may take: four bytes for each of the pixels that thumbnail.py allows, thrice
_PORT = 443
_SAFE = "/%:@!$&'()*+,;=~"  # of a path; the rest is written in percents

_KINDS = {"image/jpeg": "JPEG", "image/jpg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/gif": "GIF"}
# Not for everybody, though Python's tables say so in one version or another: relays that lead to any IPv4 address
# (6to4, Teredo), protocols' own addresses, and what is kept for documentation.
_NOT_PUBLIC = [ip_network(n) for n in ("192.88.99.0/24", "192.0.0.0/24", "2001::/23", "2002::/16", "3fff::/20")]
# All that IANA has given out for the public. IPv4 in disguise (mapped ::ffff:0:0/96, NAT64 64:ff9b::/96) is outside.
_UNICAST = IPv6Network("2000::/3")


class NoPicture(Exception):
    """There is no picture to be had; `code` says why, in English, for the one who looks after the system."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Picture:
    """At most 400 × 400 pixels, drawn by us."""

    media_type: str  # image/jpeg or image/png
    content: bytes


def fetch(
    address: str,
    hosts: Collection[str],
    *,
    is_allowed_address: Callable[[str], bool] | None = None,
    trust: ssl.SSLContext | None = None,
    seconds: float = SECONDS,
) -> Picture:
    """The picture at an address. Raises NoPicture. Opens a connection: call it while no transaction is open.

    hosts: `img.example.se`, `*.example.se` (all names under it), each perhaps with `:PORT`.
    is_allowed_address: which addresses a host may have, `is_public` unless told; trust: whose certificates count.
    """
    deadline = monotonic() + seconds
    parts, host, port = _parts(address)
    if not is_listed(host, port, hosts):
        raise NoPicture("the host is not in AVROP_PICTURE_HOSTS")
    is_allowed = is_allowed_address or is_public
    try:
        found = _resolve(host, port, deadline)
        if not all(is_allowed(sockaddr[0]) for _family, sockaddr in found):
            raise NoPicture("the host has an address that is not public")
        with _connect(found, host, trust or _trust(), deadline) as connection:
            media_type, content = _ask(connection, parts, host, port, deadline)
    except TimeoutError:
        raise NoPicture("too slow") from None
    except ssl.SSLError as error:
        raise NoPicture(f"no safe connection: {error.reason or 'TLS'}") from None
    except (OSError, HTTPException, ValueError) as error:
        raise NoPicture(f"no whole answer: {type(error).__name__}") from None
    return draw(content, media_type)


def draw(content: bytes, media_type: str) -> Picture:
    """A picture made anew, small, from one of a stranger's. Raises NoPicture when it is none, or another kind than its
    media type says."""
    kind = kind_of(content)
    if kind is None or _KINDS.get(media_type) != kind:
        raise NoPicture(f"not a JPEG, PNG, WebP or GIF, or not what it says: {media_type[:60]}")
    try:
        text, told = convert("exchange.thumbnail", content, {"kind": kind}, memory=MEMORY)
        drawn = b64decode(text, validate=True)
    except (Unreadable, ValueError) as error:
        raise NoPicture(f"the picture cannot be read: {error}") from None
    media_type = str(told.get("media_type"))
    if len(drawn) > MAX_DRAWN or media_type not in _KINDS or kind_of(drawn) != _KINDS[media_type]:
        raise NoPicture("the picture cannot be drawn")
    return Picture(media_type, drawn)


def kind_of(content: bytes) -> str | None:
    """JPEG, PNG, WEBP or GIF, by the bytes that such a file begins with."""
    if content.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "WEBP"
    return None


def is_listed(host: str, port: int, hosts: Collection[str]) -> bool:
    """Whether a host, in small letters, is one of those on the list; `*.example.se` has every name below it."""
    for listed in hosts:
        name, _, at = listed.partition(":")
        if port != int(at or _PORT):
            continue
        if host == name or (name.startswith("*.") and host.endswith(name[1:]) and host != name[1:]):
            return True
    return False


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, and stands for no other address."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if any(isinstance(net, IPv4Network) == (ip.version == 4) and ip in net for net in _NOT_PUBLIC):
        return False
    if ip.version == 6 and ip not in _UNICAST:
        return False
    special = (ip.is_private, ip.is_loopback, ip.is_link_local, ip.is_multicast, ip.is_reserved, ip.is_unspecified)
    return ip.is_global and not any(special)


def _parts(address: str) -> tuple[SplitResult, str, int]:
    try:
        parts = urlsplit(address)
        port = parts.port or _PORT
        host = (parts.hostname or "").encode("idna").decode().lower()
    except (ValueError, UnicodeError):
        raise NoPicture("not an address") from None
    if parts.scheme != "https":
        raise NoPicture("not https")
    if not host or parts.username is not None or parts.password is not None:
        raise NoPicture("not an address")
    return parts, host, port


def _resolve(host: str, port: int, deadline: float) -> list[tuple[int, Any]]:
    """Family and socket address of a host. In a thread, because the system's resolver has no time limit of ours."""
    found: list[tuple[int, Any]] = []

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        found.extend((family, sockaddr) for family, _type, _protocol, _name, sockaddr in rows)

    thread = Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_left(deadline))
    if not found:
        raise NoPicture("the host is not known")
    return list(found)


def _connect(found: list[tuple[int, Any]], host: str, trust: ssl.SSLContext, deadline: float) -> ssl.SSLSocket:
    """A connection to the first address that answers, where somebody has proved to be that host."""
    failure: OSError = ConnectionError()
    for family, sockaddr in found[:4]:
        plain = socket.socket(family, socket.SOCK_STREAM)
        try:
            plain.settimeout(_left(deadline))
            plain.connect(sockaddr)
            plain.settimeout(_left(deadline))
            return trust.wrap_socket(plain, server_hostname=host)
        except ssl.SSLError:
            plain.close()
            raise
        except OSError as error:
            plain.close()
            failure = error
    raise failure


def _ask(connection: ssl.SSLSocket, parts: SplitResult, host: str, port: int, deadline: float) -> tuple[str, bytes]:
    """Media type and content of the answer to one GET."""
    path = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE + '?')}" if parts.query else "")
    name = host if port == _PORT else f"{host}:{port}"
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {name}\r\nUser-Agent: Avrop\r\nAccept: image/jpeg, image/png, image/webp, "
        "image/gif\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n"
    )
    connection.settimeout(_left(deadline))
    connection.sendall(request.encode("ascii"))
    with HTTPResponse(_InTime(connection, deadline), method="GET") as response:  # type: ignore[arg-type]
        response.begin()
        if response.status != 200:  # a redirect may lead anywhere: it is not followed
            raise NoPicture(f"the answer is {response.status}")
        if response.getheader("Content-Encoding", "identity") != "identity":
            raise NoPicture("the answer is compressed")
        if (response.length or 0) > MAX_BYTES:
            raise NoPicture("too large")
        content = response.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise NoPicture("too large")
        if response.length:
            raise NoPicture("no whole answer: it ended too early")
        return response.headers.get_content_type(), content


class _InTime(RawIOBase):
    """What a connection gives, until the deadline: a limit for each read would let one drop an hour through."""

    def __init__(self, connection: ssl.SSLSocket, deadline: float) -> None:
        self.connection, self.deadline = connection, deadline

    def makefile(self, _mode: str) -> BufferedReader:
        """As of a socket; http.client asks for it."""
        return BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.connection.settimeout(_left(self.deadline))
        return self.connection.recv_into(buffer)


def _left(deadline: float) -> float:
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()
