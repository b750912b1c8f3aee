"""Hold the caller against the row's `access` and `kinds`."""

from aiohttp import web

from authsvc.cookies import ACCESS
from authsvc.errors import ApiError, NotAuthenticated, PermissionDenied, TokenNotValid, WrongAccountType
from authsvc.keys import CALLER
from authsvc.routing import Access, Handler, Route, row_of

# Where the flow itself asks for the credential: a refresh token, a password, or anything of a session.
_ADMINS = frozenset({Access.ADMIN, Access.ADMIN_PAGE})
_SETTLED_BY_FLOW = frozenset({Access.PUBLIC, Access.PUBLIC_PAGE, Access.REFRESH, Access.BASIC})


@web.middleware
async def access(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse with 401 or 403 before the body is read."""
    row = row_of(request)
    if row is not None and (error := _refusal(request, row)):
        raise error
    return await handler(request)


def _refusal(request: web.Request, row: Route) -> ApiError | None:
    caller = request[CALLER]
    if row.access in _SETTLED_BY_FLOW or row.settles_itself:
        wrong = row.knows_caller and caller is not None and caller.person.kind not in row.kinds
        return WrongAccountType() if wrong else None
    if caller is None:
        presented = "Authorization" in request.headers or ACCESS in request.cookies
        return TokenNotValid() if presented else NotAuthenticated()
    if caller.person.kind not in row.kinds:
        return WrongAccountType()
    if row.access in _ADMINS and not caller.is_admin:
        return PermissionDenied()
    return None
