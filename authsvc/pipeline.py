"""What a request passes on its way to a handler, put together once for each row of the table.

A gate looks at a request and lets it go on, or raises an ApiError. One that has to wait for something, the database
or a body, returns what is to be awaited; mostly none has to, so most requests never stop between socket and answer.
"""

from collections.abc import Awaitable, Callable
from time import perf_counter

from aiohttp import web

from authsvc import metrics, request_log, unmatched
from authsvc.keys import CALLER, ORIGIN, REQUEST_ID
from authsvc.middleware import access, body, csrf, errors, headers, identity, limits, settle
from authsvc.middleware.request_id import new_id
from authsvc.routing import ROW, Access, Handler, Route
from authsvc.service import Service

Gate = Callable[[web.Request], Awaitable[None] | None]
Step = Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]

# Where the browser session counts: signing in, captchas, pages.
_BROWSERS = frozenset({Access.PUBLIC, Access.PUBLIC_PAGE, Access.BASIC})


def answering(row: Route, svc: Service, browser_session: Step, refused: dict[str, float]) -> Handler:
    """What answers a request of this row: who, from where, may he, and only then the handler."""
    who, may = identity.gate(row, svc), access.gate(row, svc)
    wanted = (
        (who, identity.asks(row)),
        (csrf.gate(row, svc), row.method not in csrf.SAFE),
        (limits.gate(row, svc, refused), row.limit is not None and svc.settings.limits),
        (may, True),
        (body.gate(row.spec, again=(who, may)), row.spec.body is not None or row.spec.query is not None),
    )
    handler = settle.settled(row.handler, svc) if row.may_revoke else row.handler
    passed = _passed([gate for gate, is_wanted in wanted if is_wanted], handler)
    if row.access in _BROWSERS:
        refusing = errors.rendered(passed)  # an answer that refuses has its browser session too

        async def in_session(request: web.Request) -> web.StreamResponse:
            return await browser_session(request, refusing)

        return _framed(in_session, row, svc)
    return _framed(passed, row, svc)


def answering_nowhere(svc: Service) -> Handler:
    """What answers a request for which there is no row."""
    return _framed(unmatched.nowhere, None, svc)


def _passed(gates: list[Gate], handler: Handler) -> Handler:
    async def pass_on(request: web.Request) -> web.StreamResponse:
        for gate in gates:
            if (waits := gate(request)) is not None:
                await waits
        return await handler(request)

    return pass_on


def _framed(inner: Handler, row: Route | None, svc: Service) -> Handler:
    """Around everything: a request id, no exception but an answer, the headers of all answers, and a note of it.

    What was cut off, by our end or its client's, was not answered and is not noted.
    """
    name, finish, log = row.name if row else metrics.UNMATCHED, headers.finishing(row, svc), request_log.writing(row)
    origin_of = identity.origin_of(svc)

    async def answer(request: web.Request) -> web.StreamResponse:
        began = perf_counter()
        request[ROW], request[REQUEST_ID], request[ORIGIN], request[CALLER] = row, new_id(), origin_of(request), None
        try:
            response = await inner(request)
        except Exception as err:
            response = await errors.response_to(request, err)
        finish(request, response)
        status, seconds = response.status, perf_counter() - began
        metrics.request(name, request.method if row else "-", status, seconds)
        log(request, status, seconds)
        return response

    return answer
