"""When two sets of keys are the same one."""

import pytest

from authsvc.core.signing import KeySet, key_set, make, public_jwk

FIRST, SECOND = make("ES256"), make("ES256")
NAMES = [public_jwk(key)["kid"] for key in (FIRST, SECOND)]
SECRETS = ["s" * 32, "t" * 32]


def es256(active: int = 0, *keys: int, old: tuple[str, ...] = ()) -> KeySet:
    return key_set([(FIRST, SECOND)[key] for key in keys or (0,)], "ES256", NAMES[active], old_secrets=old)


def test_loaded_twice_it_is_the_same() -> None:
    assert es256(0, 0, 1).is_as(es256(0, 0, 1))
    assert key_set([], "HS256", None, SECRETS[0]).is_as(key_set([], "HS256", None, SECRETS[0]))


@pytest.mark.parametrize(
    "other",
    [
        es256(1, 0, 1),
        es256(0, 0),
        es256(0, 0, 1, old=(SECRETS[0],)),
        key_set([FIRST, SECOND], "HS256", None, SECRETS[0]),
    ],
    ids=["another signs", "one is gone", "an old secret more", "another algorithm"],
)
def test_any_change_is_one(other: KeySet) -> None:
    assert not es256(0, 0, 1).is_as(other)
    assert not other.is_as(es256(0, 0, 1))
