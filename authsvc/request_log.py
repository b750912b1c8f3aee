"""The line that is logged of each request."""

import datetime as dt
import logging
from typing import Any

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.http_exceptions import HttpProcessingError

from authsvc import log
from authsvc.keys import CALLER, ORIGIN, REQUEST_ID, SERVICE_KEY
from authsvc.routing import row_of

_REQUEST = {"level": "info", "event": "request", "logger": "authsvc.requests"}
_requests = logging.getLogger("authsvc.requests")


def _without_request(record: logging.LogRecord) -> bool:
    """What aiohttp logs of a broken request repeats its lines, and what is secret in them."""
    if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError):
        record.exc_info, record.levelno, record.levelname = None, logging.INFO, "INFO"
        record.msg, record.args = "broken request", None
    return True


logging.getLogger("aiohttp.server").addFilter(_without_request)


class RequestLog(AbstractAccessLogger):
    """One line per request: what was asked by whom, and how it ended. The path is the row's, never the text sent.

    On a terminal a line is written as it comes; as JSON, lines are gathered for a moment and written together.
    """

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        if not isinstance(request, web.Request):
            return  # not even HTTP
        row, caller, origin, key = row_of(request), request.get(CALLER), request.get(ORIGIN), request.get(SERVICE_KEY)
        fields: dict[str, Any] = {
            "request_id": request.get(REQUEST_ID),
            "route": row.name if row else None,
            "method": request.method,
            "path": row.path if row else None,
            "status": response.status,
            "ms": round(time * 1000, 1),
            "person": str(caller.person) if caller else None,
            "service": key.name if key else None,
            "ip": origin.ip if origin else None,
        }
        lines = log.gathered()
        if lines is None:
            _requests.info("request", extra={"fields": fields})
        else:
            lines.add({"time": dt.datetime.now(dt.UTC), **_REQUEST, **fields})

    @property
    def enabled(self) -> bool:
        return _requests.isEnabledFor(logging.INFO)
