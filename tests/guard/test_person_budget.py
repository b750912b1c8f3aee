"""Wrong secrets of somebody who is signed in: a budget of passwords, one of codes, and ten secrets per session."""

import asyncpg
import pytest

from tests.client import PASSWORD, Answer, Api, Tokens
from tests.guard.kit import LOCKED_OUT, WRONG, HashChecks, lock
from tests.mailbox import Mailbox

ADA = "ada@example.com"
NO_CODE = "aaaaa-aaaaa"  # a recovery code that nobody has
USERS = "/api/v1/users"
NEW = "another horse battery"
PLACES = {
    f"{USERS}/password/verify/": {"current_password": WRONG},
    f"{USERS}/verify-password/": {"password": WRONG},
    f"{USERS}/password/change/": {"current_password": WRONG, "new_password": NEW},
    f"{USERS}/change-password/": {"old_password": WRONG, "new_password": NEW},
    f"{USERS}/profile/reset-password/": {"current_password": WRONG, "new_password": NEW},
    f"{USERS}/2fa/enable/": {"otp_code": NO_CODE},
    f"{USERS}/2fa/disable/": {"password": WRONG, "otp_code": NO_CODE},
    f"{USERS}/verify-disable-otp/": {"password": WRONG, "otp_code": NO_CODE},
    f"{USERS}/2fa/totp/confirm/": {"otp_code": NO_CODE},
}
CODES = {f"{USERS}/2fa/enable/", f"{USERS}/2fa/totp/confirm/"}  # what is asked first there is a code
RIGHT = {"current_password": PASSWORD}


async def guess(api: Api, tokens: Tokens, path: str) -> Answer:
    return await api.post(path, PLACES[path], headers=tokens.bearer)


async def use_up(api: Api, db: asyncpg.Connection) -> None:
    """The tenth wrong secret; the nine before are only written down."""
    tokens = await api.sign_in(ADA)
    await db.execute("INSERT INTO guard (key, failures) VALUES ($1, 9)", f"person:staff:{tokens.user['id']}")
    assert (await guess(api, tokens, f"{USERS}/password/verify/")).status == 400


async def test_the_tenth_wrong_secret_locks_wherever_it_is_sent(api: Api, db: asyncpg.Connection) -> None:
    for path in PLACES:
        tokens = await api.sign_in()
        counted = "own_code" if path in CODES else "person"
        await db.execute("INSERT INTO guard (key, failures) VALUES ($1, 9)", f"{counted}:staff:{tokens.user['id']}")
        answers = [await guess(api, tokens, path) for _ in range(2)]
        assert [answer.status for answer in answers] == [400, 429]
        assert 895 <= int(answers[1].headers["Retry-After"]) <= 900


async def test_a_lock_holds_at_all_places(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email=ADA)
    await use_up(api, db)
    tokens = await api.sign_in(ADA)
    places = PLACES.keys() - CODES
    answers = {path: await guess(api, tokens, path) for path in places}
    assert {path: (a.status, a.json) for path, a in answers.items()} == dict.fromkeys(places, (429, LOCKED_OUT))


async def test_all_places_share_one_count_of_passwords_and_one_of_codes(api: Api, db: asyncpg.Connection) -> None:
    tokens = await api.sign_in()
    for path in PLACES:
        assert (await guess(api, tokens, path)).status == 400
    rows = await db.fetch("SELECT key, failures FROM guard")
    me = f"staff:{tokens.user['id']}"
    assert dict(rows) == {f"person:{me}": len(PLACES) - len(CODES), f"own_code:{me}": len(CODES)}


