"""Who is behind a session, and what is shown of a person: remembered per process, as long as it is known to be true.

The database says what to forget (migrations/0014_revocations.sql). It is asked several times a second, on a connection
of its own, and at once when it notifies. What is remembered counts only while the last answer is younger than
`MOST_STALE`, so a revocation is felt everywhere in less than a second; when the database is silent, nothing counts, and
each request asks for itself. A process sees its own changes at once: `settle` asks before they are answered.

A process that was paused may have missed what was purged meanwhile, so it forgets everything; how long it was away, the
database's clock tells. Until it has asked, nothing counts: of the two clocks here one goes on while a machine sleeps.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

import asyncpg

from authsvc.core.infos import Info, info
from authsvc.core.jsons import kept
from authsvc.core.person import Kind, Person
from authsvc.core.profiles import PersonalClaims, claims_about, shown
from authsvc.core.remembered import Remembered
from authsvc.db.pool import APP_ROLE, Db
from authsvc.people import PEOPLE
from authsvc.queries import managed_users, revocations, sessions

MOST_STALE = 0.9  # seconds
LONGEST_GAP = 5.0  # seconds between two answers; after a longer one everything is forgotten
_EVERY = 0.3  # seconds between two questions
_PATIENCE = 0.5  # seconds for an answer
_RETRY = 0.2  # seconds before the next connection is tried
_SESSIONS, _PEOPLE = 5_000, 2_000  # remembered at most: some 10 MB
_AT_MOST = 1_000  # revocations in one answer; of more, everything is forgotten
_FAILURES = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
LOOKUPS = ("user", "employee", "help_desk_user")
_CHANNEL = "authsvc_revocations"
log = logging.getLogger(__name__)


class Session(NamedTuple):
    """A live session: whose, and what he may do."""

    person: Person
    email: str
    is_superuser: bool
    is_admin: bool
    until: float  # by time.monotonic()

    def is_of(self, person: Person) -> bool:
        """Is it a session of this person, and not over?"""
        return self.person == person and self.until > time.monotonic()


class Shown(NamedTuple):
    """A person as he is shown to himself: PROFILE or EMPLOYEE, the same as JSON; and what a token says of him."""

    profile: Mapping[str, Any]
    json: bytes
    claims: PersonalClaims


class Known:
    """dsn: where to listen; it leads to the primary, and past any pooler that shares connections."""

    def __init__(self, dsn: str, public_url: str) -> None:
        self._dsn, self._public_url = dsn, public_url
        self._by_person: dict[Person, set[int]] = {}
        self._sessions: Remembered[int, Session] = Remembered(_SESSIONS, forgotten=self._unlinked)
        self._people: Remembered[Person, Shown] = Remembered(_PEOPLE)
        self._lookups: Remembered[tuple[str, Person], bytes] = Remembered(_PEOPLE)
        self._infos: Remembered[int, Info] = Remembered(_PEOPLE)
        self._asked_at = -1e9  # when the last question that was answered was asked, by time.monotonic()
        self._asked_by_calendar = 0.0  # the same by time.time(), which goes on while the machine sleeps
        self._answered_at = 0.0  # the same by the database's clock
        self._following: str | None = None
        self._conn: asyncpg.Connection | None = None
        self._asking, self._woken = asyncio.Lock(), asyncio.Event()
        self.is_on = False  # False: nothing is ever remembered

    @property
    def is_fresh(self) -> bool:
        """Does what is remembered count?"""
        return time.monotonic() - self._asked_at < MOST_STALE and time.time() - self._asked_by_calendar < MOST_STALE

    async def session(self, db: Db, session_id: int, person: Person) -> Session | None:
        """The session, if it is a live one of this person."""
        if not self.is_fresh:
            return await self._read_session(db, session_id, person)
        found = self._sessions.get(session_id)
        if found is None:  # who gives up waiting leaves the rest of it to be done, and nobody to be told of a failure
            load = asyncio.ensure_future(self._load_session(db, session_id, person))
            load.add_done_callback(lambda done: done.cancelled() or done.exception())
            found = await asyncio.shield(load)
        return found if found is not None and found.is_of(person) else None

    def remembered(self, session_id: int, person: Person) -> Session | None:
        """The session, if it is remembered as a live one of this person, and that counts."""
        found = self._sessions.get(session_id) if self.is_fresh else None
        return found if found is not None and found.is_of(person) else None

    def remembered_person(self, person: Person) -> Shown | None:
        """The person, if he is remembered and that counts."""
        return self._people.get(person) if self.is_fresh else None

    async def person(self, db: Db, person: Person) -> Shown | None:
        """The person; None when he is gone."""
        if not self.is_fresh:
            return await self._read_person(db, person)
        return self._people.get(person) or await self._people.load(person, lambda: self._read_person(db, person))

    async def looked_up(self, what: str, person: Person, source: Callable[[], Awaitable[bytes | None]]) -> bytes | None:
        """What the source says of a person, as JSON; `what` is one of LOOKUPS."""
        if not self.is_fresh:
            return await source()
        return self._lookups.get((what, person)) or await self._lookups.load((what, person), source)

    async def infos(self, db: Db, user_ids: Sequence[int]) -> dict[int, Info]:
        """Staff users as other programs see them, by id, in this order; of ids that nobody has, nothing."""
        if not self.is_fresh:
            return await self._read_infos(db, user_ids)
        return await self._infos.load_all(user_ids, lambda missing: self._read_infos(db, missing))

    async def settle(self) -> None:
        """Ask now, so that the next request of this process sees what was just committed."""
        if not self.is_on:
            return
        wanted = time.monotonic()
        async with self._asking:
            if self._asked_at < wanted and self._conn is not None:
                with contextlib.suppress(Exception):  # `follow` hears of it, says so, and connects anew
                    await self._ask(self._conn)

    async def follow(self) -> None:
        """Ask for revocations, for ever; whatever happens to the connection, another one is made."""
        self.is_on = True
        while True:
            try:
                await self._connected()
            except Exception as err:  # what the driver says of an answer that it cannot read may be anything
                expected, what = isinstance(err, _FAILURES), {"error": type(err).__name__}
                log.warning("revocations are not heard", extra={"fields": what}, exc_info=None if expected else err)
            finally:
                self._asked_at = -1e9
            await asyncio.sleep(_RETRY)

    async def _connected(self) -> None:
        conn = await asyncpg.connect(self._dsn, timeout=2, command_timeout=_PATIENCE, statement_cache_size=20)
        try:
            await conn.execute("SELECT set_config('role', $1, false) WHERE current_user <> $1", APP_ROLE)
            await conn.add_listener(_CHANNEL, lambda *_: self._woken.set())
            conn.add_termination_listener(lambda *_: self._woken.set())
            self._forget_all()
            self._following = await revocations.now(conn)
            self._conn = conn
            while True:
                async with self._asking:
                    await self._ask(conn)
                self._woken.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_EVERY):
                        await self._woken.wait()
        finally:
            self._conn = None
            conn.terminate()

    async def _ask(self, conn: asyncpg.Connection) -> None:
        """One question; the caller holds the lock. A failure leaves everything unknown, and ends the connection."""
        asked_at, by_calendar = time.monotonic(), time.time()
        try:
            self._heed(await revocations.since(conn, str(self._following), _AT_MOST + 1))
        except BaseException:
            # Who waits to ask must not wait for a silent database too, one after the other: `follow` connects anew.
            self._asked_at, self._conn = -1e9, None
            conn.terminate()
            raise
        self._asked_at, self._asked_by_calendar = asked_at, by_calendar

    def _heed(self, rows: list[asyncpg.Record]) -> None:
        answered_at = rows[0]["asked_at"]
        for row in rows:
            if row["is_one"]:
                self._forget(row)
        if len(rows) > _AT_MOST or answered_at - self._answered_at > LONGEST_GAP:
            self._forget_all()
        self._following, self._answered_at = rows[0]["following"], answered_at

    def _forget(self, row: asyncpg.Record) -> None:
        if row["kind"] is None:
            self._forget_all()
        elif row["session_id"] is not None:
            self._sessions.drop(row["session_id"])
        else:
            person = Person(Kind(row["kind"]), row["person_id"])
            self._people.drop(person)
            for what in LOOKUPS:
                self._lookups.drop((what, person))
            if person.kind is Kind.STAFF:
                self._infos.drop(person.id)
            for session_id in list(self._by_person.get(person, ())):
                self._sessions.drop(session_id)

    def _forget_all(self) -> None:
        self._sessions.clear()
        self._people.clear()
        self._lookups.clear()
        self._infos.clear()
        self._by_person.clear()

    async def _load_session(self, db: Db, session_id: int, person: Person) -> Session | None:
        # Linked before it is read: what is revoked of the person meanwhile must find it.
        self._by_person.setdefault(person, set()).add(session_id)
        try:
            return await self._sessions.load(session_id, lambda: self._read_session(db, session_id, person))
        finally:
            if session_id not in self._sessions:
                self._unlink(session_id, person)

    def _unlinked(self, session_id: int, known: Session) -> None:
        self._unlink(session_id, known.person)

    def _unlink(self, session_id: int, person: Person) -> None:
        held = self._by_person.get(person)
        if held is not None:
            held.discard(session_id)
            if not held:
                del self._by_person[person]

    async def _read_session(self, db: Db, session_id: int, person: Person) -> Session | None:
        asked_at = time.monotonic()
        row = await sessions.live(db, session_id, person)
        if row is None:
            return None
        return Session(person, row["email"], row["is_superuser"], row["is_admin"], asked_at + row["seconds_left"])

    async def _read_person(self, db: Db, person: Person) -> Shown | None:
        profile = await PEOPLE[person.kind].profile(db, person.id)
        if profile is None:
            return None
        return Shown(profile, kept(shown(profile, self._public_url)), claims_about(person, profile))

    async def _read_infos(self, db: Db, user_ids: Sequence[int]) -> dict[int, Info]:
        found = {row["id"]: info(row, self._public_url) for row in await managed_users.infos(db, list(user_ids))}
        return {user_id: found[user_id] for user_id in user_ids if user_id in found}
