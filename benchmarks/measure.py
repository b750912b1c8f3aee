"""Slices of load in turn over all contenders, and what their samples say."""

import statistics
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from benchmarks.load import Outcome

T = TypeVar("T")


class Sample(NamedTuple):
    """One slice: what the client saw, and the CPU time that a request took, in µs."""

    outcome: Outcome
    server: float
    database: float

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.outcome.rate

    @property
    def cpu(self) -> float:
        """Of the server and of PostgreSQL for it."""
        return self.server + self.database


Samples = dict[T, list[Sample]]


def interleaved(things: Sequence[T], rounds: int, take: Callable[[T], Sample], *, warm_up: bool = True) -> Samples[T]:
    """A slice of each in turn, forwards and backwards, so that what drifts meets all alike; a first one warms up."""
    found: Samples[T] = {thing: [] for thing in things}
    for thing in things if warm_up else ():
        take(thing)
    for number in range(rounds):
        for thing in things if number % 2 == 0 else reversed(things):
            found[thing].append(take(thing))
    return found


def middle(samples: Sequence[Sample], of: Callable[[Sample], float]) -> float:
    """The median."""
    return statistics.median(of(sample) for sample in samples)


def mean(samples: Sequence[Sample], of: Callable[[Sample], float]) -> float:
    """Per request over all slices: CPU time is counted in ticks of 10 ms, too coarse for the median of slices."""
    requests = sum(sample.outcome.requests for sample in samples)
    return sum(of(sample) * sample.outcome.requests for sample in samples) / max(1, requests)


def ratio(ours: Sequence[Sample], theirs: Sequence[Sample], of: Callable[[Sample], float] = lambda s: s.rate) -> float:
    """The median of the ratios of slices of the same round."""
    pairs = [of(a) / of(b) for a, b in zip(ours, theirs, strict=True) if of(b)]
    return statistics.median(pairs) if pairs else 0.0


def failures(samples: Sequence[Sample]) -> int:
    """Answers that were errors, and connections that broke."""
    return sum(sample.outcome.bad + sample.outcome.errors for sample in samples)
