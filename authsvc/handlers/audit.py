"""The record of what happened."""

from aiohttp import web

from authsvc.errors import PermissionDenied
from authsvc.flows import show_audit
from authsvc.keys import QUERY, SERVICE, caller_of
from authsvc.queries.audit import Filter
from authsvc.replies import page
from authsvc.routing import api
from authsvc.schemas import audit as s

_ANYBODY = (None, None)


@api(query=s.AuditQuery, reply=s.Event, many=True, errors=(PermissionDenied,))
async def index(request: web.Request) -> web.Response:
    """What happened, newest first."""
    query = request[QUERY]
    actor, subject = query.get("actor", _ANYBODY), query.get("subject", _ANYBODY)
    wanted = Filter(query.get("event"), actor, subject, query.get("since"), query.get("until"))
    limit = query["limit"]
    rows = await show_audit.page(request.app[SERVICE], caller_of(request), wanted, query["cursor"], limit + 1)
    return page(request, rows, limit, lambda row: str(row["seq"]))
