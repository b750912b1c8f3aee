"""GET /metrics: what is counted, asked from the internal network."""

from collections import Counter
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import asyncpg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from authsvc import metrics
from authsvc.core import service_keys
from authsvc.jobs import outbox
from authsvc.queries import service_keys as statements
from authsvc.service import Service
from tests.client import PASSWORD, Api
from tests.endpoints.kit import add_employee, service_of
from tests.mailbox import Mailbox

EMPLOYEE_LOGIN = "/api/v1/hdts/employees/api/login/"

METRICS = "/metrics"
INSIDE = {"internal_networks": (ip_network("127.0.0.0/8"),)}
NOT_FOUND = {"detail": "Not found.", "code": "not_found"}


@pytest.fixture
async def api(serve: Callable[..., Any]) -> Api:
    return await serve(**INSIDE)


async def numbers(api: Api) -> Counter[str]:
    """`name{label="…"}` → value."""
    answer = await api.get(METRICS)
    assert answer.status == 200, answer.text
    families = text_string_to_metric_families(answer.text)
    return Counter({_key(s.name, s.labels): s.value for family in families for s in family.samples})


def _key(name: str, labels: dict[str, str]) -> str:
    return f"{name}{','.join(labels[label] for label in sorted(labels))}".replace("authsvc_", "")


async def grown(api: Api, before: Counter[str], *prefixes: str) -> dict[str, float]:
    """What is more than before, of these metrics. The scrapes themselves are left out."""
    after = await numbers(api)
    more = {name: after[name] - before[name] for name in after if name.startswith(prefixes)}
    return {name: value for name, value in more.items() if value and "meta.metrics" not in name}


async def test_it_is_prometheus_text_and_not_kept(api: Api) -> None:
    answer = await api.get(METRICS)
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    families = {family.name: family.type for family in text_string_to_metric_families(answer.text)}
    assert families == {
        "authsvc_requests": "counter",
        "authsvc_request_seconds": "histogram",
        "authsvc_sign_ins": "counter",
        "authsvc_mails": "counter",
        "authsvc_internal_lookups": "counter",
        "authsvc_internal_refusals": "counter",
        "authsvc_hash_jobs": "gauge",
        "authsvc_hash_room": "gauge",
        "authsvc_db_connections_in_use": "gauge",
        "authsvc_db_connections_open": "gauge",
        "authsvc_db_connections_max": "gauge",
        "process_virtual_memory_bytes": "gauge",
        "process_resident_memory_bytes": "gauge",
        "process_start_time_seconds": "gauge",
        "process_cpu_seconds": "counter",
        "process_open_fds": "gauge",
        "process_max_fds": "gauge",
    }


async def test_outside_the_internal_network_there_is_none(serve: Callable[..., Any]) -> None:
    outside = await serve()
    answer = await outside.get(METRICS)
    assert (answer.status, answer.json) == (404, NOT_FOUND)
    assert (await outside.get(METRICS, headers=(await outside.sign_in()).bearer)).status == 404


async def test_where_keys_are_required_one_for_metrics_opens_it(serve: Callable[..., Any]) -> None:
    api = await serve(**INSIDE, require_service_key=True)
    keys = {scope: service_keys.new() for scope in ("metrics", "users")}
    for scope, key in keys.items():
        await statements.add(service_of(api).db, scope, service_keys.digest(key), [scope])
    assert (await api.get(METRICS)).status == 401
    assert (await api.get(METRICS, headers={"X-API-Key": keys["users"]})).status == 403
    assert (await api.get(METRICS, headers={"X-API-Key": keys["metrics"]})).status == 200


async def test_requests_are_counted_by_route_method_and_class(api: Api) -> None:
    before = await numbers(api)
    for _ in range(3):
        await api.get("/api/me/")
    await api.request("HEAD", "/health/")
    await api.get("/healthz")
    await api.get("/api/me")
    await api.get("/nothing/at/all/")
    await api.request("PROPFIND", "/nothing/")
    await api.post("/healthz", {})
    assert await grown(api, before, "requests_total") == {
        "requests_totalGET,profile.me,4xx": 3,
        "requests_totalHEAD,meta.alive,2xx": 1,
        "requests_totalGET,meta.alive,2xx": 1,
        "requests_total-,unmatched,3xx": 1,
        "requests_total-,unmatched,4xx": 3,
    }


async def test_nothing_that_a_client_makes_up_is_a_label(api: Api) -> None:
    await api.get("/secret-path/?token=secret-token")
    await api.request("PROPFIND", "/secret-path/", headers={"User-Agent": "secret"})
    assert "secret" not in (await api.get(METRICS)).text.lower()


async def test_each_request_is_in_one_bucket(api: Api) -> None:
    before = await numbers(api)
    for seconds in (0.001, 0.005, 0.0051, 0.3, 2.5, 60.0):
        metrics.request("tests.bucket", "GET", 200, seconds)
    found = await grown(api, before, "request_seconds")
    total = found.pop("request_seconds_sumGET,tests.bucket")
    assert total == pytest.approx(62.8111)
    assert {name.removeprefix("request_seconds_"): value for name, value in found.items()} == {
        "bucket0.005,GET,tests.bucket": 2,
        "bucket0.025,GET,tests.bucket": 3,
        "bucket0.1,GET,tests.bucket": 3,
        "bucket0.5,GET,tests.bucket": 4,
        "bucket2.5,GET,tests.bucket": 5,
        "bucket+Inf,GET,tests.bucket": 6,
        "countGET,tests.bucket": 6,
    }


