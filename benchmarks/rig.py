"""All contenders, up at the same time; load goes to one of them at a time."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import load, processes
from benchmarks.contenders import authsvc, bare
from benchmarks.contenders.base import Call, Contender, NotThere
from benchmarks.contenders.peers import PEERS
from benchmarks.database import Databases, Person
from benchmarks.load import Outcome
from benchmarks.measure import Sample
from benchmarks.rows import BIG, COST_10, RAW, SILENT, Thing

RAW_BCRYPT = Path(__file__).with_name("contenders") / "raw_bcrypt.py"
SMALL = 1000
CHAINS = authsvc.CHAINS + 1  # one more for the check


class Rig:
    """Databases, running contenders, and what could not be had."""

    def __init__(self, many: int) -> None:
        self.many = many
        self.cores = processes.cores()
        self.core = self.cores[0] if self.cores else None
        self.contenders: dict[str, Contender] = {}
        self.left_out: list[str] = []
        self._checked: dict[Thing, bool] = {}
        if self.cores:  # we, the load generators and PostgreSQL: all on the other core
            os.sched_setaffinity(0, {self.cores[1]})
        self.databases = Databases()
        self.databases.start()
        self.big: authsvc.Instance | None = None

    def stop(self) -> None:
        """End and remove all."""
        for contender in self.contenders.values():
            contender.server.stop()
        self.databases.stop()

    async def set_up(self, needed: set[str]) -> None:
        """Start what is needed."""
        callers = await self._authsvc(needed)
        if bare.NAME in needed:
            server = bare.server(self.databases, "authsvc", free_port(), self.core)
            self._add(bare.contender(server, callers, callers[CHAINS : 2 * CHAINS]))
        if BIG in needed:
            self.big, _ = await self._instance(BIG, "authsvc_big", self.many)
        for peer in PEERS:
            if peer.name in needed:
                await self._peer(peer)

    async def _authsvc(self, needed: set[str]) -> Sequence[Person]:
        _, callers = await self._instance(authsvc.NAME, "authsvc", SMALL)
        if COST_10 in needed:
            self._beside(COST_10, callers, cost=10, BCRYPT_COST="10")
        if SILENT in needed:
            self._beside(SILENT, callers, LOG_LEVEL="warning")
        return callers

    def _beside(self, name: str, callers: Sequence[Person], cost: int = 12, **settings: str) -> None:
        """One more process of the service on the same database, with other settings."""
        folder = name.replace(" ", "-")
        instance = authsvc.Instance(self.databases, folder, free_port(), self.core, database="authsvc", **settings)
        instance.server.start()
        self._add(instance.contender(name, callers, cost), start=False)

    async def _instance(self, name: str, database: str, people: int) -> tuple[authsvc.Instance, Sequence[Person]]:
        if database != "authsvc":  # the embedded server makes that one itself
            await self.databases.create(database, "authsvc_owner")
        instance = authsvc.Instance(self.databases, database, free_port(), self.core)
        instance.server.start()  # migrates and seeds
        say(f"{people:,} people for {name}")
        callers = await instance.fill(people)
        self._add(instance.contender(name, callers), start=False)
        return instance, callers

    async def _peer(self, peer: Any) -> None:
        say(peer.name)
        try:
            self._add(await peer.contender(self.databases, free_port(), self.core))
        except (NotThere, RuntimeError, OSError, subprocess.SubprocessError) as err:
            self.left_out.append(f"{peer.name}: {err}")
            say(self.left_out[-1])

    def _add(self, contender: Contender, *, start: bool = True) -> None:
        if start:
            contender.server.start()
        self.contenders[contender.name] = contender

    def has(self, thing: Thing) -> bool:
        """Can this be measured? It is asked once and its answer looked at; a wrong one leaves it out."""
        if thing not in self._checked:
            self._checked[thing] = self._check(thing)
        return self._checked[thing]

    def _check(self, thing: Thing) -> bool:
        if thing.contender == RAW:
            return True
        if thing.contender not in self.contenders:
            return False
        try:
            self.contenders[thing.contender].check(thing.call)
        except (NotThere, RuntimeError, OSError) as err:
            self.left_out.append(f"{err}")
            say(self.left_out[-1])
            return False
        return True

    def take(self, thing: Thing, **job: Any) -> Sample:
        """One slice of load for one thing."""
        if thing.contender == RAW:
            return self._raw(int(thing.call), job["count"])
        contender = self.contenders[thing.contender]
        wanted = contender.job(thing.call, self.databases.folder, **job)
        pids = (contender.server.pid, self.databases.pid)
        before = [processes.cpu_seconds(pid) for pid in pids]
        outcome = load.run(wanted)
        used = [processes.cpu_seconds(pid) - was for pid, was in zip(pids, before, strict=True)]
        return Sample(outcome, *(seconds / max(1, outcome.requests) * 1e6 for seconds in used))

    def _raw(self, cost: int, count: int) -> Sample:
        command = [sys.executable, RAW_BCRYPT, str(cost), str(count), str(os.cpu_count())]
        with processes.on_core(self.core):
            done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
        said = json.loads(done.stdout)
        return Sample(Outcome(count, said["seconds"], 0, 0, 0, 0), said["cpu"] / count * 1e6, 0)

    def call(self, contender: str, name: str, call: Call) -> Thing:
        """One more call for a contender."""
        self.contenders[contender].calls[name] = call
        return Thing(contender, name)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def say(text: str) -> None:
    """What is going on, for whoever waits."""
    print(f"· {text}", flush=True)


def needs(things: Iterable[Thing]) -> set[str]:
    """Whose contenders they are."""
    return {thing.contender for thing in things}
