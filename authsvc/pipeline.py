"""Which steps a request passes. Each row gets a chain of its own, made once, of the steps that it needs."""

from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web

from authsvc.middleware.access import access
from authsvc.middleware.body import body
from authsvc.middleware.csrf import SAFE, csrf
from authsvc.middleware.errors import errors
from authsvc.middleware.headers import preflight
from authsvc.middleware.identity import identity
from authsvc.middleware.limits import limits
from authsvc.middleware.measure import measure
from authsvc.middleware.settle import settle
from authsvc.routing import ROW, Access, Handler, Route

Step = Callable[..., Awaitable[web.StreamResponse]]  # of a request and the `handler` that comes next

# Where the browser session counts: signing in, captchas, pages.
_BROWSERS = frozenset({Access.PUBLIC, Access.PUBLIC_PAGE, Access.BASIC})


def chain_of(row: Route, browser_session: Step) -> Handler:
    """What answers a request of this row. Outermost first: how long, what went wrong, who, from where, may he."""
    wanted = (
        (measure, True),
        (browser_session, row.access in _BROWSERS),
        (errors, True),
        (identity, True),
        (csrf, row.method not in SAFE),
        (limits, row.limit is not None),
        (access, True),
        (settle, row.may_revoke),
        (body, row.spec.body is not None or row.spec.query is not None),
    )
    first = _chain([step for step, is_wanted in wanted if is_wanted], row.handler)

    async def answer(request: web.Request) -> web.StreamResponse:
        request[ROW] = row
        return await first(request)

    return answer


@web.middleware
async def unmatched(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The only middleware of the application: it is for requests that no row answers."""
    if request.match_info.http_exception is None:
        return await handler(request)
    return await _chain([measure, errors, preflight, identity], handler)(request)


def _chain(steps: list[Step], handler: Handler) -> Handler:
    for step in reversed(steps):
        handler = partial(step, handler=handler)
    return handler
