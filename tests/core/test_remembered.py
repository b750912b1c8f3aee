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


async def test_of_many_only_what_is_missing_is_loaded() -> None:
    asked: list[list[int]] = []

    async def load(keys: list[int]) -> dict[int, str]:
        asked.append(keys)
        return {key: str(key) for key in keys if key < 10}

    kept: Remembered[int, str] = Remembered(10)
    kept.keep(2, "two")
    assert await kept.load_all([1, 2, 99], load) == {1: "1", 2: "two"}
    await asyncio.sleep(0)
    assert await kept.load_all([1, 2], load) == {1: "1", 2: "two"}
    assert asked == [[1, 99]]
    assert 99 not in kept


async def test_of_many_what_is_dropped_while_it_is_loaded_is_not_kept() -> None:
    goes_on = asyncio.Event()

    async def load(keys: list[int]) -> dict[int, str]:
        await goes_on.wait()
        return dict.fromkeys(keys, "before")

    kept: Remembered[int, str] = Remembered(10)
    waiting = asyncio.ensure_future(kept.load_all([1, 2], load))
    await asyncio.sleep(0)
    kept.drop(1)
    goes_on.set()
    assert await waiting == {1: "before", 2: "before"}
    await asyncio.sleep(0)
    assert (kept.get(1), kept.get(2)) == (None, "before")


@pytest.mark.parametrize("how", ["fails", "is given up"])
async def test_many_of_which_nothing_comes_are_not_kept(how: str) -> None:
    async def load(keys: list[int]) -> dict[int, str]:
        if how == "fails":
            raise LookupError
        await asyncio.Event().wait()
        return {}

    kept: Remembered[int, str] = Remembered(10)
    waiting = asyncio.ensure_future(kept.load_all([1, 2], load))
    await asyncio.sleep(0)
    waiting.cancel()
    assert isinstance((await asyncio.gather(waiting, return_exceptions=True))[0], LookupError | asyncio.CancelledError)
    await asyncio.sleep(0)
    assert (1 in kept, 2 in kept) == (False, False)
