"""Which query module knows which kind of person: the only place that chooses one."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeVar

import asyncpg

from authsvc import errors
from authsvc.core import names
from authsvc.core.person import Caller, Kind
from authsvc.core.registration import NewPerson
from authsvc.db.pool import Db
from authsvc.queries import employees, users

T = TypeVar("T")
_USERNAME_TRIES = 5


class People(Protocol):
    """What queries.users and queries.employees have in common."""

    async def by_email(self, db: Db, canonical: str) -> asyncpg.Record | None: ...
    async def insert(self, db: Db, new: NewPerson) -> int: ...
    async def profile(self, db: Db, person_id: int) -> asyncpg.Record | None: ...
    async def by_company_id(self, db: Db, company_id: str, viewer: Caller) -> asyncpg.Record | None: ...
    async def note_sign_in(
        self, db: Db, person_id: int, checked_hash: str, new_hash: str | None, *, by_code: bool
    ) -> bool: ...
    async def renew_hash(self, db: Db, person_id: int, checked_hash: str, new_hash: str) -> bool: ...
    async def edit(self, db: Db, person_id: int, changes: Mapping[str, Any]) -> None: ...
    async def credentials(self, db: Db, person_id: int) -> asyncpg.Record | None: ...
    async def set_password(self, db: Db, person_id: int, new_hash: str, checked_hash: str | None) -> bool: ...
    async def set_otp_enabled(self, db: Db, person_id: int, enabled: bool) -> None: ...
    async def prove_address(self, db: Db, person_id: int, email: str, canonical: str) -> bool: ...
    async def lock(self, db: Db, person_id: int) -> str | None: ...


PEOPLE: Mapping[Kind, People] = {Kind.STAFF: users, Kind.EMPLOYEE: employees}


async def with_free_username(email: str, chosen: str | None, use: Callable[[str], Awaitable[T]]) -> T:
    """`use(username)` with the chosen one, else with one made of the address, and others while that is taken.

    `use` is a whole transaction: a taken name has undone it.
    """
    base = chosen or names.username_from(email)
    for attempt in range(_USERNAME_TRIES):
        try:
            return await use(base if attempt == 0 else f"{base}-{secrets.token_hex(3)}")
        except asyncpg.UniqueViolationError as err:
            if chosen or not str(err.constraint_name).endswith("_username_key"):
                raise
    raise errors.Invalid({"username": ["Choose a username."]})
