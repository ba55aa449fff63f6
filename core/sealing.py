"""Sealing: bytes that nobody reads without the server's secret key, and nobody changes unseen.

Every envelope has a key of its own, derived with HKDF-SHA256 (RFC 5869) from the secret key, a fresh salt and what the
envelope belongs to; AES-256-GCM (NIST SP 800-38D) hides and binds the content with it. docs/decisions/0018 says what
this protects against, and what not.
"""

from __future__ import annotations

from secrets import token_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = b"\x01"
SALT, TAG = 32, 16  # bytes
NONCE = bytes(12)  # the same each time: no key closes more than one envelope
BLOCK = 65536  # envelopes come in whole blocks: a short answer is as long as none
LENGTH = 8


class Unsealable(Exception):
    """The envelope was made with another key or for something else, or has been changed."""


def seal(secret: str, context: str, content: bytes) -> bytes:
    """Close an envelope. `context` says what it is for, and is needed to open it."""
    padded = len(content).to_bytes(LENGTH, "big") + content
    padded += bytes(-len(padded) % BLOCK)
    head = VERSION + token_bytes(SALT)
    return head + AESGCM(_key(secret, head, context)).encrypt(NONCE, padded, head)


def unseal(secret: str, context: str, envelope: bytes) -> bytes:
    """What was sealed. Raises Unsealable."""
    head, hidden = envelope[: len(VERSION) + SALT], envelope[len(VERSION) + SALT :]
    if not head.startswith(VERSION) or len(hidden) < LENGTH + TAG:
        raise Unsealable
    try:
        padded = AESGCM(_key(secret, head, context)).decrypt(NONCE, hidden, head)
    except InvalidTag:
        raise Unsealable from None
    return padded[LENGTH : LENGTH + int.from_bytes(padded[:LENGTH], "big")]


def key_print(secret: str) -> str:
    """Tells one secret key from another, and nothing of either: 16 hexadecimal digits."""
    return HKDF(SHA256(), 8, b"avrop", b"print of the sealing key").derive(secret.encode()).hex()


def _key(secret: str, head: bytes, context: str) -> bytes:
    info = b"avrop sealed envelope\x00" + context.encode()
    return HKDF(SHA256(), 32, head[len(VERSION) :], info).derive(secret.encode())
