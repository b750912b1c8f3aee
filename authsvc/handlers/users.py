"""Staff users."""

from aiohttp import web

from authsvc.core.person import Kind
from authsvc.core.profiles import shown
from authsvc.errors import CaptchaRequired, Overloaded
from authsvc.flows.register import register as register_person
from authsvc.keys import BODY, ORIGIN, SERVICE
from authsvc.replies import reply
from authsvc.routing import api
from authsvc.schemas import users as s
from authsvc.schemas.base import AnyOf
from authsvc.schemas.sessions import Message


@api(body=s.RegisterBody, reply=AnyOf(s.Profile, Message), status=201, errors=(Overloaded, CaptchaRequired), forms=True)
async def register(request: web.Request) -> web.Response:
    """Register a staff user, who then waits for approval."""
    svc, body = request.app[SERVICE], request[BODY]
    profile = await register_person(svc, Kind.STAFF, body, request[ORIGIN])
    if profile is None or svc.settings.register_conceals:
        return reply({"message": "Check your mail to go on."}, 201)
    return reply(shown(profile, svc.settings.public_url), 201)
