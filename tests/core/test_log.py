"""Request lines that several processes write to one stream: each line whole."""

import contextlib
import os
import select
from collections.abc import Iterator
from pathlib import Path

import pytest

from authsvc import log


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What was written at once, each time."""
    found: list[bytes] = []
    write = os.write

    def noted(fd: int, data: bytes) -> int:
        found.append(bytes(data))
        return write(fd, data)

    monkeypatch.setattr(os, "write", noted)
    return found


@contextlib.contextmanager
def pipe() -> Iterator[tuple[int, log._Lines]]:
    """What is read of the other end, and lines on their way to it."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        yield reading, log._Lines(stream)
    os.close(reading)


async def test_a_pipe_gets_whole_lines_in_pieces_that_nobody_parts(written: list[bytes]) -> None:
    lines = [f"{number} {'é' * (number * 7 % 100)}\n" for number in range(250)]
    with pipe() as (reading, gathered):
        for line in lines:
            gathered.add(line)
        gathered.write()
        assert os.read(reading, 2**20).decode() == "".join(lines)
    assert all(piece.endswith(b"\n") and len(piece) <= select.PIPE_BUF for piece in written if piece)
    assert len(written) < len(lines) / 5


async def test_a_line_that_is_longer_is_written_alone(written: list[bytes]) -> None:
    lines = ["a\n", "b" * select.PIPE_BUF + "\n", "c\n", "d" * (select.PIPE_BUF - 1) + "\n", "e" * 9000 + "\n"]
    with pipe() as (reading, gathered):
        for line in lines:
            gathered.add(line)
        gathered.write()
        assert os.read(reading, 2**20).decode() == "".join(lines)
    assert written == [line.encode() for line in lines]


async def test_a_file_gets_them_all_at_once(written: list[bytes], tmp_path: Path) -> None:
    lines = [f"{number}{'x' * 200}\n" for number in range(90)]
    with (tmp_path / "log").open("a") as stream:
        gathered = log._Lines(stream)
        for line in lines:
            gathered.add(line)
        gathered.write()
    assert (tmp_path / "log").read_text() == "".join(lines)
    assert [piece for piece in written if piece.endswith(b"\n")] == ["".join(lines).encode()]


async def test_what_is_written_in_part_is_written_on(monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:7]))
    with pipe() as (reading, gathered):
        gathered.add("a line of some length\n")
        gathered.write()
        assert os.read(reading, 2**20) == b"a line of some length\n"
