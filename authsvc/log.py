"""Logs: one line per event on standard error, JSON for machines or text for a terminal.

Never in a line: passwords, codes, tokens, cookies, query strings, bodies.
"""

import asyncio
import datetime as dt
import logging
import os
import select
import stat
import sys
from collections.abc import Iterator
from typing import TextIO

import orjson

_MOMENT = 0.1  # seconds
_MANY = 100  # lines
_requests = logging.getLogger("authsvc.requests")
_lines: "_Lines | None" = None


def configure(form: str | None, level: str) -> None:
    """Send all logging to standard error. form: "text", "json", or None for text on a terminal and JSON elsewhere.

    An unknown level counts as info here, so that the message about wrong settings can say so.
    """
    handler = logging.StreamHandler(sys.stderr)
    text = form == "text" or (form is None and sys.stderr.isatty())
    handler.setFormatter(_Text() if text else _Json())
    global _lines  # noqa: PLW0603 - like the root logger, there is one per process
    _lines = None if text else _Lines(sys.stderr)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.getLevelNamesMapping().get(level.upper(), logging.INFO))
    logging.getLogger("asyncio").setLevel(logging.WARNING)


def flush() -> None:
    """Write what waits to be written; before a process ends without further ado."""
    if _lines is not None:
        _lines.write()


def gathered() -> "_Lines | None":
    """Where request lines go as JSON; None where each line is written as it comes."""
    return _lines


class _Lines:
    """JSON lines on their way to a stream: a write per line would cost more than the line.

    Several processes share the stream. What one writes to a pipe at once stays together if it is at most PIPE_BUF
    bytes long, so there it is written in pieces of whole lines.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting: list[str] = []
        self._fd, self._at_once = stream.fileno(), select.PIPE_BUF
        if stat.S_ISREG(os.fstat(self._fd).st_mode):
            self._at_once = sys.maxsize

    def add(self, line: str) -> None:
        """Write a line, with its end, within a moment; needs a running event loop."""
        if not self._waiting:
            asyncio.get_running_loop().call_later(_MOMENT, self.write)
        self._waiting.append(line)
        if len(self._waiting) >= _MANY:
            self.write()

    def write(self) -> None:
        """Write what waits."""
        lines, self._waiting = self._waiting, []
        if lines:
            self._stream.flush()
            for piece in _pieces("".join(lines).encode(), self._at_once):
                rest = memoryview(piece)
                while rest:
                    rest = rest[os.write(self._fd, rest) :]


def _pieces(lines: bytes, most: int) -> Iterator[bytes]:
    """Whole lines, as many as fit into so many bytes; one that does not fit, alone."""
    begin = 0
    while len(lines) - begin > most:
        end = lines.rfind(b"\n", begin, begin + most) + 1 or lines.index(b"\n", begin) + 1
        yield lines[begin:end]
        begin = end
    yield lines[begin:]


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, option=orjson.OPT_UTC_Z, default=str).decode()


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        moment = dt.datetime.fromtimestamp(record.created, dt.UTC).astimezone()
        fields = getattr(record, "fields", {})
        if record.name == _requests.name:
            what = f"{fields['status']} {fields['method']:6} {fields['path'] or '-'} {fields['ms']} ms"
            line = f"{moment:%H:%M:%S} {what} {fields['person'] or ''}"
        else:
            more = " ".join(f"{name}={value}" for name, value in fields.items())
            line = f"{moment:%H:%M:%S} {record.levelname.lower()}: {record.getMessage()} {more}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line.rstrip()
