"""The help desk's admins review employees."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from authsvc.core.profiles import shown
from authsvc.errors import NotFound, PermissionDenied
from authsvc.flows import review
from authsvc.keys import BODY, ORIGIN, QUERY, SERVICE, caller_of, id_of
from authsvc.replies import page, reply
from authsvc.routing import api
from authsvc.schemas import review as s
from authsvc.schemas.users import Employee


def _shown(request: web.Request, rows: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [shown(row, request.app[SERVICE].settings.public_url) for row in rows]


@api(query=s.EmployeesQuery, reply=Employee, many=True, errors=(PermissionDenied,))
async def employees(request: web.Request) -> web.Response:
    """The employees."""
    query = request[QUERY]
    wanted = (query["cursor"] or 0, query["limit"] + 1, query["status"], query["search"])
    rows = await review.employees(request.app[SERVICE], caller_of(request), *wanted)
    return page(request, _shown(request, rows), query["limit"], lambda row: row["id"])


@api(reply=s.Pending, errors=(PermissionDenied,))
async def pending(request: web.Request) -> web.Response:
    """The employees who wait for approval."""
    rows = await review.employees(request.app[SERVICE], caller_of(request), status="Pending")
    found = _shown(request, rows)
    return reply({"count": len(found), "users": found, "results": found})


@api(reply=s.HelpDesk, errors=(PermissionDenied,))
async def help_desk(request: web.Request) -> web.Response:
    """Everybody of the help desk: its staff and all employees."""
    found = await review.help_desk(request.app[SERVICE], caller_of(request))
    staff, others = _shown(request, found.staff), _shown(request, found.employees)
    return reply(
        {
            "count": len(staff) + len(others),
            "system_users_count": len(staff),
            "employees_count": len(others),
            "users": staff,
            "all_users": [{**person, "type": "user"} for person in staff] + others,
        }
    )


@api(body=s.DecisionBody, reply=s.Decided, errors=(NotFound, PermissionDenied), forms=True)
async def decide(request: web.Request) -> web.Response:
    """Approve or reject an employee."""
    employee_id, status = id_of(request), s.decided(request[BODY])
    changed = await review.decide(request.app[SERVICE], caller_of(request), employee_id, status, request[ORIGIN])
    message = f"The employee was {status.lower()}." if changed else f"The employee is {status.lower()} already."
    return reply({"success": True, "message": message, "user_id": employee_id, "status": status})
