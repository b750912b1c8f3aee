"""A bounded memory of what was loaded, in which nothing stays that was dropped while it was being loaded."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """At most `most` values, the oldest going first. Callers who miss the same key share one load."""

    def __init__(self, most: int, *, forgotten: Callable[[K, V], None] = lambda key, value: None) -> None:
        self._most, self._forgotten = most, forgotten
        self._values: dict[K, V] = {}
        self._loads: dict[K, asyncio.Future[V | None]] = {}

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: K) -> bool:
        """Is it remembered, or being loaded?"""
        return key in self._values or key in self._loads

    def get(self, key: K) -> V | None:
        """What is remembered."""
        return self._values.get(key)

    async def load(self, key: K, source: Callable[[], Awaitable[V | None]]) -> V | None:
        """What the source gives, which is remembered unless it is None, or was dropped meanwhile."""
        load = self._loads.get(key)
        if load is None:
            load = self._loads[key] = asyncio.ensure_future(source())
            load.add_done_callback(partial(self._loaded, key))
        return await asyncio.shield(load)

    async def load_all(self, keys: Sequence[K], source: Callable[[list[K]], Awaitable[Mapping[K, V]]]) -> dict[K, V]:
        """What is remembered of these, each named once, with what the source gives, at once, of the others.

        That is remembered too. The answer is in the order of the keys.
        """
        values = self._values
        found = {key: value for key in keys if (value := values.get(key)) is not None}
        if len(found) == len(keys):
            return found
        missing = [key for key in keys if key not in found]
        loads = {key: asyncio.get_running_loop().create_future() for key in missing}
        for key, load in loads.items():
            self._loads[key] = load
            load.add_done_callback(partial(self._loaded, key))
        try:
            found |= await source(missing)
        finally:
            for key, load in loads.items():
                load.set_result(found.get(key))
        return {key: found[key] for key in keys if key in found}

    def drop(self, key: K) -> None:
        """Forget a value, and a load under way: it may have read what was before. Who waits for it still gets it."""
        self._loads.pop(key, None)
        if (value := self._values.pop(key, None)) is not None:
            self._forgotten(key, value)

    def clear(self) -> None:
        """Forget everything."""
        self._loads.clear()
        self._values.clear()

    def keep(self, key: K, value: V) -> None:
        """Remember a value."""
        if len(self._values) >= self._most:
            self.drop(next(iter(self._values)))
        self._values[key] = value

    def _loaded(self, key: K, load: asyncio.Future[V | None]) -> None:
        failed = load.cancelled() or load.exception() is not None
        if self._loads.get(key) is load:
            del self._loads[key]
            if not failed and (value := load.result()) is not None:
                self.keep(key, value)
