"""Tries that are being checked by this process, per network: each may become a failure of its network.

A try begins only while the network's failures and its own tries in flight stay below the number that locks it. The
failures are in the database, the tries in flight only here: a network's row is written by failures alone, however
many people sign in from there, and a crash leaves no try behind. Each process knows no others' tries: N processes
check at once at most N times what the network had left.
"""

from types import TracebackType
from typing import Self
from weakref import WeakValueDictionary

LOCKS_AT = 50  # failures within ten minutes, as sql/queries/guard.sql counts them


class _Network:
    """How many of its tries began and how many ended, since it was last without any."""

    __slots__ = ("__weakref__", "begun", "ended")

    def __init__(self) -> None:
        self.begun = self.ended = 0


_networks: WeakValueDictionary[str, _Network] = WeakValueDictionary()  # held by the places in them


class Place:
    """One try's place among those of its network, free again when the `with` ends, however it ends.

    network: None where networks are not counted; then there is always one.
    """

    def __init__(self, network: str | None) -> None:
        self.network = network
        self._tries = _networks.setdefault(network, _Network()) if network else _Network()
        self._ended = 0
        self._is_taken = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._is_taken:
            self._tries.ended += 1

    def look(self) -> None:
        """Call this before asking for the network's failures: who ends after it may be missing from the answer."""
        self._ended = self._tries.ended

    def take(self, failures: int) -> bool:
        """Begin the try, where the network has so many failures; False while others in flight could be the last.

        Who is alone may always begin: what stops him is the lock, which whoever asked for the failures has seen.
        """
        if self.network and min(failures, LOCKS_AT - 1) + self._tries.begun - self._ended >= LOCKS_AT:
            return False
        self._tries.begun += 1
        self._is_taken = True
        return True
