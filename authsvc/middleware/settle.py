"""Around a handler that may revoke something: the next request of this process sees it, whatever is remembered."""

from aiohttp import web

from authsvc.keys import SERVICE
from authsvc.routing import Handler


@web.middleware
async def settle(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Ask for revocations before the answer goes out; also after a refusal, which may have ended a session."""
    try:
        return await handler(request)
    finally:
        await request.app[SERVICE].known.settle()
