"""Slow password work beside the event loop: few niced threads, a bounded queue, a deadline.

A flood of sign-ins then waits or is refused (503), and no other request gets slower: the threads run
at nice +19, so the kernel prefers the event loop whenever both want a core.
"""

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from authsvc.core import hashing, passwords
from authsvc.errors import Overloaded

T = TypeVar("T")
_PERSONAL = ("email", "username", "first_name", "middle_name", "last_name", "full_name")
DEADLINE = 5.0  # seconds that a job may wait for a thread
_NICE = 19


class Hasher:
    """Makes and checks password hashes.

    threads: how many at once; queue: how many more may wait; cost: of new hashes (bcrypt, log2 rounds).
    """

    def __init__(self, *, threads: int, queue: int, cost: int) -> None:
        self.cost = cost
        self.decoy = hashing.decoy(cost)
        self.room = threads + queue  # running and waiting at most
        self.jobs = 0  # running and waiting now
        self._threads = ThreadPoolExecutor(threads, "hash", initializer=_nice)

    async def verify(self, password: str, stored: str | None) -> bool:
        """Is this the password of that hash? No hash (nobody, or nobody with a password): no, after the same time."""
        right = await self.run(lambda: hashing.verify(password, stored or self.decoy))
        return right and stored is not None

    async def encode(self, password: str) -> str:
        """The hash to store."""
        return await self.run(lambda: hashing.encode(password, self.cost))

    async def problem(self, password: str, *, min_length: int, personal: list[str | None]) -> str | None:
        """Why this password may not be set; None when it may (see core.passwords)."""
        return await self.run(lambda: passwords.problem(password, min_length=min_length, personal=personal))

    async def problem_of(self, password: str, person: Mapping[str, Any], *, min_length: int) -> str | None:
        """The same for a person who is known; his names and addresses must not be the password."""
        return await self.problem(password, min_length=min_length, personal=[person.get(name) for name in _PERSONAL])

    def close(self) -> None:
        """Let running checks end, forget waiting ones."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def run(self, work: Callable[[], T]) -> T:
        """Work that takes its time, in one of the niced threads. Overloaded when too many wait, or one for too long."""
        if self.jobs >= self.room:
            raise Overloaded
        job, is_late = self._threads.submit(work), False

        def give_up() -> None:
            nonlocal is_late
            is_late = job.cancel()  # nothing happens once a thread has begun

        self.jobs += 1
        bell = asyncio.get_running_loop().call_later(DEADLINE, give_up)
        try:
            return await asyncio.wrap_future(job)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if is_late and not (task and task.cancelling()):
                raise Overloaded from None
            raise
        finally:
            bell.cancel()
            self.jobs -= 1


def _nice() -> None:
    with contextlib.suppress(OSError, AttributeError):  # per thread on Linux; elsewhere a thread has no niceness
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
