"""One request of the rights matrix: a path and a valid body for an actor and an object; and putting things back."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import asyncpg

from authsvc.routing import EMPLOYEES_ONLY, Route
from tests.client import Answer
from tests.endpoints.kit import add_employee, sign_in_employee
from tests.rights import matrix
from tests.rights.world import MISSING, World, add_system

LONE_EMPLOYEE = MISSING - 1
_SECRET_COLUMNS = {"sessions": "last_used_at"}
_NOT_COMPARED = {"audit", "request_limits", "schema_migrations"}

# What a row is sent, by its name; {} for all others.
Body = Callable[[World, str], dict[str, Any]]
BODIES: dict[str, Body] = {
    "review.decide": lambda w, at: {"action": "reject"},
    "managed_users.create": lambda w, at: {"email": "new@example.com", "first_name": "New"},
    "managed_users.edit": lambda w, at: {"first_name": "Changed"},
    "invitations.send": lambda w, at: {"email": "new@example.com", "system": slug(at), "role": "Technician"},
    "systems.create": lambda w, at: {"name": "Gamma"},
    "systems.edit": lambda w, at: {"description": "Changed"},
    "roles.create": lambda w, at: {"system": slug(at), "name": "New"},
    "roles.edit": lambda w, at: {"description": "Changed"},
    "assignments.create": lambda w, at: {"user": agent(w, at), "system": slug(at), "role": "Technician"},
    "assignments.edit": lambda w, at: {"is_active": False},
    "assignments.edit_settings": lambda w, at: {"user_id": agent(w, at), "settings": {"shift": "late"}},
    "tts.next_turn": lambda w, at: {"system": slug(at), "role": "Agent"},
    "tts.users_info": lambda w, at: {"user_ids": [w.people["agent_b"]]},
    "tts.assign_agent": lambda w, at: {"user_id": agent(w, at), "system_slug": slug(at), "role": "Technician"},
    "tts.create_role": lambda w, at: {"system": slug(at), "name": "New"},
}
QUERIES = {"tts.round_robin": "?system={slug}&role=Agent", "systems.remove": "?force=true"}


def slug(where: str) -> str:
    return where if where in ("alpha", "beta") else "nowhere"


def agent(world: World, where: str) -> int:
    """Who holds a role in one system only."""
    return {"alpha": world.people["agent_a"], "beta": world.people["agent_b"]}.get(where, MISSING)


async def settle(world: World) -> None:
    """Open all sessions, then deactivate the dead one behind the service's back; invitations to both systems.

    The help desk gets an admin, and a second employee, whose number no user has.
    """
    world.systems["hdts"] = await add_system(world.db, "hdts")
    await world.add("hdts", ("hdts", "Admin"))
    await add_employee(world.db, LONE_EMPLOYEE, "lone@example.com")
    await sign_in_employee(world.api, "lone@example.com")
    for actor in matrix.ACTORS:
        await world.as_(actor)
    await world.invitation("alpha", "invited@alpha.example.com", "admin_a")
    await world.invitation("beta", "invited@beta.example.com", "admin_b")
    await world.db.execute("UPDATE users SET is_active = false WHERE id = $1", world.people["dead"])


async def probe(
    world: World,
    row: Route,
    path: str,
    actor: str,
    where: str,
    *,
    number: str | None = None,
    extra: Mapping[str, Any] = MappingProxyType({}),
) -> Answer:
    """The answer to one request; `number` instead of the object's id, `extra` beside its body."""
    filled = await _filled(world, row, path, actor, where, number)
    body = {**extra, **BODIES.get(row.name, lambda w, at: {})(world, where)}
    query = QUERIES.get(row.name, "").format(slug=slug(where))
    sent = {} if row.method == "GET" else {"json": body}
    return await world.api.request(row.method, filled + query, headers=await world.as_(actor), **sent)


