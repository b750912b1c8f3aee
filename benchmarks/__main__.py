"""The order of measuring: python -m benchmarks [--quick] [--only validate,refresh,…]"""

import argparse
import asyncio
import contextlib
import signal
import statistics
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import load, processes, report
from benchmarks.contenders import authsvc
from benchmarks.contenders.base import Call, bearer, get
from benchmarks.measure import Sample, Samples, interleaved, ratio
from benchmarks.rig import Rig, free_port, needs, say
from benchmarks.rows import BIG, NAMES, ROWS, SCALED, Thing

RESULTS = Path(__file__).with_name("results")


class Length(NamedTuple):
    """How long is measured."""

    rounds: int  # of slices of a second
    sign_in_rounds: int
    sign_ins: int  # of cost 12 per slice; four times as many of cost 10
    beside_rounds: int
    start_ups: int
    sessions: int  # that live, for the memory of a worker
    people: int  # of the large database


FULL = Length(8, 4, 8, 3, 5, 100_000, 1_000_000)
QUICK = Length(2, 1, 4, 1, 2, 10_000, 50_000)
SIGN_IN_CONNECTIONS = 4
BESIDE_SECONDS, BESIDE_LEAD = 3, 1.5
BESIDE = {"one core": 16, "all cores": 16, "all cores, not busy": 1}  # connections that ask for validate


def main(wanted: set[str], length: Length, place: Path) -> None:
    """Set up, measure, report."""
    began = time.monotonic()
    rows = [row for row in ROWS if row.name in wanted]
    needed = needs(thing for row in rows for thing in (row.ours, *row.others))
    if "start-up" in wanted:
        needed |= needs(thing for row in ROWS for thing in row.others)
    if wanted & {"scale", "memory"}:
        needed.add(BIG)
    rig = Rig(length.people)
    try:
        asyncio.run(rig.set_up(needed))
        found = report.Found(rig.left_out)
        measure_rows(rig, rows, length, found)
        if "beside" in wanted:
            beside(rig, length, found)
        if "scale" in wanted:
            scale(rig, length, found)
        if "memory" in wanted:
            memory(rig, length, found)
        if "start-up" in wanted:
            start_up(rig, length, found)
        found.facts = asyncio.run(report.facts(rig))
        found.facts["measured in"] = f"{time.monotonic() - began:.0f} s"
        report.write(place, rows, found, length._asdict())
    finally:
        rig.stop()


def measure_rows(rig: Rig, rows: list[Any], length: Length, found: "report.Found") -> None:
    """Each group of rows interleaved."""
    jobs: dict[str, tuple[int, dict[str, Any]]] = {
        "requests": (length.rounds, {"seconds": 1}),
        "refresh": (length.rounds, {"seconds": 1}),
        "sign-in-12": (length.sign_in_rounds, {"count": length.sign_ins, "connections": SIGN_IN_CONNECTIONS}),
        "sign-in-10": (length.sign_in_rounds, {"count": 4 * length.sign_ins, "connections": SIGN_IN_CONNECTIONS}),
    }
    for group, (rounds, job) in jobs.items():
        things = dict.fromkeys(thing for row in rows if row.group == group for thing in (row.ours, *row.others))
        there = [thing for thing in things if rig.has(thing)]
        if there:
            say(f"{group}: {len(there)} things, {rounds} rounds")
            found.samples.update(interleaved(there, rounds, lambda thing, job=job: rig.take(thing, **job)))


def beside(rig: Rig, length: Length, found: "report.Found") -> None:
    """validate's p99 alone and while 16 sign-ins are in flight, the server pinned to one core and on all."""
    validate, server = Thing(authsvc.NAME, "validate"), rig.contenders[authsvc.NAME].server
    signing_in = rig.contenders[authsvc.NAME].job(
        "sign-in", rig.databases.folder, seconds=BESIDE_SECONDS + BESIDE_LEAD, connections=16, own=True
    )
    if not rig.has(validate):
        return
    load.run(signing_in._replace(seconds=None, count=16))  # so that no device is a new one

    for where, connections in BESIDE.items():
        say(f"validate beside sign-ins, {where}")
        asked = {"seconds": BESIDE_SECONDS, "connections": connections}

        def take(with_sign_ins: bool, asked: dict[str, Any] = asked) -> Sample:
            if not with_sign_ins:
                return rig.take(validate, **asked)
            with load.beside(signing_in, found.beside_sign_ins):
                time.sleep(BESIDE_LEAD)
                return rig.take(validate, **asked)

        with server.on_all_cores() if where.startswith("all") else contextlib.nullcontext():
            samples: Samples[bool] = interleaved([False, True], length.beside_rounds, take, warm_up=False)
        found.beside[where] = (samples[False], samples[True])
        found.extra[f"p99 {where}"] = ratio(samples[True], samples[False], lambda s: s.outcome.p99)


