"""Two systems, alpha and beta, and everybody who may stand before them."""

import dataclasses
from typing import Any

import asyncpg

from authsvc.core import names
from authsvc.core.registration import NewPerson
from authsvc.queries import users
from tests.client import Api, Tokens
from tests.endpoints.kit import PASSWORD_HASH, add_employee, sign_in_employee

ALPHA, BETA = "alpha", "beta"
ROLES = ("Admin", "Agent", "Technician", "Spare")
MISSING = 2**31 - 1
FORBIDDEN = {"detail": "You do not have permission to perform this action.", "code": "permission_denied"}
NOT_FOUND = {"detail": "Not found.", "code": "not_found"}

# Who → address, roles. What belongs to beta alone has "beta" in its address, so that it is recognised anywhere.
PEOPLE: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "root": ("root@example.com", ()),
    "plain": ("plain@example.com", ()),
    "pending": ("pending@example.com", ()),
    "dead": ("dead@example.com", ((ALPHA, "Agent"),)),
    "admin_a": ("admin@alpha.example.com", ((ALPHA, "Admin"),)),
    "agent_a": ("agent@alpha.example.com", ((ALPHA, "Agent"),)),
    "admin_b": ("admin@beta.example.com", ((BETA, "Admin"),)),
    "agent_b": ("agent@beta.example.com", ((BETA, "Agent"),)),
    "both": ("both@example.com", ((ALPHA, "Agent"), (BETA, "Admin"))),
    "shared": ("shared@example.com", ((ALPHA, "Agent"), (BETA, "Technician"))),
}


async def add_user(db: asyncpg.Connection, email: str, **columns: Any) -> int:
    """An approved user with PASSWORD and a proven address, made beside the API; his id."""
    username = columns.pop("username", names.username_from(email))
    new = {
        "email": email,
        "email_canonical": names.canonical_email(email),
        "username": username,
        "username_canonical": names.fold(username),
        "password_hash": PASSWORD_HASH,
        "first_name": "",
        "last_name": "",
    }
    made = await users.insert(db, NewPerson._make(new.get(name) for name in NewPerson._fields))
    settled = {"status": "Approved", **columns}
    sets = ", ".join(f"{name} = ${i}" for i, name in enumerate(settled, 2))
    await db.execute(f"UPDATE users SET email_verified_at = now(), {sets} WHERE id = $1", made, *settled.values())
    return made


async def add_system(db: asyncpg.Connection, slug: str, roles: tuple[str, ...] = ROLES) -> int:
    """A system with roles, of which Admin is the default one, as the API makes it; its id."""
    made = await db.fetchval(
        "INSERT INTO systems (name, name_canonical, slug) VALUES ($1, lower($1), $2) RETURNING id",
        f"System {slug}",
        slug,
    )
    await db.executemany(
        "INSERT INTO roles (system_id, name, name_canonical, is_custom) VALUES ($1, $2, lower($2), $2 <> 'Admin')",
        [(made, role) for role in roles],
    )
    return int(made)


async def hold(db: asyncpg.Connection, user_id: int, slug: str, role: str, *, is_active: bool = True) -> int:
    """Give a user a role that is there; the assignment's id."""
    return int(
        await db.fetchval(
            """INSERT INTO assignments (user_id, system_id, role_id, is_active)
               SELECT $1, s.id, r.id, $4 FROM systems s JOIN roles r ON r.system_id = s.id
                WHERE s.slug = $2 AND r.name = $3 RETURNING id""",
            user_id,
            slug,
            role,
            is_active,
        )
    )


# Everybody in two statements, in the order of PEOPLE: a world is built for each of several hundred tests.
_ALL_PEOPLE = """
INSERT INTO users (email, email_canonical, username, username_canonical, first_name, last_name, password_hash,
                   company_id, email_verified_at, status, is_superuser)
SELECT email, email, who, who, who, CASE WHEN strpos(email, 'beta') > 0 THEN 'Beta' ELSE 'Alpha' END, $3,
       claim_company_id('staff', NULL), now(), CASE who WHEN 'pending' THEN 'Pending' ELSE 'Approved' END, who = 'root'
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS p (who, email, n)
 ORDER BY n
RETURNING id, username"""
_ALL_ROLES = """
INSERT INTO assignments (user_id, system_id, role_id)
SELECT u.id, s.id, r.id
  FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS h (who, slug, role, n)
  JOIN users u ON u.username = h.who
  JOIN systems s ON s.slug = h.slug
  JOIN roles r ON r.system_id = s.id AND r.name = h.role
 ORDER BY n"""


@dataclasses.dataclass
class World:
    """Ids by name, and everybody's session, opened when first asked for."""

    api: Api
    db: asyncpg.Connection
    people: dict[str, int] = dataclasses.field(default_factory=dict)
    systems: dict[str, int] = dataclasses.field(default_factory=dict)
    tokens: dict[str, Tokens] = dataclasses.field(default_factory=dict)

    async def as_(self, who: str) -> dict[str, str]:
        """The Authorization header of somebody."""
        if who == "nobody":
            return {}
        if who not in self.tokens:
            email = PEOPLE[who][0] if who in PEOPLE else f"{who}@example.com"
            self.tokens[who] = await (sign_in_employee(self.api) if who == "employee" else self.api.session_of(email))
        return self.tokens[who].bearer

    async def role(self, slug: str, name: str) -> int:
        """The id of a role."""
        return int(
            await self.db.fetchval("SELECT id FROM roles WHERE system_id = $1 AND name = $2", self.systems[slug], name)
        )

    async def held(self, who: str, slug: str) -> int:
        """The id of somebody's assignment in a system."""
        return int(
            await self.db.fetchval(
                "SELECT id FROM assignments WHERE user_id = $1 AND system_id = $2",
                self.people[who],
                self.systems[slug],
            )
        )

    async def add(self, who: str, *roles: tuple[str, str], **columns: Any) -> int:
        """One more person, with the address who@example.com."""
        self.people[who] = await add_user(self.db, f"{who}@example.com", **columns)
        for slug, role in roles:
            await hold(self.db, self.people[who], slug, role)
        return self.people[who]

    async def invitation(self, slug: str, email: str, by: str) -> int:
        """An open invitation to the role Technician; its id."""
        return int(
            await self.db.fetchval(
                """INSERT INTO invitations
                          (token_hash, email, email_canonical, system_id, role_id, invited_by, expires_at)
                   VALUES (sha256($1::text::bytea), $1, lower($1), $2, $3, $4, now() + interval '72 hours')
                   RETURNING id""",
                email,
                self.systems[slug],
                await self.role(slug, "Technician"),
                self.people[by],
            )
        )


async def make_world(api: Api, db: asyncpg.Connection) -> World:
    """Everything in PEOPLE. Employee and user of one number both exist: agent_a's."""
    world = World(api, db)
    for slug in (ALPHA, BETA):
        world.systems[slug] = await add_system(db, slug)
    emails = [email for email, _ in PEOPLE.values()]
    made = await db.fetch(_ALL_PEOPLE, list(PEOPLE), emails, PASSWORD_HASH)
    world.people = {row["username"]: row["id"] for row in made}
    held = [(who, slug, role) for who, (_, roles) in PEOPLE.items() for slug, role in roles]
    await db.execute(_ALL_ROLES, *map(list, zip(*held, strict=True)))
    await add_employee(db, world.people["agent_a"])
    return world
