"""Whatever goes wrong becomes one of the answers of errors.py, and only here."""

import logging
from http import HTTPStatus

import asyncpg
from aiohttp import web

from authsvc import cookies, unmatched
from authsvc import errors as e
from authsvc.keys import SERVICE
from authsvc.pages.render import page, wants_json
from authsvc.replies import hinting, reply
from authsvc.routing import Access, Handler, row_of

log = logging.getLogger("authsvc.errors")

_BY_STATUS: dict[int, type[e.ApiError]] = {
    403: e.PermissionDenied,
    404: e.NotFound,
    405: e.MethodNotAllowed,
    413: e.PayloadTooLarge,
    415: e.UnsupportedMedia,
}


def rendered(handler: Handler) -> Handler:
    """A handler whose exceptions are answers."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Exception as err:
            return await response_to(request, err)

    return answer


async def response_to(request: web.Request, err: Exception) -> web.StreamResponse:
    """The answer to an exception; only what nobody foresaw is a 500, and is logged."""
    match err:
        case e.ApiError():
            return render(request, err)
        case web.HTTPException():
            return await _of_aiohttp(request, err)
        case asyncpg.IntegrityConstraintViolationError():
            return render(request, _broken(err))
        case asyncpg.DataError():
            log.warning("refused by the database: %s", getattr(err, "constraint_name", None) or type(err).__name__)
            return render(request, e.Malformed())
    row = row_of(request)
    log.error("unforeseen error in %s %s", request.method, row.path if row else request.path, exc_info=err)
    return render(request, e.Internal())


async def _of_aiohttp(request: web.Request, err: web.HTTPException) -> web.StreamResponse:
    """The answer to what no row answers."""
    if err.status == 405 and await unmatched.is_hidden(request, "GET", request.rel_url):
        return render(request, e.NotFound())
    if err.status == 404 and (slashed := await unmatched.slash_form(request)):
        return web.Response(status=HTTPStatus.PERMANENT_REDIRECT, headers={"Location": str(slashed)})
    if err.status == 404 and not request.path.startswith("/api/") and "json" not in request.headers.get("Accept", ""):
        return page("done.html", 404, title="Page not found", text="There is no page at this address.")
    response = render(request, _BY_STATUS.get(err.status, e.Malformed)())
    if "Allow" in err.headers:
        response.headers["Allow"] = err.headers["Allow"]
    return response


def render(request: web.Request, err: e.ApiError) -> web.Response:
    """The response of an error: the API's shape, or RFC 9457 for who accepts it."""
    body, row = err.body(), row_of(request)
    response = reply(body, err.status)
    if row is not None and row.access is Access.PUBLIC_PAGE and not wants_json(request):
        response = page("done.html", err.status, title=HTTPStatus(err.status).phrase, text=err.detail)
    if "application/problem+json" in request.headers.get("Accept", ""):
        title = HTTPStatus(err.status).phrase
        problem = {"type": "about:blank", "title": title, "status": err.status, "detail": err.detail, "code": err.code}
        if isinstance(err, e.Invalid):
            problem["errors"] = body
        response = reply(problem | err.extra, err.status, {"Content-Type": "application/problem+json"})
    if err.clears_cookies:
        cookies.clear(response, request.app[SERVICE].settings)
    return hinting(response, err)


def _broken(err: asyncpg.IntegrityConstraintViolationError) -> e.ApiError:
    """What the name of a broken constraint means to the client."""
    name = err.constraint_name or ""
    if name in e.BY_CONSTRAINT:
        field, sentence = e.BY_CONSTRAINT[name]
        return e.Invalid({field: [sentence]})
    if name in e.CONFLICTS or isinstance(err, asyncpg.UniqueViolationError | asyncpg.ForeignKeyViolationError):
        return e.Conflict(e.CONFLICTS.get(name))
    log.warning("refused by the database: %s", name)
    return e.Malformed()
