"""Sealing: only the key and the context open an envelope, and every changed bit is seen."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.sealing import BLOCK, SALT, TAG, Unsealable, key_print, seal, unseal

SECRET = "a key for tests only, thirty-two characters or more"


@given(st.binary(max_size=3000), st.text(max_size=40))
@settings(max_examples=40, deadline=None)
def test_what_was_sealed_comes_out(content: bytes, context: str) -> None:
    envelope = seal(SECRET, context, content)
    assert unseal(SECRET, context, envelope) == content
    assert len(content) < 12 or content not in envelope


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_changed_bit_goes_unseen(data: st.DataObject) -> None:
    envelope = bytearray(seal(SECRET, "bid 1", b"9 870,00"))
    at = data.draw(st.integers(0, len(envelope) - 1))
    envelope[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Unsealable):
        unseal(SECRET, "bid 1", bytes(envelope))


@pytest.mark.parametrize("cut", [0, 1, 40, 72, 100])
def test_no_cut_envelope_is_opened(cut: int) -> None:
    with pytest.raises(Unsealable):
        unseal(SECRET, "bid 1", seal(SECRET, "bid 1", b"9 870,00")[:cut])


def test_another_key_or_context_opens_nothing() -> None:
    envelope = seal(SECRET, "bid 1", b"9 870,00")
    for secret, context in ((SECRET + "x", "bid 1"), (SECRET, "bid 2")):
        with pytest.raises(Unsealable):
            unseal(secret, context, envelope)


def test_short_envelopes_are_of_one_length_and_never_the_same() -> None:
    envelopes = [seal(SECRET, "bid 1", content) for content in (b"", b"", b"9 870,00" * 100)]
    assert len({*envelopes}) == 3
    assert {len(envelope) for envelope in envelopes} == {1 + SALT + BLOCK + TAG}


def test_the_print_of_a_key_tells_keys_apart() -> None:
    assert key_print(SECRET) == key_print(SECRET) != key_print(SECRET + "x")
    assert len(key_print(SECRET)) == 16
