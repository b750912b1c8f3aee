"""Work beside the requests ends with the application."""

import asyncio

import pytest

from authsvc.jobs import background
from authsvc.jobs.background import running


async def test_it_runs_meanwhile_and_ends() -> None:
    steps: list[str] = []

    async def work() -> None:
        steps.append("began")
        try:
            await asyncio.sleep(60)
        finally:
            steps.append("ended")

    async with running(work()):
        await asyncio.sleep(0)
        assert steps == ["began"]
    assert steps == ["began", "ended"]


async def test_who_misses_that_he_is_called_off_is_called_off_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "_AGAIN", 0.05)
    missed = 0

    async def work() -> None:
        nonlocal missed
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if missed == 2:
                    raise
                missed += 1

    async with asyncio.timeout(30):
        async with running(work()):
            await asyncio.sleep(0)
    assert missed == 2


async def test_what_broke_it_is_said() -> None:
    async def work() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        async with running(work()):
            await asyncio.sleep(0)
