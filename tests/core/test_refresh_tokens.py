"""Refresh tokens: opaque, stored as hashes, their successors readable with the predecessor only."""

import hashlib
import re

import pytest

from authsvc.core import refresh_tokens as rt


def test_form_and_uniqueness() -> None:
    made = [rt.new() for _ in range(2000)]
    assert len(set(made)) == len(made)
    assert all(re.fullmatch(r"rt_[A-Za-z0-9_-]{43}", token) and rt.is_one(token) for token in made)
    assert len({token[:10] for token in made}) > 1990


@pytest.mark.parametrize(
    "text",
    ["", "rt_", "rt_" + "A" * 42, "rt_" + "A" * 44, "RT_" + "A" * 43, "A" * 46, "rt_" + "A" * 42 + "=",
     "rt_" + "A" * 42 + "+", "rt_" + "A" * 42 + "é", "rt_" + "A" * 43 + "\n", " rt_" + "A" * 43,
     "rt_" + "A" * 42 + "\0", "a.b.c", "rt_" + "٣" * 43, "rt_" + "A" * 43 + "." + "A" * 10],
)  # fmt: skip
def test_what_is_none(text: str) -> None:
    assert not rt.is_one(text)


def test_the_digest_is_sha256_of_the_text() -> None:
    token = rt.new()
    assert rt.digest(token) == hashlib.sha256(token.encode()).digest()
    assert rt.digest(token) != rt.digest(rt.new())


def test_sealing_and_unsealing() -> None:
    for _ in range(500):
        predecessor, successor = rt.new(), rt.new()
        sealed = rt.seal(successor, predecessor)
        assert len(sealed) == 32
        assert rt.unseal(sealed, predecessor) == successor


def test_nobody_else_can_unseal() -> None:
    predecessor, successor = rt.new(), rt.new()
    sealed = rt.seal(successor, predecessor)
    assert rt.unseal(sealed, rt.new()) != successor
    assert rt.unseal(sealed, successor) != successor
    assert rt.digest(rt.unseal(sealed, rt.digest(predecessor).hex())) != rt.digest(successor)


def test_what_is_stored_gives_nothing_away() -> None:
    predecessor, successor = rt.new(), rt.new()
    sealed, digest = rt.seal(successor, predecessor), rt.digest(predecessor)
    assert sealed != rt._bytes(successor)
    assert bytes(a ^ b for a, b in zip(sealed, digest, strict=True)) != rt._bytes(successor)
    assert rt._pad(predecessor) not in (digest, rt._bytes(predecessor))


def test_one_pad_per_predecessor() -> None:
    pads = {rt._pad(rt.new()) for _ in range(500)}
    assert len(pads) == 500


def test_a_token_of_another_length_is_never_sealed() -> None:
    with pytest.raises(ValueError, match="as long as"):
        rt.seal("rt_" + "A" * 40, rt.new())


def test_two_spellings_of_the_same_bits_are_two_tokens() -> None:
    """The last letter carries four bits of nothing: only the text that was given out is known by its hash."""
    token = "rt_" + "A" * 43
    other = token[:-1] + "B"
    assert rt._bytes(token) == rt._bytes(other)
    assert rt.digest(token) != rt.digest(other)
