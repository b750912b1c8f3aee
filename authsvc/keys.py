"""Typed keys of what hangs on the application and on a request."""

from typing import Any

from aiohttp import web

from authsvc.cookies import ACCESS
from authsvc.core.person import Caller, Origin
from authsvc.core.service_keys import ServiceKey
from authsvc.errors import ApiError, NotAuthenticated, NotFound, TokenNotValid
from authsvc.service import Service

MAX_ID = 2**31 - 1

SERVICE: web.AppKey[Service] = web.AppKey("service", Service)

REQUEST_ID = web.RequestKey("request_id", str)
ORIGIN = web.RequestKey("origin", Origin)
CALLER: web.RequestKey[Caller | None] = web.RequestKey("caller", object)  # type: ignore[arg-type]
SERVICE_KEY: web.RequestKey[ServiceKey | None] = web.RequestKey("service_key", object)  # type: ignore[arg-type]
BODY: web.RequestKey[dict[str, Any]] = web.RequestKey("body", dict)
UNREADABLE: web.RequestKey[ApiError] = web.RequestKey("unreadable", ApiError)  # why BODY is empty (Spec.forgives)
QUERY: web.RequestKey[dict[str, Any]] = web.RequestKey("query", dict)
REPLY_HEADERS: web.RequestKey[dict[str, str]] = web.RequestKey("reply_headers", dict)  # added to whatever is answered


def caller_of(request: web.Request) -> Caller:
    """The caller, where the row lets nobody else in."""
    caller = request[CALLER]
    if caller is None:
        raise TokenNotValid if has_credential(request) else NotAuthenticated
    return caller


def has_credential(request: web.Request) -> bool:
    """Was something presented that could be an access token?"""
    return "Authorization" in request.headers or ACCESS in request.cookies


def id_of(request: web.Request, name: str = "id") -> int:
    """The id in the path; NotFound for digits that are no id of anything."""
    number = int(request.match_info[name])
    if number > MAX_ID:
        raise NotFound
    return number
