"""A browser in which somebody signed in before keeps its own count, so that strangers cannot lock the owner out."""

import asyncpg

from authsvc.keys import SERVICE
from tests.client import PASSWORD, Api
from tests.guard.kit import DOORS, LOGIN, device_of, fail, knock, lock

ADA, BOB = "ada@example.com", "bob@example.com"


async def test_the_owner_gets_in_while_strangers_have_locked_the_name(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email=ADA)
    device = await device_of(api, ADA)
    await lock(api, db, ADA)
    for door in DOORS:
        assert (await knock(api, door, ADA, PASSWORD)).code == "locked_out"
        assert (await knock(api, door, ADA, PASSWORD, device=device)).status == 200


async def test_signing_in_on_a_device_leaves_the_lock_of_the_name(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email=ADA)
    device = await device_of(api, ADA)
    await lock(api, db, ADA)
    await knock(api, LOGIN, ADA, PASSWORD, device=device)
    assert (await knock(api, LOGIN, ADA, PASSWORD)).code == "locked_out"


async def test_a_device_has_a_budget_too(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email=ADA)
    device = await device_of(api, ADA)
    await fail(api, db, ADA, 3, device=device)
    codes = {(await knock(api, door, ADA, PASSWORD, device=device)).code for door in DOORS}
    assert codes == {"captcha_required"}
    await fail(api, db, ADA, 7, device=device)
    codes = {(await knock(api, door, ADA, PASSWORD, device=device)).code for door in DOORS}
    assert codes == {"locked_out"}


async def test_failures_on_a_device_do_not_count_for_the_name(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email=ADA)
    await lock(api, db, ADA, device=await device_of(api, ADA))
    assert (await knock(api, LOGIN, ADA, PASSWORD)).status == 200


async def test_two_devices_do_not_share_a_budget(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email=ADA)
    one, other = await device_of(api, ADA), await device_of(api, ADA)
    await lock(api, db, ADA, device=one)
    assert (await knock(api, LOGIN, ADA, PASSWORD, device=other)).status == 200


async def test_a_device_knows_everybody_who_signed_in_there(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email=ADA)
    await api.register(email=BOB)
    device = await device_of(api, BOB, await device_of(api, ADA))
    for email in (ADA, BOB):
        await lock(api, db, email)
        assert (await knock(api, LOGIN, email, PASSWORD, device=device)).status == 200


async def test_a_failure_makes_no_device_known(api: Api) -> None:
    await api.register(email=ADA)
    assert "device" not in (await knock(api, LOGIN, ADA)).cookies


async def test_cookies_of_others_and_forged_ones_do_not_help(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email=ADA)
    await api.register(email=BOB)
    mine, adas = await device_of(api, BOB), await device_of(api, ADA)
    my_id, my_tag = mine.split(".")
    adas_id, adas_tag = adas.split(".")
    await lock(api, db, ADA)
    forged = {
        "another person's": mine,
        "my device with her tag": f"{my_id}.{adas_tag}",
        "her device with my tag": f"{adas_id}.{my_tag}",
        "no tag": adas_id,
        "a made-up tag": f"{adas_id}.{'A' * 22}",
        "a changed tag": adas[:-1] + ("A" if adas[-1] != "A" else "B"),
        "a cut tag": adas[:-1],
        "something behind it": adas + ".",
        "ten tags": ".".join([adas_id, *[adas_tag] * 10]),
        "garbage": "x" * 5000,
    }
    codes = {what: (await knock(api, LOGIN, ADA, PASSWORD, device=value)).code for what, value in forged.items()}
    assert codes == dict.fromkeys(forged, "locked_out")


async def test_a_device_cookie_made_with_another_secret_is_worthless(api: Api, db: asyncpg.Connection) -> None:
    from authsvc.core import devices
    from authsvc.core.person import Kind, Person

    profile = await api.register(email=ADA)
    assert api.client.server.app[SERVICE].settings.secret != "another" * 8
    forged = devices.remember(None, Person(Kind.STAFF, profile["id"]), "another" * 8)
    await lock(api, db, ADA)
    assert (await knock(api, LOGIN, ADA, PASSWORD, device=str(forged))).code == "locked_out"


async def test_the_device_cookie_is_no_credential(api: Api) -> None:
    await api.register(email=ADA)
    device = await device_of(api, ADA)
    answer = await api.get("/api/me/", headers={"Cookie": f"device={device}; access_token={device}"})
    assert (answer.status, answer.code) == (401, "token_not_valid")


async def test_the_device_cookie_lasts_and_is_hidden_from_scripts(api: Api) -> None:
    await api.register(email=ADA)
    cookie = (await knock(api, LOGIN, ADA, PASSWORD)).cookies["device"]
    found = {name: cookie[name] for name in ("path", "httponly", "samesite", "max-age", "domain")}
    assert found == {"path": "/", "httponly": True, "samesite": "Lax", "max-age": str(365 * 86_400), "domain": ""}


async def test_the_count_that_captcha_required_tells_is_the_devices_own(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email=ADA)
    device = await device_of(api, ADA)
    await fail(api, db, ADA, 4)
    path = f"/api/v1/users/captcha/required/?email={ADA}"
    stranger, owner = await api.get(path), await api.get(path, headers={"Cookie": f"device={device}"})
    assert stranger.json == {"required": True, "email": ADA, "failed_attempts": 4}
    assert owner.json == {"required": False, "email": ADA, "failed_attempts": 0}
