"""Sealing: bytes that nobody reads without the server's secret key, and nobody changes unseen.

Every envelope has keys of its own, derived with HKDF-SHA256 (RFC 5869) from the secret key, a fresh salt and what the
envelope belongs to. The content is hidden by the output of SHAKE-256 under the one key and bound by HMAC-SHA256 under
the other, over ciphertext and context (encrypt-then-MAC). docs/decisions/0018 says what this protects against, what
not, and why it is built of the standard library's parts.
"""

from __future__ import annotations

import hmac
from hashlib import sha256, shake_256
from secrets import token_bytes

VERSION = b"\x01"
SALT, TAG = 32, 32  # bytes
BLOCK = 65536  # envelopes come in whole blocks: a short answer is as long as none
LENGTH = 8


class Unsealable(Exception):
    """The envelope was made with another key or for something else, or has been changed."""


def seal(secret: str, context: str, content: bytes) -> bytes:
    """Close an envelope. `context` says what it is for, and is needed to open it."""
    salt = token_bytes(SALT)
    hiding, binding = _keys(secret, salt, context)
    padded = len(content).to_bytes(LENGTH, "big") + content
    padded += bytes(-len(padded) % BLOCK)
    hidden = VERSION + salt + _mixed(padded, hiding)
    return hidden + hmac.digest(binding, hidden, "sha256")


def unseal(secret: str, context: str, envelope: bytes) -> bytes:
    """What was sealed. Raises Unsealable."""
    hidden, tag = envelope[:-TAG], envelope[-TAG:]
    salt, body = hidden[len(VERSION) : len(VERSION) + SALT], hidden[len(VERSION) + SALT :]
    if not hidden.startswith(VERSION) or len(body) < LENGTH:
        raise Unsealable
    hiding, binding = _keys(secret, salt, context)
    if not hmac.compare_digest(hmac.digest(binding, hidden, "sha256"), tag):
        raise Unsealable
    padded = _mixed(body, hiding)
    return padded[LENGTH : LENGTH + int.from_bytes(padded[:LENGTH], "big")]


def key_print(secret: str) -> str:
    """Tells one secret key from another, and nothing of either: 16 hexadecimal digits."""
    return _expand(_extract(b"avrop", secret), b"print of the sealing key", 8).hex()


def _keys(secret: str, salt: bytes, context: str) -> tuple[bytes, bytes]:
    both = _expand(_extract(salt, secret), b"avrop sealed envelope\x00" + context.encode(), 64)
    return both[:32], both[32:]


def _extract(salt: bytes, secret: str) -> bytes:
    """RFC 5869, 2.2."""
    return hmac.digest(salt, secret.encode(), "sha256")


def _expand(key: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869, 2.3."""
    found, block = b"", b""
    for number in range(1, -(-length // sha256().digest_size) + 1):
        block = hmac.digest(key, block + info + bytes([number]), "sha256")
        found += block
    return found[:length]


def _mixed(content: bytes, key: bytes) -> bytes:
    """Content and key stream, bit by bit exclusive or: hides, and done again shows."""
    stream = shake_256(key).digest(len(content))
    return (int.from_bytes(content, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(content), "big")
