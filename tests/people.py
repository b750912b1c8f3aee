"""People and sessions made by the service's own flows, without HTTP and without hashing: for tests of something else.

Rows, audit, mails and tokens are those that the endpoints would have made.
"""

from typing import Any

import orjson
from aiohttp.http import SERVER_SOFTWARE

from authsvc.core import hashing, names
from authsvc.core.jsons import dump
from authsvc.core.person import Kind, Origin, Person
from authsvc.core.profiles import shown
from authsvc.core.registration import NewPerson
from authsvc.flows import register as registering
from authsvc.flows import sign_in as signing_in
from authsvc.people import PEOPLE, with_free_username
from authsvc.service import Service

PASSWORD = "correct horse battery"
PASSWORD_HASH = hashing.encode(PASSWORD, 4)
HERE = Origin("127.0.0.1", SERVER_SOFTWARE)  # as the tests' client is seen


async def register(svc: Service, email: str) -> dict[str, Any]:
    """A new staff user with PASSWORD; his PROFILE."""

    async def use(username: str) -> Any:
        new = {"email": email, "email_canonical": names.canonical_email(email), "password_hash": PASSWORD_HASH}
        new |= {"username": username, "username_canonical": names.fold(username), "first_name": "", "last_name": ""}
        return await registering._insert(
            svc, Kind.STAFF, NewPerson._make(new.get(name) for name in NewPerson._fields), HERE
        )

    return as_json(svc, await with_free_username(email, None, use))


async def open_session(svc: Service, email: str, kind: Kind = Kind.STAFF, origin: Origin = HERE) -> signing_in.SignedIn:
    """A session of somebody who would be let in with no more than a password."""
    account = await PEOPLE[kind].by_email(svc.db, names.canonical_email(email))
    assert account is not None, email
    assert account["is_live"], email
    assert not account["otp_enabled"], email
    proven = signing_in.Proven(account, Person(kind, account["id"]), None, account["password_hash"], None, by_code=True)
    return await signing_in._with_refresh_token(svc, proven, True, origin)


def as_json(svc: Service, profile: Any) -> dict[str, Any]:
    """A person's row as the API says it."""
    return dict(orjson.loads(dump(shown(profile, svc.settings.public_url))))
