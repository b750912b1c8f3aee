"""How long each request took and how it ended: a number for the metrics, a line for the log."""

from collections.abc import Callable

from aiohttp import web

from authsvc import metrics, request_log
from authsvc.routing import Route


def noting(row: Route | None) -> Callable[[web.Request, int, float], None]:
    """Note a request of this row, its status, its seconds. Labels are words of ours: a client cannot make up one."""
    route = row.name if row else metrics.UNMATCHED
    line = request_log.writing(row)

    def note(request: web.Request, status: int, seconds: float) -> None:
        metrics.request(route, request.method if row else "-", status, seconds)
        line(request, status, seconds)

    return note
