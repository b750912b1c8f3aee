"""The guard of the internal paths: who asks from the internal network, and by which service key.

To everybody else an internal path does not exist. An address counts only when the socket's peer is inside, or
when a configured proxy passed it on; a peer that is no such proxy but speaks of forwarding is refused, for the
request may be anybody's.
"""

import logging

from aiohttp import web

from authsvc import errors, metrics
from authsvc.addresses import inside, is_of_unknown_origin, parse
from authsvc.core import service_keys
from authsvc.core.service_keys import ServiceKey
from authsvc.keys import ORIGIN, SERVICE, SERVICE_KEY
from authsvc.queries import service_keys as statements
from authsvc.routing import Route
from authsvc.service import Service
from authsvc.settings import Settings

HEADER = "X-API-Key"
log = logging.getLogger(__name__)


def is_inside(request: web.Request) -> bool:
    """Does the request come from the internal network, and by the internal listener where there is one?"""
    settings = request.app[SERVICE].settings
    address = parse(request[ORIGIN].ip or "")
    return (
        address is not None
        and inside(address, settings.internal_networks)
        and (settings.internal_port is None or by_internal_port(request, settings))
        and not is_of_unknown_origin(request, settings.trusted_proxies)
    )


def by_internal_port(request: web.Request, settings: Settings) -> bool:
    """Did the request come by the internal listener?"""
    if settings.internal_port is None:
        return False
    own = request.get_extra_info("sockname")
    return isinstance(own, tuple) and own[1] == settings.internal_port


async def admit(request: web.Request, row: Route) -> None:
    """Let a request of the internal network in: request[SERVICE_KEY] is its key, None where it needs none.

    NotFound outside; inside NotAuthenticated without a key where one is required, TokenNotValid for an unknown or
    revoked one, PermissionDenied for one of another scope.
    """
    svc, is_again = request.app[SERVICE], request[SERVICE_KEY] is not None  # after a late body
    if not is_inside(request):
        metrics.internal_refusal()
        log.warning("internal_refused", extra={"fields": {"ip": request[ORIGIN].ip, "route": row.name}})
        raise errors.NotFound
    try:
        key = request[SERVICE_KEY] = await _key(request, svc, row)
    except (errors.NotAuthenticated, errors.TokenNotValid, errors.PermissionDenied):
        metrics.internal_refusal()
        raise
    if not is_again:
        metrics.internal_lookup(key.name if key else "-", row.name)


async def _key(request: web.Request, svc: Service, row: Route) -> ServiceKey | None:
    presented = request.headers.getall(HEADER, [])
    if not presented:
        if svc.settings.require_service_key:
            raise errors.NotAuthenticated
        return None
    found = await statements.use(svc.db, service_keys.digest(presented[0])) if len(presented) == 1 else None
    if found is None:
        raise errors.TokenNotValid
    if row.scope not in found.scopes:
        raise errors.PermissionDenied("This service key is for other lookups.")
    return found
