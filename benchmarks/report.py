"""The Markdown report: targets, rows, and on what it was measured."""

import dataclasses
import datetime as dt
import importlib.metadata
import os
import platform
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import plot
from benchmarks.contenders.peers import PEERS
from benchmarks.load import CONNECTIONS, WRK, Outcome
from benchmarks.measure import Sample, failures, mean, middle, ratio
from benchmarks.rig import Rig
from benchmarks.rows import TARGETS, TITLES, Figures, Row, Target, Thing

OURS = ("aiohttp", "asyncpg", "uvloop", "orjson", "pyjwt", "bcrypt", "cryptography")
WHOLE = "bench"  # how the files of a whole run are called
NOTES = """Medians of slices of one second (sign-ins: of a fixed number), interleaved over all contenders in one run,
over {connections} keep-alive connections (sign-ins: 4); CPU per request is the mean over all slices. × is the
median, over rounds, of our requests/s ÷ theirs; "CPU ×" is their CPU per request, PostgreSQL's included, ÷ ours.
Pinned: {pinned}.
The callers are 1,000 people with a session each, in turn. Of them, authsvc alone logs its requests."""


@dataclasses.dataclass
class Found:
    """All that was measured."""

    left_out: list[str]
    samples: dict[Thing, list[Sample]] = dataclasses.field(default_factory=dict)
    beside: dict[str, tuple[list[Sample], list[Sample]]] = dataclasses.field(default_factory=dict)
    beside_sign_ins: list[Outcome] = dataclasses.field(default_factory=list)
    scale: dict[str, tuple[list[Sample], list[Sample]]] = dataclasses.field(default_factory=dict)
    memory: dict[str, float] = dataclasses.field(default_factory=dict)
    start_up: dict[str, float] = dataclasses.field(default_factory=dict)
    extra: dict[str, float] = dataclasses.field(default_factory=dict)
    facts: dict[str, str] = dataclasses.field(default_factory=dict)


async def facts(rig: Rig) -> dict[str, str]:
    """Versions and hardware."""
    names = set(rig.contenders)
    peers = {peer.name: peer.version() for peer in PEERS if peer.name in names}
    node = {"Node.js": _said("node", "--version")} if "better-auth" in names else {}
    return {
        "date": f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC",
        "authsvc": f"{importlib.metadata.version('authsvc')}, commit {_said('git', 'describe', '--always', '--dirty')}",
        "Python": f"{platform.python_version()} ({platform.python_compiler()})",
        "libraries": ", ".join(f"{name} {importlib.metadata.version(name)}" for name in OURS),
        "PostgreSQL": await rig.databases.version(),
        **node,
        **peers,
        "load": _said("wrk", "-v").split(" [")[0] if WRK else "own asyncio client (wrk is not there)",
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "pinned": f"server core {rig.cores[0]}, all else core {rig.cores[1]}" if rig.cores else "no: too few cores",
        "load average at the end": ", ".join(f"{load:.1f}" for load in os.getloadavg()),
    }


def write(place: Path, rows: Sequence[Row], found: Found, length: Mapping[str, Any]) -> None:
    """place: the files' path without suffix."""
    place.parent.mkdir(exist_ok=True)
    rows = [row for row in rows if row.ours in found.samples]
    text = "\n\n".join(part for part in _parts(place.name, rows, found, length) if part) + "\n"
    place.with_suffix(".md").write_text(text, "utf-8")
    place.with_suffix(".svg").write_text(plot.bars(rows, found.samples), "utf-8")
    print(f"\n{text}\nwritten: benchmarks/results/{place.name}.md and .svg")


def _parts(name: str, rows: Sequence[Row], found: Found, length: Mapping[str, Any]) -> Iterable[str]:
    yield "# authsvc beside its peers"
    yield NOTES.format(connections=CONNECTIONS, pinned=found.facts.get("pinned", "no"))
    yield f"![requests per second]({name}.svg)"
    if targets := _targets(rows, found, is_whole=name == WHOLE):
        yield "## Targets"
        yield table(("target", "wanted", "measured", ""), targets)
    if rows:
        yield "## Requests"
        yield _requests(rows, found)
    if found.beside:
        yield "## validate beside 16 sign-ins in flight"
        yield _beside(found)
    if found.scale:
        yield f"## 1,000 users and {length['people']:,}"
        yield _scale(found)
    if found.memory or found.start_up:
        yield "## Start-up and memory"
        yield _start_up_and_memory(found)
    if found.left_out:
        yield "## Left out"
        yield "\n".join(f"- {why}" for why in found.left_out)
    yield "## Measured on"
    lengths = ", ".join(f"{key.replace('_', ' ')} {value:,}" for key, value in length.items())
    yield table(("what", "which"), [*found.facts.items(), ("lengths", lengths)])


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; all columns but the first of several are numbers when they look so."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows)])


