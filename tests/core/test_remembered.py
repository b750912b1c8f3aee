"""What is remembered, and what is not: bounded, shared loads, nothing that was dropped meanwhile."""

import asyncio

import pytest

from authsvc.core.remembered import Remembered


async def test_callers_who_miss_the_same_key_share_one_load() -> None:
    loads = []

    async def load() -> str:
        loads.append(1)
        await asyncio.sleep(0)
        return "value"

    kept: Remembered[int, str] = Remembered(10)
    assert await asyncio.gather(*(kept.load(1, load) for _ in range(5))) == ["value"] * 5
    assert (loads, kept.get(1)) == ([1], "value")


async def test_what_is_dropped_while_it_is_loaded_is_not_kept() -> None:
    goes_on = asyncio.Event()

    async def load() -> str:
        await goes_on.wait()
        return "before"

    kept: Remembered[int, str] = Remembered(10)
    waiting = asyncio.ensure_future(kept.load(1, load))
    await asyncio.sleep(0)
    kept.drop(1)
    goes_on.set()
    assert await waiting == "before"
    assert kept.get(1) is None


async def test_a_load_that_fails_is_everybodys_and_not_kept() -> None:
    async def load() -> str:
        raise LookupError

    kept: Remembered[int, str] = Remembered(10)
    found = await asyncio.gather(*(kept.load(1, load) for _ in range(3)), return_exceptions=True)
    assert [type(error) for error in found] == [LookupError] * 3
    assert 1 not in kept


async def test_who_gives_up_waiting_takes_the_load_from_nobody() -> None:
    goes_on = asyncio.Event()

    async def load() -> str:
        await goes_on.wait()
        return "value"

    kept: Remembered[int, str] = Remembered(10)
    first, second = (asyncio.ensure_future(kept.load(1, load)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    goes_on.set()
    assert await second == "value"
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_the_oldest_goes_first_and_is_told_of() -> None:
    gone: list[tuple[int, str]] = []
    kept: Remembered[int, str] = Remembered(3, forgotten=lambda key, value: gone.append((key, value)))
    for number in range(5):
        kept.keep(number, str(number))
    assert ([number for number in range(5) if number in kept], len(kept)) == ([2, 3, 4], 3)
    assert gone == [(0, "0"), (1, "1")]
    kept.clear()
    assert len(kept) == 0
