"""The line that is logged of each request: what was asked by whom, and how it ended.

The path is the row's, never the text sent. On a terminal a line is written as it comes; as JSON, lines are gathered
for a moment and written together.
"""

import logging
import time
from collections.abc import Callable

import orjson
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from authsvc import log
from authsvc.keys import CALLER, ORIGIN, REQUEST_ID, SERVICE_KEY
from authsvc.routing import Route

_requests = logging.getLogger("authsvc.requests")


def _without_request(record: logging.LogRecord) -> bool:
    """What aiohttp logs of a broken request repeats its lines, and what is secret in them."""
    if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError):
        record.exc_info, record.levelno, record.levelname = None, logging.INFO, "INFO"
        record.msg, record.args = "broken request", None
    return True


logging.getLogger("aiohttp.server").addFilter(_without_request)


def writing(row: Route | None) -> Callable[[web.Request, int, float], None]:
    """Log a request of this row, its status, its seconds. What is the same of all is made JSON once."""
    route, path, scope = (row.name, row.path, row.scope) if row else (None, None, None)
    start = f'","level":"info","event":"request","logger":"{_requests.name}","request_id":"'
    middle = f'","route":{_json(route)},"path":{_json(path)},"method":"'

    def write(request: web.Request, status: int, seconds: float) -> None:
        if not _requests.isEnabledFor(logging.INFO):
            return
        caller, ip = request[CALLER], request[ORIGIN].ip
        key = request.get(SERVICE_KEY) if scope else None
        tenths, person, service = int(seconds * 10_000), caller and str(caller.person), key and key.name
        lines = log.gathered()
        if lines is None:
            what = {"request_id": request[REQUEST_ID], "route": route, "path": path, "method": request.method}
            how = {"status": status, "ms": tenths / 10, "person": person, "service": service, "ip": ip}
            _requests.info("request", extra={"fields": {**what, **how}})
            return
        # Ids, methods (tokens, RFC 9110 section 9.1), people and addresses have nothing in them to escape.
        who, where = f'"{person}"' if person else "null", f'"{ip}"' if ip else "null"
        end = f'{who},"service":{_json(service) if service else "null"},"ip":{where}}}\n'
        lines.add(
            f'{{"time":"{_now()}{start}{request[REQUEST_ID]}{middle}{request.method}",'
            f'"status":{status},"ms":{tenths // 10}.{tenths % 10},"person":{end}'  # a float is dear to write
        )

    return write


def _json(value: str | None) -> str:
    return orjson.dumps(value).decode()


_second, _said = 0, ""


def _now() -> str:
    """The time as in all other lines; the part that stays the same for a second is made once in it."""
    global _second, _said
    now = time.time()
    second = int(now)
    if second != _second:
        _second, _said = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
    return f"{_said}.{int((now - second) * 1e6):06d}Z"
