"""Put the parts together."""

from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp_session import session_middleware

from authsvc import openapi
from authsvc.browser import storage
from authsvc.jobs.numbers import keep_numbers
from authsvc.jobs.outbox import send_mails
from authsvc.jobs.purge import purge_now_and_then
from authsvc.jobs.signing_keys import follow_key_files
from authsvc.keys import SERVICE
from authsvc.middleware.access import access
from authsvc.middleware.body import body
from authsvc.middleware.csrf import csrf
from authsvc.middleware.errors import errors
from authsvc.middleware.headers import on_prepare, preflight
from authsvc.middleware.identity import identity
from authsvc.middleware.limits import REFUSED, limits
from authsvc.middleware.measure import measure
from authsvc.routes import ROUTES
from authsvc.routing import SCHEMA, register
from authsvc.service import Service


def create_app(svc: Service) -> web.Application:
    """The application of one process. Outermost first: what went wrong, who is it, from where, how often, may they."""
    sessions = session_middleware(storage(svc.settings))
    app = web.Application(middlewares=[measure, sessions, errors, preflight, identity, csrf, limits, access, body])
    app[SERVICE], app[REFUSED], app[SCHEMA] = svc, {}, openapi.published()
    app.on_response_prepare.append(on_prepare)
    app.cleanup_ctx.extend([_parts, keep_numbers, send_mails, purge_now_and_then, follow_key_files])
    register(app, ROUTES)
    return app


async def _parts(app: web.Application) -> AsyncIterator[None]:
    svc = app[SERVICE]
    await svc.db.open()
    yield
    svc.hasher.close()
    svc.db.terminate()
