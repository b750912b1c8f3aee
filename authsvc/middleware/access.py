"""Hold the caller against the row's `access` and `kinds`."""

from aiohttp import web

from authsvc import internal
from authsvc.errors import ApiError, NotAuthenticated, NotFound, PermissionDenied, TokenNotValid, WrongAccountType
from authsvc.keys import CALLER, SERVICE, SERVICE_KEY, has_credential
from authsvc.routing import Access, Handler, Route, row_of

# Where the flow itself asks for the credential: a refresh token, a password, or anything of a session.
_ADMINS = frozenset({Access.ADMIN, Access.ADMIN_PAGE})
_SETTLED_BY_FLOW = frozenset({Access.PUBLIC, Access.PUBLIC_PAGE, Access.REFRESH, Access.BASIC})


@web.middleware
async def access(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse with 401 or 403, outside the internal network with 404, before the body is read."""
    request[SERVICE_KEY] = None
    await check(request)
    return await handler(request)


async def check(request: web.Request) -> None:
    """The refusal, if there is one, as an exception."""
    row = row_of(request)
    if row is not None:
        if row.scope is None and internal.by_internal_port(request, request.app[SERVICE].settings):
            raise NotFound  # the internal listener is for internal paths only
        if row.access is Access.INTERNAL or _is_service(request, row):
            await internal.admit(request, row)
        elif error := _refusal(request, row):
            raise error


def _is_service(request: web.Request, row: Route) -> bool:
    """Does somebody on the internal network ask for what needs no session there?"""
    if row.scope is None or request[CALLER] is not None or not internal.is_inside(request):
        return False
    # Where a key is needed, a stale session without one is told that it is stale.
    needs_key = request.app[SERVICE].settings.require_service_key
    return internal.HEADER in request.headers or not needs_key or not has_credential(request)


def _refusal(request: web.Request, row: Route) -> ApiError | None:
    caller = request[CALLER]
    if row.access in _SETTLED_BY_FLOW or row.settles_itself:
        wrong = row.knows_caller and caller is not None and caller.person.kind not in row.kinds
        return WrongAccountType() if wrong else None
    if caller is None:
        return TokenNotValid() if has_credential(request) else NotAuthenticated()
    if caller.person.kind not in row.kinds:
        return WrongAccountType()
    if row.access in _ADMINS and not caller.is_admin:
        return PermissionDenied()
    return None
