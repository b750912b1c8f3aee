"""Which query module knows which kind of person: the only place that chooses one."""

from collections.abc import Mapping
from typing import Any, Protocol

import asyncpg

from authsvc.core.person import Kind
from authsvc.core.registration import NewPerson
from authsvc.db.pool import Db
from authsvc.queries import employees, users


class People(Protocol):
    """What queries.users and queries.employees have in common."""

    async def by_email(self, db: Db, canonical: str) -> asyncpg.Record | None: ...
    async def insert(self, db: Db, new: NewPerson) -> int: ...
    async def profile(self, db: Db, person_id: int) -> asyncpg.Record | None: ...
    async def by_company_id(self, db: Db, company_id: str, viewer_id: int) -> asyncpg.Record | None: ...
    async def note_sign_in(self, db: Db, person_id: int, checked_hash: str, new_hash: str | None) -> bool: ...
    async def edit(self, db: Db, person_id: int, changes: Mapping[str, Any]) -> None: ...


PEOPLE: Mapping[Kind, People] = {Kind.STAFF: users, Kind.EMPLOYEE: employees}
