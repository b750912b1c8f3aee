"""Hold the caller against the row's `access` and `kinds`, before the body is read."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from authsvc import internal
from authsvc.errors import ApiError, NotAuthenticated, NotFound, PermissionDenied, TokenNotValid, WrongAccountType
from authsvc.keys import CALLER, SERVICE_KEY, has_credential
from authsvc.routing import Access, Route
from authsvc.service import Service

# Where the flow itself asks for the credential: a refresh token, a password, or anything of a session.
_ADMINS = frozenset({Access.ADMIN, Access.ADMIN_PAGE})
_SETTLED_BY_FLOW = frozenset({Access.PUBLIC, Access.PUBLIC_PAGE, Access.REFRESH, Access.BASIC})


def gate(row: Route, svc: Service) -> Callable[[web.Request], Awaitable[None] | None]:
    """Refuse with 401 or 403; outside the internal network an internal row, and by its listener any other, is 404."""
    refusal, settings = _refusal_of(row), svc.settings

    def check(request: web.Request) -> Awaitable[None] | None:
        if row.scope is not None:
            request[SERVICE_KEY] = None
            if row.access is Access.INTERNAL or _is_service(request, svc):
                return internal.admit(request, row)
        elif settings.internal_port is not None and internal.by_internal_port(request, settings):
            raise NotFound
        if error := refusal(request):
            raise error
        return None

    return check


def _is_service(request: web.Request, svc: Service) -> bool:
    """Does somebody on the internal network ask for what needs no session there?"""
    if request[CALLER] is not None or not internal.is_inside(request):
        return False
    # Where a key is needed, a stale session without one is told that it is stale.
    needs_key = svc.settings.require_service_key
    return internal.HEADER in request.headers or not needs_key or not has_credential(request)


def _refusal_of(row: Route) -> Callable[[web.Request], ApiError | None]:
    kinds, knows_caller, admins_only = row.kinds, row.knows_caller, row.access in _ADMINS

    def of_session(request: web.Request) -> ApiError | None:
        caller = request[CALLER]
        if caller is None:
            return TokenNotValid() if has_credential(request) else NotAuthenticated()
        if caller.person.kind not in kinds:
            return WrongAccountType()
        if admins_only and not caller.is_admin:
            return PermissionDenied()
        return None

    def of_anybody(request: web.Request) -> ApiError | None:
        caller = request[CALLER] if knows_caller else None
        return WrongAccountType() if caller is not None and caller.person.kind not in kinds else None

    return of_anybody if row.access in _SETTLED_BY_FLOW or row.settles_itself else of_session
