"""Every way to write an assignment, by all its names."""

from typing import Any, NamedTuple

from authsvc.routes import ROUTES
from tests.endpoints.kit import paths_of
from tests.rights.world import World


class Request(NamedTuple):
    """What is sent, without who sends it."""

    method: str
    path: str
    body: dict[str, Any] | None = None


def _at(path: str, number: int) -> str:
    return path.partition("{")[0] + f"{number}/"


def grants(user_id: int, email: str, system: str | int, role: str | int) -> list[Request]:
    """Give a person a role of a system; system by slug, role by id or name."""
    by = "role_id" if isinstance(role, int) else "role"
    assigned = {"user_id": user_id, "system": system, by: role}
    agent = {"user_id": user_id, "system_slug": system, by: role}
    invited = {"email": email, "system": system, by: role}
    return [
        *(Request("POST", path, assigned) for path in paths_of("assignments.create")),
        *(Request("POST", path, agent) for path in paths_of("tts.assign_agent")),
        *(Request("POST", path, invited) for path in paths_of("invitations.send")),
        *(
            Request("POST", path, {"user_id": user_id, "system_id": system, "role_id": role})
            for path in paths_of("invitations.send")
        ),
    ]


def edits(assignment_id: int, body: dict[str, Any]) -> list[Request]:
    """Change an assignment, by all names of PATCH and PUT."""
    patch, put = _paths_of("PATCH"), _paths_of("PUT")
    return [
        *(Request("PATCH", _at(path, assignment_id), body) for path in patch),
        *(Request("PUT", _at(path, assignment_id), body) for path in put),
    ]


def removals(assignment_id: int) -> list[Request]:
    """Take a role away."""
    return [Request("DELETE", _at(path, assignment_id)) for path in paths_of("assignments.remove")]


def switches(user_id: int, assignment_id: int, *, active: bool = False) -> list[Request]:
    """Switch an assignment by way of its holder."""
    body = {"system_role_id": assignment_id, "system_role_is_active": active}
    paths = ["/api/v1/users/{id}/", "/api/v1/users/management/{id}/"]
    return [Request(method, _at(path, user_id), body) for method in ("PATCH", "PUT") for path in paths]


async def all_writes(world: World, target: str, slug: str) -> list[Request]:
    """Every way to write what somebody holds in a system, and to give him its other roles."""
    user_id, held = world.people[target], await world.held(target, slug)
    email = await world.db.fetchval("SELECT email FROM users WHERE id = $1", user_id)
    settings = {"user_id": user_id, "settings": {"taken": True}}
    return [
        *grants(user_id, email, slug, "Admin"),
        *grants(user_id, email, slug, await world.role(slug, "Spare")),
        *edits(held, {"role": "Admin"}),
        *edits(held, {"is_active": False}),
        *edits(held, {"settings": {"taken": True}}),
        *removals(held),
        *switches(user_id, held),
        *(Request("POST", path, {**settings, "system": slug}) for path in paths_of("assignments.edit_settings")),
    ]


def _paths_of(method: str) -> list[str]:
    return [path for row in ROUTES if row.name == "assignments.edit" and row.method == method for path in row.paths]
