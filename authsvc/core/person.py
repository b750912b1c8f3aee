"""Who a person is to the code: a kind and a number, never a number alone.

Staff users and employees have two id sequences; user 7 and employee 7 are different people.
"""

import enum
from typing import NamedTuple, NewType

UserId = NewType("UserId", int)
EmployeeId = NewType("EmployeeId", int)


class Kind(enum.StrEnum):
    """The two kinds of people; the value is the one stored in the database and in `user_type`."""

    STAFF = "staff"
    EMPLOYEE = "employee"

    # People are keys of what is remembered: enum's own hash, written in Python, would cost more than finding them.
    __hash__ = str.__hash__

    @property
    def noun(self) -> str:
        """What the API's `type` fields and the audit call it: "user" or "employee"."""
        return "user" if self is Kind.STAFF else "employee"


class Person(NamedTuple):
    """One person. `str(person)` is the `sub` claim: "staff:7", "employee:7"."""

    kind: Kind
    id: int

    def __str__(self) -> str:
        return self.kind + ":" + str(self.id)  # formatting an enum costs twice as much


class Origin(NamedTuple):
    """Where a request comes from: client address (unmapped), and what the browser calls itself."""

    ip: str | None
    user_agent: str | None


class Caller(NamedTuple):
    """Who is calling, as the session row said at this request."""

    person: Person
    email: str  # as stored now; what the audit calls the caller
    session_id: int
    expires_at: int  # of the presented access token, seconds since 1970
    is_superuser: bool
    is_admin: bool  # superuser, or holder of an active role named Admin in an active system
    by_cookie: bool