async def test_sign_ins_are_counted_by_outcome(api: Api, db: asyncpg.Connection) -> None:
    email = (await api.register())["email"]
    await add_employee(db)
    before = await numbers(api)
    await api.sign_in(email)
    await api.post(EMPLOYEE_LOGIN, {"email": "emil@example.com", "password": PASSWORD})
    for password in ("wrong horse battery", PASSWORD):
        await api.post("/api/v1/users/login/api/", {"email": email, "password": password})
    await api.post("/api/v1/users/login/", {"email": "nobody@example.com", "password": PASSWORD})
    await db.execute("UPDATE users SET otp_enabled = true")
    await api.post("/api/v1/users/login/", {"email": email, "password": PASSWORD})
    await api.post("/api/v1/users/login/verify-otp/", {"temporary_token": "x", "otp_code": "123456"})
    assert await grown(api, before, "sign_ins") == {
        "sign_ins_totalstaff,ok": 2,
        "sign_ins_totalemployee,ok": 1,
        "sign_ins_totalstaff,invalid_credentials": 2,
        "sign_ins_totalstaff,otp_required": 1,
        "sign_ins_totalstaff,otp_invalid": 1,
    }


@pytest.fixture
def no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mails are sent when the test says so."""

    async def nothing(svc: Service) -> None:
        """Send nothing."""

    monkeypatch.setattr(outbox, "_forever", nothing)


async def test_mails_are_counted_by_what_became_of_them(
    no_job: None, api: Api, db: asyncpg.Connection, mailbox: Mailbox
) -> None:
    async def away(mail: object) -> None:
        raise ConnectionRefusedError

    async def refuses(mail: object) -> None:
        raise ValueError("not an address")

    before, svc = await numbers(api), service_of(api)
    await api.register()
    for transport in (away, refuses):
        await outbox.send_due(svc, transport)
        await db.execute("UPDATE outbox SET next_try_at = now()")
    for _ in range(2):
        await api.register()
    await outbox.send_due(svc, mailbox.transport)
    await api.register()
    await db.execute("UPDATE outbox SET not_after = now() - interval '1 second'")
    await outbox.send_due(svc, mailbox.transport)
    assert await grown(api, before, "mails_total") == {
        "mails_totalqueued": 4,
        "mails_totalput_off": 1,
        "mails_totalfailed": 1,
        "mails_totalsent": 2,
        "mails_totalexpired": 1,
    }


async def test_lookups_and_refusals_are_counted(serve: Callable[..., Any]) -> None:
    api, outside = await serve(**INSIDE), await serve()
    before = await numbers(api)
    await outside.get(METRICS)
    await outside.get("/api/v1/users/internal/1/")
    metrics.internal_lookup("tts", "internal.user")
    metrics.internal_lookup("tts", "internal.user")
    assert await grown(api, before, "internal_") == {
        "internal_refusals_total": 2,
        "internal_lookups_totalinternal.user,tts": 2,
    }


async def test_a_lookup_is_counted_by_the_name_of_its_key(serve: Callable[..., Any]) -> None:
    api = await serve(**INSIDE)
    key = service_keys.new()
    await statements.add(service_of(api).db, "tracker", service_keys.digest(key), ["users"])
    before = await numbers(api)
    await api.get("/api/v1/users/internal/1/", headers={"X-API-Key": key})
    await api.get("/api/v1/users/internal/1/")
    await api.get("/api/v1/users/internal/1/", headers={"X-API-Key": "unknown"})
    assert await grown(api, before, "internal_") == {
        "internal_lookups_totalinternal.user,tracker": 1,
        "internal_lookups_totalinternal.user,-": 1,
        "internal_refusals_total": 1,
    }


async def test_hashes_and_connections_are_gauges_of_now(serve: Callable[..., Any]) -> None:
    api = await serve(**INSIDE, db_pool_size=3, hash_threads=2, hash_queue=5)
    svc = service_of(api)
    svc.hasher.jobs = 4
    async with svc.db.transaction(), svc.db.transaction():
        found = await numbers(api)
    svc.hasher.jobs = 0
    names = ("hash_jobs", "hash_room", "db_connections_in_use", "db_connections_open", "db_connections_max")
    in_use, opened = found["db_connections_in_use"], found["db_connections_open"]
    assert {name: found[name] for name in names} | {"db_connections_in_use": 2, "db_connections_open": 2} == {
        "hash_jobs": 4,
        "hash_room": 7,
        "db_connections_in_use": 2,
        "db_connections_open": 2,
        "db_connections_max": 3,
    }
    assert 2 <= in_use <= opened <= 3  # a job of the service may hold the third


async def test_it_needs_no_database(serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    api = await serve(**INSIDE)

    def no_connection(*args: object, **kwargs: object) -> None:
        raise AssertionError("asked the database")

    for way in ("_run", "transaction"):
        monkeypatch.setattr(type(service_of(api).db), way, no_connection)
    assert (await api.get(METRICS)).status == 200
