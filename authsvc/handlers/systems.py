"""Systems."""

from aiohttp import web

from authsvc.keys import SERVICE
from authsvc.queries import systems
from authsvc.replies import reply
from authsvc.routing import api
from authsvc.schemas import systems as s


@api(reply=s.PublicSystems)
async def public(request: web.Request) -> web.Response:
    """The active systems, for the sign-in page."""
    return reply([dict(row) for row in await systems.public(request.app[SERVICE].db)])
