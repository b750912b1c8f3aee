"""What is counted for Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/).

One process keeps its numbers in memory. Several (gunicorn) keep them in files of a folder of their own, from which
whichever of them is asked adds them up. What happens per request goes into a plain list first, because a number
in such a file costs microseconds; `flush` carries it over once a second and before each answer.
"""

import functools
import os
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
    values,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from authsvc.core.person import Kind
from authsvc.errors import ApiError
from authsvc.service import Service

BUCKETS = (0.005, 0.025, 0.1, 0.5, 2.5)  # seconds
CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
UNMATCHED = "unmatched"  # the route of a request for which there is none
P = ParamSpec("P")
T = TypeVar("T")

disable_created_metrics()  # type: ignore[no-untyped-call]


class _Numbers:
    """All metrics, in memory or in the files of a folder. A gauge of several processes is their sum."""

    def __init__(self, folder: Path | None) -> None:
        if folder is None:
            values.ValueClass = values.MutexValue
            self.registry = own = CollectorRegistry()
            ProcessCollector(registry=own)
        else:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
            values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]
            own, self.registry = CollectorRegistry(), CollectorRegistry()
            MultiProcessCollector(self.registry, str(folder))  # type: ignore[no-untyped-call]
            self.registry.register(_Processes(folder))
        self.requests = Counter("authsvc_requests", "Requests answered.", ("route", "method", "status"), registry=own)
        self.seconds = Histogram(
            "authsvc_request_seconds", "Time to answer.", ("route", "method"), buckets=BUCKETS, registry=own
        )
        self.sign_ins = Counter("authsvc_sign_ins", "Steps of signing in.", ("kind", "outcome"), registry=own)
        self.mails = Counter("authsvc_mails", "Mails queued, and what became of them.", ("outcome",), registry=own)
        self.lookups = Counter(
            "authsvc_internal_lookups", "Lookups by other services.", ("service", "route"), registry=own
        )
        self.refusals = Counter("authsvc_internal_refusals", "Requests for internal paths refused.", registry=own)
        gauge = functools.partial(Gauge, multiprocess_mode="livesum", registry=own)
        self.hash_jobs = gauge("authsvc_hash_jobs", "Password hashes being made, or waiting for a thread.")
        self.hash_room = gauge("authsvc_hash_room", "How many there may be at once.")
        self.db_in_use = gauge("authsvc_db_connections_in_use", "Database connections that a request holds.")
        self.db_open = gauge("authsvc_db_connections_open", "Database connections that are open.")
        self.db_size = gauge("authsvc_db_connections_max", "How many there may be.")


class _Processes(Collector):
    """The usual process metrics of each live process, told apart by its id."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        made: dict[str, Metric] = {}
        for path in self._folder.glob("gauge_livesum_*.db"):
            pid = path.stem.rpartition("_")[2]
            for metric in ProcessCollector(pid=lambda pid=pid: pid, registry=None).collect():  # type: ignore[misc]
                known = made.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
                for sample in metric.samples:
                    known.add_sample(sample.name, {"pid": pid}, sample.value)
        return made.values()


_numbers = _Numbers(None)
# Route, method, class of status → how many took how long, by bucket, and all their seconds.
_pending: dict[tuple[str, str, int], list[float]] = {}


def share(folder: Path) -> None:
    """Keep the numbers in this empty folder, which every process made from now on by fork shares."""
    global _numbers  # noqa: PLW0603 - one set of numbers per process
    _numbers = _Numbers(folder)


def forget(pid: int, folder: Path) -> None:
    """A process has died: what it counted stays, what it held is free."""
    mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]


def request(route: str, method: str, status: int, seconds: float) -> None:
    """A request was answered."""
    key = (route, method, status // 100)
    counts = _pending.get(key)
    if counts is None:
        counts = _pending[key] = [0] * (len(BUCKETS) + 2)
    counts[bisect_left(BUCKETS, seconds)] += 1
    counts[-1] += seconds


def flush() -> None:
    """Carry over what `request` noted."""
    while _pending:
        (route, method, status), (*counts, seconds) = _pending.popitem()
        _numbers.requests.labels(route, method, f"{status}xx").inc(sum(counts))
        # Histogram takes one observation at a time; these are its parts, each bucket counted for itself.
        histogram = _numbers.seconds.labels(route, method)
        histogram._sum.inc(seconds)
        for bucket, count in zip(histogram._buckets, counts, strict=True):
            if count:
                bucket.inc(count)


def counted_sign_in(
    step: Callable[Concatenate[Service, Kind, P], Awaitable[T]],
) -> Callable[Concatenate[Service, Kind, P], Coroutine[Any, Any, T]]:
    """Count how a step of signing in ends: `ok`, or the code of the error."""

    @functools.wraps(step)
    async def counted(svc: Service, kind: Kind, /, *args: P.args, **kwargs: P.kwargs) -> T:
        outcome = "internal"
        try:
            found = await step(svc, kind, *args, **kwargs)
            outcome = "ok"
        except ApiError as err:
            outcome = err.code
            raise
        finally:
            _numbers.sign_ins.labels(kind.value, outcome).inc()
        return found

    return counted


def mails(outcome: str, number: int = 1) -> None:
    """Mails were queued, sent, retried, failed or expired."""
    if number:
        _numbers.mails.labels(outcome).inc(number)


def internal_lookup(service: str, route: str) -> None:
    """Another service looked something up."""
    _numbers.lookups.labels(service, route).inc()


def internal_refusal() -> None:
    """Somebody asked for an internal path who may not."""
    _numbers.refusals.inc()


def sample(svc: Service) -> None:
    """Take down what comes and goes."""
    _numbers.hash_jobs.set(svc.hasher.jobs)
    _numbers.hash_room.set(svc.hasher.room)
    _numbers.db_in_use.set(svc.db.in_use)
    _numbers.db_open.set(svc.db.opened)
    _numbers.db_size.set(svc.db.size)


def text() -> bytes:
    """Everything in Prometheus's text format, 0.0.4."""
    return generate_latest(_numbers.registry)
