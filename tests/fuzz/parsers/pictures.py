"""Pictures by address: the address, the answer of the host, and the picture itself."""

from __future__ import annotations

from http.client import HTTPException
from io import BytesIO
from ssl import SSLSocket
from time import monotonic
from typing import Any, cast

from PIL import Image

from exchange import picture as pictures
from exchange.picture import MAX_BYTES, NoPicture, draw, is_listed, is_public, kind_of
from exchange.thumbnail import SIDE
from tests.fuzz.harness import harness

MIME = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}


@harness(longest=6_000, memory=pictures.MEMORY)
def picture(data: bytes) -> None:
    """A picture of a stranger: one of ours comes of it, or NoPicture."""
    media_type = MIME.get(kind_of(data) or "", "image/png")
    try:
        drawn = draw(data, media_type)
    except NoPicture:
        return
    with Image.open(BytesIO(drawn.content)) as ours:
        ours.load()
        assert 0 < ours.width <= SIDE and 0 < ours.height <= SIDE
        assert Image.MIME[ours.format or ""] == drawn.media_type
        assert not ours.getexif() and "icc_profile" not in ours.info


@harness(longest=600)
def picture_address(data: bytes) -> None:
    """The address of a picture, as far as before anything is asked for."""
    text = data.decode("utf-8", "ignore")
    is_public(text)
    try:
        parts, host, port = pictures._parts(text)
    except NoPicture:
        return
    assert parts.scheme == "https" and host and host.isascii() and 0 < port < 65_536
    assert not is_listed(host, port, ["example.se"]) or (host == "example.se" and port == 443)
    is_listed(host, port, ["*.example.se", "img.example.se:8443"])


class _Connection:
    """As much of a connection as is used: it gives the answer and forgets the request."""

    def __init__(self, answer: bytes) -> None:
        self._answer = BytesIO(answer)

    def settimeout(self, seconds: float) -> None:
        pass

    def sendall(self, request: bytes) -> None:
        head = request.split(b"\r\n\r\n")
        assert len(head) == 2 and head[1] == b"", "one request, and nothing smuggled in"

    def recv_into(self, buffer: Any) -> int:
        return self._answer.readinto(buffer)


@harness(longest=4_000)
def picture_answer(data: bytes) -> None:
    """What a host answers. Data: the path of the request, a line break, the answer."""
    path, _, answer = data.partition(b"\n")
    try:
        parts, host, port = pictures._parts("https://example.se/" + path.decode("utf-8", "ignore"))
        connection = cast(SSLSocket, _Connection(answer))
        media_type, content = pictures._ask(connection, parts, host, port, monotonic() + 10)
    except (NoPicture, OSError, HTTPException, ValueError):
        return
    assert len(content) <= MAX_BYTES and isinstance(media_type, str)
