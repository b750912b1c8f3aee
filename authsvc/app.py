"""Put the parts together."""

from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp_session import session_middleware

from authsvc import log, openapi
from authsvc.browser import storage
from authsvc.jobs.numbers import keep_numbers
from authsvc.jobs.outbox import send_mails
from authsvc.jobs.purge import purge_now_and_then
from authsvc.jobs.revocations import follow_revocations
from authsvc.jobs.signing_keys import follow_key_files
from authsvc.keys import SERVICE
from authsvc.middleware.headers import without_banner
from authsvc.middleware.limits import REFUSED
from authsvc.pages.docs import DOCS, Docs
from authsvc.pipeline import answering, answering_nowhere
from authsvc.routes import ROUTES
from authsvc.routing import SCHEMA, register
from authsvc.service import Service


def create_app(svc: Service) -> web.Application:
    """The application of one process."""
    app = web.Application()
    app[SERVICE], app[REFUSED], app[SCHEMA] = svc, {}, openapi.published()
    app[DOCS] = Docs()
    app.on_response_prepare.append(without_banner)
    app.cleanup_ctx.extend([_parts, keep_numbers, send_mails, purge_now_and_then, follow_key_files, follow_revocations])
    browser_session = session_middleware(storage(svc.settings))
    register(app, ROUTES, lambda row: answering(row, svc, browser_session, app[REFUSED]), answering_nowhere(svc))
    return app


async def _parts(app: web.Application) -> AsyncIterator[None]:
    svc = app[SERVICE]
    await svc.db.open()
    yield
    svc.hasher.close()
    svc.db.terminate()
    log.flush()
