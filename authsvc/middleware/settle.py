"""Around a handler that may revoke something: the next request of this process sees it, whatever is remembered."""

from aiohttp import web

from authsvc.routing import Handler
from authsvc.service import Service


def settled(handler: Handler, svc: Service) -> Handler:
    """Ask for revocations before the answer goes out; also after a refusal, which may have ended a session."""

    async def settle(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        finally:
            await svc.known.settle()

    return settle
