"""Hold the caller against the row's `access` and `kinds`, before the body is read."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from authsvc import internal
from authsvc.errors import NotAuthenticated, NotFound, PermissionDenied, TokenNotValid, WrongAccountType
from authsvc.keys import CALLER, SERVICE_KEY, has_credential
from authsvc.routing import Access, Route
from authsvc.service import Service

# Where the flow itself asks for the credential: a refresh token, a password, or anything of a session.
_ADMINS = frozenset({Access.ADMIN, Access.ADMIN_PAGE})
_SETTLED_BY_FLOW = frozenset({Access.PUBLIC, Access.PUBLIC_PAGE, Access.REFRESH, Access.BASIC})


def gate(row: Route, svc: Service) -> Callable[[web.Request], Awaitable[None] | None]:
    """Refuse with 401 or 403; outside the internal network an internal row, and by its listener any other, is 404."""
    check, settings = _checking(row), svc.settings

    def check_internal(request: web.Request) -> Awaitable[None] | None:
        request.setdefault(SERVICE_KEY, None)
        if row.access is Access.INTERNAL or _is_service(request, svc):
            return internal.admit(request, row)
        return check(request)

    def check_listener(request: web.Request) -> None:
        if internal.by_internal_port(request, settings):
            raise NotFound
        check(request)

    if row.scope is not None:
        return check_internal
    return check if settings.internal_port is None else check_listener


def needs_session(row: Route) -> bool:
    """Is nobody let in without a session: no other service, and nobody who shows something else of one?"""
    is_settled_elsewhere = row.access in _SETTLED_BY_FLOW or row.access is Access.INTERNAL or row.settles_itself
    return not is_settled_elsewhere and row.scope is None


def _is_service(request: web.Request, svc: Service) -> bool:
    """Does somebody on the internal network ask for what needs no session there?"""
    if request[CALLER] is not None or not internal.is_inside(request):
        return False
    # Where a key is needed, a stale session without one is told that it is stale.
    needs_key = svc.settings.require_service_key
    return internal.HEADER in request.headers or not needs_key or not has_credential(request)


def _checking(row: Route) -> Callable[[web.Request], None]:
    kinds, admins_only = row.kinds, row.access in _ADMINS
    is_settled_by_flow = row.access in _SETTLED_BY_FLOW or row.settles_itself

    def check_session(request: web.Request) -> None:
        caller = request[CALLER]
        if caller is None:
            raise TokenNotValid if has_credential(request) else NotAuthenticated
        if caller.person.kind not in kinds:
            raise WrongAccountType
        if admins_only and not caller.is_admin:
            raise PermissionDenied

    return (lambda request: None) if is_settled_by_flow else check_session
