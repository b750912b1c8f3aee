"""Outermost: how long each request took, and how it ended."""

from http import HTTPStatus
from time import perf_counter

from aiohttp import web

from authsvc import metrics
from authsvc.metrics import UNMATCHED, Answered
from authsvc.routing import Handler, row_of


@web.middleware
async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count it. What was cut off, by our end or its client's, was not answered and is not counted."""
    began = perf_counter()
    try:
        response = await handler(request)
    except web.HTTPException as err:  # a redirect
        _note(request, err.status, perf_counter() - began)
        raise
    except Exception:
        _note(request, HTTPStatus.INTERNAL_SERVER_ERROR, perf_counter() - began)
        raise
    _note(request, response.status, perf_counter() - began)
    return response


def _note(request: web.Request, status: int, seconds: float) -> None:
    info = request.match_info
    # A request without a route gets an aiohttp route of its own: to us they are all one.
    route = info.route if info.http_exception is None else None
    metrics.request((route, status // 100), seconds, lambda: _describe(request, status))


def _describe(request: web.Request, status: int) -> Answered:
    """Labels are words of ours: nothing that a client makes up becomes one."""
    row = row_of(request)
    return Answered(row.name if row else UNMATCHED, request.method if row else "-", f"{status // 100}xx")