@pytest.mark.parametrize("path", [f"{USERS}/password/verify/", f"{USERS}/verify-password/"])
async def test_a_locked_person_learns_nothing_of_the_right_password(
    api: Api, db: asyncpg.Connection, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.register(email=ADA)
    await use_up(api, db)
    tokens = await api.sign_in(ADA)
    checks = HashChecks(monkeypatch)
    answer = await api.post(path, RIGHT, headers=tokens.bearer)
    assert (answer.status, answer.json, checks.count) == (429, LOCKED_OUT, 0)


async def test_no_captcha_is_asked_for(api: Api) -> None:
    tokens = await api.sign_in()
    answers = [await guess(api, tokens, f"{USERS}/password/verify/") for _ in range(9)]
    assert {answer.code for answer in answers} == {"invalid_credentials"}


async def test_the_right_password_clears_the_count(api: Api, db: asyncpg.Connection) -> None:
    tokens = await api.sign_in()
    await guess(api, tokens, f"{USERS}/password/verify/")
    assert (await api.post(f"{USERS}/password/verify/", RIGHT, headers=tokens.bearer)).status == 200
    assert await db.fetch("SELECT key FROM guard") == []


async def test_the_tenth_wrong_secret_ends_the_session_wherever_it_is_sent(api: Api, db: asyncpg.Connection) -> None:
    for path in PLACES:
        tokens = await api.sign_in()
        await db.execute("UPDATE sessions SET wrong_secrets = 9")
        assert [(await guess(api, tokens, path)).status for _ in range(2)] == [400, 401]
        assert (await api.get("/api/me/", headers=tokens.bearer)).code == "token_not_valid"
        assert (await api.post("/api/v1/token/refresh/", {"refresh": tokens.refresh})).code == "token_not_valid"


async def test_nine_wrong_secrets_do_not_end_it(api: Api) -> None:
    tokens = await api.sign_in()
    answers = [await guess(api, tokens, f"{USERS}/password/verify/") for _ in range(9)]
    assert {answer.status for answer in answers} == {400}
    assert (await api.get("/api/me/", headers=tokens.bearer)).status == 200


async def test_right_secrets_between_do_not_keep_the_session(api: Api) -> None:
    tokens = await api.sign_in()
    for _ in range(10):
        await api.post(f"{USERS}/password/verify/", RIGHT, headers=tokens.bearer)
        await guess(api, tokens, f"{USERS}/password/verify/")
    assert (await api.get("/api/me/", headers=tokens.bearer)).code == "token_not_valid"


async def test_other_sessions_of_the_person_go_on(api: Api) -> None:
    await api.register(email=ADA)
    mine, thief = await api.sign_in(ADA), await api.sign_in(ADA)
    for _ in range(10):
        await guess(api, thief, f"{USERS}/password/verify/")
    assert (await api.get("/api/me/", headers=mine.bearer)).status == 200
    assert (await api.get("/api/me/", headers=thief.bearer)).status == 401


async def test_the_end_of_the_session_is_audited(api: Api, db: asyncpg.Connection) -> None:
    tokens = await api.sign_in()
    for _ in range(10):
        await guess(api, tokens, f"{USERS}/password/verify/")
    rows = await db.fetch("SELECT details::text FROM audit WHERE event = 'session_ended'")
    assert [row["details"] for row in rows] == ['{"reason": "wrong_secrets"}']


async def test_a_lock_inside_does_not_block_signing_in(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email=ADA)
    await use_up(api, db)
    await api.sign_in(ADA)


async def test_a_locked_name_does_not_block_who_is_signed_in(api: Api, db: asyncpg.Connection) -> None:
    tokens = await api.sign_in((await api.register(email=ADA))["email"])
    await lock(api, db, ADA)
    assert (await api.post(f"{USERS}/password/verify/", RIGHT, headers=tokens.bearer)).status == 200


async def test_people_do_not_share_the_budget(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email=ADA)
    await use_up(api, db)
    other = await api.sign_in()
    assert (await api.post(f"{USERS}/password/verify/", RIGHT, headers=other.bearer)).status == 200


async def test_the_owner_hears_of_the_lock(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    await api.register(email=ADA)
    await use_up(api, db)
    assert len(await mailbox.to(api, ADA, "Too many failed attempts")) == 1


@pytest.mark.parametrize("path", [f"{USERS}/2fa/disable/", f"{USERS}/verify-disable-otp/"])
async def test_who_knows_the_password_gets_no_more_codes_to_guess(api: Api, path: str) -> None:
    await api.register(email=ADA)
    body = {"password": PASSWORD, "otp_code": NO_CODE}
    for _ in range(2):
        tokens = await api.sign_in(ADA)
        assert {(await api.post(path, body, headers=tokens.bearer)).code for _ in range(5)} == {"otp_invalid"}
    tokens = await api.sign_in(ADA)
    assert (await api.post(path, body, headers=tokens.bearer)).code == "locked_out"
