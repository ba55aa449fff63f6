"""A reader for the sandbox that tries what a taken-over reader would try."""

from __future__ import annotations

import errno
import json
import os
import socket
import time
from pathlib import Path
from typing import Any, TextIO


def convert(data: bytes, request: dict[str, Any], out: TextIO) -> dict[str, Any]:
    what = request["what"]
    try:
        if what == "open":
            Path("/etc/hostname").read_bytes()
        elif what == "connect":
            socket.create_connection(("127.0.0.1", 9), timeout=1)
        elif what == "run":
            os.pipe()  # what starting a process begins with
    except OSError as error:
        return {"error": errno.errorcode.get(error.errno or 0, repr(error))}
    if what == "environment":
        json.dump(list(os.environ), out)
    if what == "grow":
        return {"grown": len(bytearray(1 << 30))}
    if what == "talk":
        for _ in range(300):
            out.write("x" * 1_000_000)
    if what == "sleep":
        time.sleep(60)
    while what == "loop":
        pass
    if what == "raise":
        raise ZeroDivisionError
    return {}
