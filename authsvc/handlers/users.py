"""Registration, of staff users and of employees."""

from aiohttp import web

from authsvc.core.profiles import shown
from authsvc.errors import ApiError, CaptchaRequired, Overloaded
from authsvc.flows.register import register as register_person
from authsvc.keys import BODY, ORIGIN, SERVICE
from authsvc.replies import reply
from authsvc.routing import api, kind_of
from authsvc.schemas import users as s
from authsvc.schemas.base import AnyOf
from authsvc.schemas.sessions import Message

_REFUSALS: tuple[type[ApiError], ...] = (Overloaded, CaptchaRequired)


@api(body=s.RegisterBody, reply=AnyOf(s.Profile, Message), status=201, errors=_REFUSALS, forms=True)
async def register(request: web.Request) -> web.Response:
    """Register a staff user, who then waits for approval."""
    return await _register(request)


@api(body=s.EmployeeRegisterBody, reply=AnyOf(s.Employee, Message), status=201, errors=_REFUSALS, forms=True)
async def register_employee(request: web.Request) -> web.Response:
    """Register an employee, who cannot sign in before he is approved."""
    return await _register(request)


async def _register(request: web.Request) -> web.Response:
    svc, body = request.app[SERVICE], request[BODY]
    profile = await register_person(svc, kind_of(request), body, request[ORIGIN])
    if profile is None or svc.settings.register_conceals:
        return reply({"message": "Check your mail to go on."}, 201)
    return reply(shown(profile, svc.settings.public_url), 201)
