"""A real HTTPS server on loopback that has pictures, and misbehaves in as many ways as suppliers' servers may."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from threading import Thread
from typing import Any

from PIL import Image

from exchange.picture import Picture, fetch
from tests.mail_server import TLS

LARGE = 3_100_000


def picture(kind: str = "JPEG", size: tuple[int, int] = (1200, 800), mode: str = "RGB") -> bytes:
    """The bytes of a picture as a supplier may have it."""
    content = BytesIO()
    Image.new(mode, size).save(content, kind)
    return content.getvalue()


@dataclass
class PictureServer:
    """`pages`: path → status, headers and content; `asked`: the paths that were asked for."""

    port: int = 0
    pages: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def put(self, path: str, content: bytes, media_type: str = "image/jpeg", status: int = 200, **headers: str) -> str:
        """Have something; gives its address."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = (status, {"Content-Type": media_type, "Content-Length": str(len(content))} | named, content)
        return self.address(path)

    def address(self, path: str) -> str:
        return f"https://localhost:{self.port}{path}"

    @property
    def host(self) -> str:
        """As AVROP_PICTURE_HOSTS would say it."""
        return f"localhost:{self.port}"

    @property
    def fetching(self) -> Callable[[str], Picture]:
        """The fetching as it is, but for whose addresses and certificates it takes."""
        return partial(fetch, hosts=[self.host], is_allowed_address=lambda _: True, trust=own_trust(), seconds=20)


def own_trust() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=TLS / "certificate.pem")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    pictures: PictureServer

    def do_GET(self) -> None:
        self.pictures.asked.append(self.path)
        status, headers, content = self.pictures.pages.get(self.path, (404, {"Content-Length": "0"}, b""))
        self.send_response(status)
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):  # whoever has heard enough hangs up
            if self.path.startswith("/drop-by-drop"):
                for byte in content[:100]:
                    self.wfile.write(bytes([byte]))
                    time.sleep(0.1)
            else:
                self.wfile.write(content)
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A handshake that the other side broke off is what some tests want."""


@contextmanager
def picture_server() -> Iterator[PictureServer]:
    pictures = PictureServer()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
    handler = type("Handler", (_Handler,), {"pictures": pictures})
    with _Server(("127.0.0.1", 0), handler) as server:
        pictures.port = server.server_port
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield pictures
        finally:
            server.shutdown()
            thread.join()
