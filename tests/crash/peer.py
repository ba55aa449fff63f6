"""An SMTP server in a process of its own that misbehaves at random and notes what it took *before* it answers.

    python peer.py PORT LOG CALM SEED

Each complete DATA becomes a line of JSON in LOG. While the file CALM exists every mail is taken and answered.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from email import message_from_bytes
from hashlib import sha256
from pathlib import Path
from typing import IO

FAULTS = {
    "421": 3,
    "hang before banner": 1,
    "451 at RCPT": 3,
    "drop in DATA": 3,
    "drop after DATA": 5,  # taken, and nobody is told
    "hang after DATA": 1,
    "452 at the end": 3,
}
SOUND = 60


async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, log: IO[str], calm: Path) -> None:
    """One connection; each mail on it draws its own fault."""

    async def say(line: str) -> None:
        writer.write(line.encode() + b"\r\n")
        await writer.drain()

    fault = draw(calm)
    if fault == "421":
        await say("421 busy")
        return
    if fault == "hang before banner":
        await asyncio.sleep(3600)
    await say("220 mail.example")
    while command := (await reader.readline()).decode("ascii", "replace").strip().upper():
        if command.startswith("EHLO"):
            await say("250 mail.example")
        elif command.startswith("RCPT"):
            fault = draw(calm)
            await say("451 later" if fault == "451 at RCPT" else "250 ok")
        elif command == "DATA":
            await say("354 go on")
            if fault == "drop in DATA":
                return
            content = await reader.readuntil(b"\r\n.\r\n")
            note(log, content[:-5].replace(b"\r\n..", b"\r\n.") + b"\r\n")
            if fault == "drop after DATA":
                return
            if fault == "hang after DATA":
                await asyncio.sleep(3600)
            await say("452 full" if fault == "452 at the end" else "250 taken")
        elif command == "QUIT":
            await say("221 bye")
            return
        else:
            await say("250 ok")


def draw(calm: Path) -> str:
    if calm.exists():
        return ""
    return random.choices(["", *FAULTS], [SOUND, *FAULTS.values()])[0]


def note(log: IO[str], content: bytes) -> None:
    """A mail that came whole."""
    message = message_from_bytes(content)
    files = [part.get_payload(decode=True) for part in message.walk() if part.get_filename()]
    told = {
        "message_id": message["Message-ID"],
        "order": message["X-Avrop-Order"],
        "to": message["To"],
        "files": [sha256(file).hexdigest() for file in files if isinstance(file, bytes)],
    }
    log.write(json.dumps(told) + "\n")
    log.flush()


async def main(port: int, log: Path, calm: Path) -> None:
    with log.open("a") as file:

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await talk(reader, writer, file, calm)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.transport.abort() if writer.transport.get_write_buffer_size() else writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", port, limit=4_000_000)
        await server.serve_forever()


if __name__ == "__main__":
    random.seed(sys.argv[4])
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])))