def _targets(rows: Sequence[Row], found: Found, *, is_whole: bool) -> list[Sequence[object]]:
    figures = _figures(rows, found)
    lines: list[Sequence[object]] = []
    for target in TARGETS:
        value = target.of(figures)
        if value is None and not is_whole:
            continue
        state = "not measured" if value is None else "**met**" if target.met(value) else "**missed**"
        lines.append((target.text, _bounds(target), "–" if value is None else number(value), state))
    return lines


def _bounds(target: Target) -> str:
    if target.least is not None and target.most is not None:
        return f"{target.least:g} … {target.most:g}"
    return f"≥ {target.least:,g}" if target.least is not None else f"≤ {target.most:g}"


def _figures(rows: Sequence[Row], found: Found) -> Figures:
    by_name = {row.name: row for row in rows}

    def of(name: str, other: Thing) -> float | None:
        row = by_name.get(name)
        return ratio(found.samples[row.ours], found.samples[other]) if row and other in found.samples else None

    def rate(name: str) -> float | None:
        row = by_name.get(name)
        return middle(found.samples[row.ours], lambda s: s.rate) if row else None

    return Figures(of, rate, found.extra.get)


def _requests(rows: Sequence[Row], found: Found) -> str:
    lines: list[Sequence[object]] = []
    for row in rows:
        ours = found.samples[row.ours]
        lines.append((f"**{TITLES[row.name]}**", "authsvc", *_cells(ours), "1", "1"))
        for other in row.others:
            if theirs := found.samples.get(other):
                times = (
                    number(ratio(ours, theirs)),
                    number(mean(theirs, lambda s: s.cpu) / mean(ours, lambda s: s.cpu)),
                )
                lines.append(("", f"{other.contender}, {other.call}", *_cells(theirs), *times))
    head = ("", "who", "requests/s", "p50 ms", "p99 ms", "CPU µs", "PostgreSQL µs", "errors", "×", "CPU ×")
    return table(head, lines)


def _cells(samples: Sequence[Sample]) -> tuple[str, ...]:
    times = [middle(samples, lambda s: s.outcome.p50), middle(samples, lambda s: s.outcome.p99)]
    return (
        number(middle(samples, lambda s: s.rate)),
        *(number(time) if time else "–" for time in times),
        number(mean(samples, lambda s: s.server)),
        number(mean(samples, lambda s: s.database)),
        str(failures(samples)),
    )


def _beside(found: Found) -> str:
    lines = [
        (
            where,
            *(number(middle(s, lambda s: s.outcome.p99)) for s in both),
            number(found.extra[f"p99 {where}"]),
            *(number(middle(s, lambda s: s.rate)) for s in both),
        )
        for where, both in found.beside.items()
    ]
    bad = sum(o.bad + o.errors for o in found.beside_sign_ins)
    done = sum(o.requests for o in found.beside_sign_ins)
    head = ("server on", "p99 alone, ms", "p99 beside, ms", "×", "requests/s alone", "requests/s beside")
    return f"{table(head, lines)}\n\nSign-ins meanwhile: {done}, refused or failed: {bad}."


def _scale(found: Found) -> str:
    lines = [
        (
            TITLES[call],
            *(number(middle(few, of)) for of in (lambda s: s.server, lambda s: s.database)),
            *(number(middle(many, of)) for of in (lambda s: s.server, lambda s: s.database)),
            number(found.extra[f"scale {call}"]),
            failures([*few, *many]),
        )
        for call, (few, many) in found.scale.items()
    ]
    head = ("", "few: CPU µs", "PostgreSQL µs", "many: CPU µs", "PostgreSQL µs", "many ÷ few", "errors")
    return table(head, lines)


def _start_up_and_memory(found: Found) -> str:
    names = dict.fromkeys([*found.start_up, *found.memory])
    lines = [
        (
            name,
            f"{found.start_up[name]:.2f}" if name in found.start_up else "–",
            f"{found.memory[name]:.0f}" if name in found.memory else "–",
        )
        for name in names
    ]
    return table(("", "start-up, s", "resident MB of the worker"), lines)


def number(value: float) -> str:
    """Three digits are what such a measurement knows."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(": ", 1)[1] for line in text.splitlines() if line.startswith("model name")), "unknown")


def _said(*command: str) -> str:
    if shutil.which(command[0]) is None:
        return "unknown"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip().partition("\n")[0] or "unknown"
