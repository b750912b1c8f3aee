"""What signing in and out takes from a request and leaves in a browser: the same for endpoints and for pages."""

from typing import Any

from aiohttp import web

from authsvc import cookies
from authsvc.browser import counting_failures
from authsvc.flows.sign_in import Credentials, SignedIn, answer_challenge, sign_in
from authsvc.flows.sign_out import Presented
from authsvc.keys import BODY, ORIGIN, SERVICE
from authsvc.presented import bearer_of_anybody
from authsvc.routing import kind_of


async def first_step(request: web.Request, body: dict[str, Any]) -> SignedIn:
    """Address and password, as SignInBody has them."""
    async with counting_failures(request) as captcha_due:
        given = Credentials(
            email=body["email"],
            password=body["password"],
            otp_code=body.get("otp_code"),
            captcha_token=body.get("captcha_token"),
            captcha_due=captcha_due,
            remember=body["remember_me"],
            device=cookies.device_of(request),
        )
        return await sign_in(request.app[SERVICE], kind_of(request), given, request[ORIGIN])


async def second_step(request: web.Request, body: dict[str, Any]) -> SignedIn:
    """A code for the challenge of the first step, as OtpBody has them."""
    token, code, device = body["temporary_token"], body["otp_code"], cookies.device_of(request)
    return await answer_challenge(request.app[SERVICE], kind_of(request), token, code, device, request[ORIGIN])


def leave_cookies(request: web.Request, response: web.StreamResponse, found: SignedIn) -> None:
    """Those of the new session, and the one by which the browser is known next time."""
    settings = request.app[SERVICE].settings
    cookies.set_pair(response, settings, cookies.Pair(found.access, found.refresh, found.refresh_life, found.remember))
    cookies.set_device(response, settings, found.device)


def take_cookies(request: web.Request, response: web.StreamResponse) -> None:
    """Whoever signed out keeps none, also not those that other pages of the site have set."""
    cookies.clear(response, request.app[SERVICE].settings)
    response.headers["Clear-Site-Data"] = '"cookies"'


def presented(request: web.Request) -> Presented:
    """Everything by which the session can be known that is to end."""
    return Presented(
        bearer_of_anybody(request),
        request.cookies.get(cookies.ACCESS),
        request.get(BODY, {}).get("refresh"),
        request.cookies.get(cookies.REFRESH),
    )


def by_own_link(request: web.Request) -> bool:
    """May this GET sign somebody out? Not a HEAD, and not a link or an image on another site."""
    return request.method == "GET" and request.headers.get("Sec-Fetch-Site") != "cross-site"
