"""Captchas."""

from aiohttp import web

from authsvc import cookies, guard
from authsvc.browser import failures_of, needs_captcha
from authsvc.errors import LockedOut, Overloaded
from authsvc.flows import captcha
from authsvc.keys import BODY, ORIGIN, QUERY, SERVICE
from authsvc.replies import reply
from authsvc.routing import api
from authsvc.schemas import captcha as s


@api(body=s.GenerateBody, reply=s.Challenge, errors=(Overloaded,), forms=True)
async def generate(request: web.Request) -> web.Response:
    """A new challenge: six letters and digits, as an image and as sound."""
    made = await captcha.generate(request.app[SERVICE], request[BODY].get("purpose"))
    return reply({**made._asdict(), "expires_in": captcha.LIFE})


@api(body=s.AnswerBody, reply=s.Answered, errors=(LockedOut,), forms=True)
async def verify(request: web.Request) -> web.Response:
    """Answer a challenge: one try, and a right answer gives a token for one use."""
    body = request[BODY]
    token = await captcha.verify(request.app[SERVICE], body["session_id"], body["response"], request[ORIGIN])
    more = {"captcha_token": token} if token else {}
    return reply({"valid": token is not None, "session_id": body["session_id"], **more})


@api(query=s.RequiredQuery, reply=s.Required)
async def required(request: web.Request) -> web.Response:
    """Does the next attempt need a captcha: for an e-mail address, else for this browser and network?"""
    svc, email, needed = request.app[SERVICE], request[QUERY].get("email"), await needs_captcha(request)
    if email:
        failures = await captcha.failures_of(svc, email, cookies.device_of(request))
        needed = needed or failures >= guard.FREE_TRIES
    else:
        failures = await failures_of(request)
        needed = needed or await captcha.network_needs_one(svc, request[ORIGIN])
    return reply({"required": needed, "email": email, "failed_attempts": failures})