def scale(rig: Rig, length: Length, found: "report.Found") -> None:
    """CPU per request, of the service and of PostgreSQL for it, with few people and with many."""
    things = [
        Thing(name, call)
        for call in SCALED
        for name in (authsvc.NAME, BIG)
        if rig.has(Thing(authsvc.NAME, call)) and rig.has(Thing(BIG, call))
    ]
    say(f"scale: {len(things)} things, {length.rounds} rounds")
    samples = interleaved(things, length.rounds, lambda thing: rig.take(thing, seconds=1))
    for call in dict.fromkeys(thing.call for thing in things):
        few, many = samples[Thing(authsvc.NAME, call)], samples[Thing(BIG, call)]
        found.scale[call] = (few, many)
        found.extra[f"scale {call}"] = ratio(many, few, lambda s: s.cpu)


def memory(rig: Rig, length: Length, found: "report.Found") -> None:
    """Resident memory, at rest and once a worker has seen so many live sessions."""
    for name, contender in rig.contenders.items():
        found.memory[name] = processes.rss_mb(contender.server.pid)
    assert rig.big
    say(f"memory: {length.sessions:,} live sessions")
    tokens = asyncio.run(rig.big.more_sessions(length.sessions))
    requests = [get("/api/v1/users/token/validate/", bearer(token)) for token in tokens]
    thing = rig.call(BIG, "sessions", Call([*requests, requests[0]], []))
    sample = rig.take(thing, count=length.sessions)
    found.extra["memory"] = processes.rss_mb(rig.contenders[BIG].server.pid)
    found.memory[f"authsvc, {length.sessions:,} live sessions seen"] = found.extra["memory"]
    if sample.outcome.bad:
        found.left_out.append(f"memory: {sample.outcome.bad} of {length.sessions} sessions were not live")


def start_up(rig: Rig, length: Length, found: "report.Found") -> None:
    """From the command to the first answer, in turn over all; databases are there already."""
    folder = rig.databases.folder / "own"
    own = authsvc.own_database(folder, free_port(), rig.databases.folder / "own.log", rig.core)
    production = authsvc.in_production(rig.databases, "authsvc", free_port(), rig.core)
    servers = {"authsvc --dev, with its PostgreSQL": own, "authsvc, production": production}
    servers |= {name: c.server for name, c in rig.contenders.items() if not name.startswith(authsvc.NAME)}
    say(f"start-up: {len(servers)} servers, {length.start_ups} rounds")
    own.start()  # makes its database
    own.stop()
    times: dict[str, list[float]] = {name: [] for name in servers}
    for name, server in list(servers.items()) * length.start_ups:
        server.stop()
        times[name].append(server.start())
    own.stop()
    production.stop()
    found.start_up = {name: statistics.median(seconds) for name, seconds in times.items()}
    found.extra["start-up"] = found.start_up["authsvc --dev, with its PostgreSQL"]


def options() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure authsvc beside its peers.")
    parser.add_argument("--quick", action="store_true", help="short slices: does it all work?")
    parser.add_argument("--only", metavar="ROW,…", default=",".join(NAMES), help=f"some of: {', '.join(NAMES)}")
    parser.add_argument("--people", type=int, help="people in the large database")
    given = parser.parse_args()
    if unknown := set(given.only.split(",")) - set(NAMES):
        parser.error(f"unknown rows: {', '.join(sorted(unknown))}")
    return given


if __name__ == "__main__":
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)  # which ends all that was started
    given = options()
    chosen = set(given.only.split(","))
    duration = QUICK if given.quick else FULL
    if given.people:
        duration = duration._replace(people=given.people)
    is_whole = not given.quick and chosen == set(NAMES)
    try:
        main(chosen, duration, RESULTS / (report.WHOLE if is_whole else "partial"))
    except KeyboardInterrupt:
        sys.exit("interrupted: all that was started has ended")