async def _filled(world: World, row: Route, path: str, actor: str, where: str, number: str | None) -> str:
    plain = matrix.shown("", path).strip()
    plain = plain.replace("{slug}", slug(where)).replace("{digest}", "0" * 64)
    if "{company_id}" in plain:
        found = await world.db.fetchval("SELECT company_id FROM users WHERE id = $1", agent(world, where))
        return plain.replace("{company_id}", found or "MA9999")
    if "{" in plain:
        plain = re.sub(r"\{\w+\}", number or str(await _object(world, row, actor, where)), plain)
    return plain


async def _object(world: World, row: Route, actor: str, where: str) -> int:
    """The id of the object that stands for alpha, beta or nobody; for sessions: one's own or somebody else's."""
    if where == "none":
        return MISSING
    noun = row.name.partition(".")[0]
    if noun == "sessions" and row.kinds == EMPLOYEES_ONLY:
        return await _employees_session(world, where)
    if noun == "sessions":
        own = actor if actor in world.people else "dead"
        return await _session(world, own if where == "own" else "root" if own == "plain" else "plain")
    if noun in ("managed_users", "tts"):
        return agent(world, where)
    if noun == "systems":
        return world.systems[where]
    if noun == "roles":
        return await world.role(where, "Spare")
    if noun == "assignments":
        return await world.held("shared", where)
    if noun == "review":
        return world.people["agent_a" if where == "employee" else "root"]
    if noun == "internal":
        return world.people["hdts" if row.name == "internal.help_desk_user" else "agent_a"]
    assert noun == "invitations", row.name
    return int(await world.db.fetchval("SELECT id FROM invitations WHERE system_id = $1", world.systems[where]))


async def _session(world: World, who: str) -> int:
    return int(await world.db.fetchval("SELECT max(id) FROM sessions WHERE user_id = $1", world.people[who]))


async def _employees_session(world: World, where: str) -> int:
    """The employee's own session, another employee's, or that of the user with his number."""
    number = world.people["agent_a"]
    if where == "twin":
        return await _session(world, "agent_a")
    employee = number if where == "own" else LONE_EMPLOYEE
    return int(await world.db.fetchval("SELECT max(id) FROM sessions WHERE employee_id = $1", employee))


class Snapshot(NamedTuple):
    """The contents of all tables, to compare with and to go back to."""

    db: asyncpg.Connection
    query: str

    @classmethod
    async def take(cls, db: asyncpg.Connection) -> "Snapshot":
        tables = [
            row[0]
            for row in await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
            if row[0] != "schema_migrations"
        ]
        await db.execute("DROP SCHEMA IF EXISTS saved CASCADE; CREATE SCHEMA saved")
        steps = []
        for table in tables:
            await db.execute(f"CREATE TABLE saved.{table} AS SELECT * FROM public.{table}")
            columns = await db.fetchval(
                """SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
                    WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''""",
                f"public.{table}",
            )
            steps.append(
                f"DELETE FROM public.{table}; INSERT INTO public.{table} ({columns}) "
                f"OVERRIDING SYSTEM VALUE SELECT {columns} FROM saved.{table}; "
            )
        await db.execute(  # a function, for it keeps its plans
            "CREATE FUNCTION saved.restore() RETURNS void LANGUAGE plpgsql "
            f"SET session_replication_role = replica AS $$ BEGIN {''.join(steps)} END $$"
        )
        hashes = ", ".join(
            "(SELECT md5(coalesce(string_agg(h, '' ORDER BY h), '')) FROM (SELECT md5((to_jsonb(t)"
            f" - '{_SECRET_COLUMNS.get(table, '')}')::text) AS h FROM public.{table} t) x) AS {table}"
            for table in tables
            if table not in _NOT_COMPARED
        )
        return cls(db, f"SELECT {hashes}")

    async def state(self) -> dict[str, str]:
        """A hash of each table, but for the audit, the counters of requests and when sessions were used."""
        return dict(await self.db.fetchrow(self.query))

    async def restore(self) -> None:
        await self.db.execute("SELECT saved.restore()")

    async def drop(self) -> None:
        await forget(self.db)


async def forget(db: asyncpg.Connection) -> None:
    """Drop what `Snapshot.take` kept, if there is anything."""
    await db.execute("DROP SCHEMA IF EXISTS saved CASCADE")
