"""GET /.well-known/jwks.json: the keys that other programs verify tokens with."""

import jwt

from tests.client import Api
from tests.endpoints.kit import NUMBER, Like, claims_of

JWKS = "/.well-known/jwks.json"


async def test_the_whole_set_and_nothing_secret(api: Api) -> None:
    answer = await api.get(JWKS)
    coordinate = Like("[A-Za-z0-9_-]{43}")
    key = {
        "kty": "EC",
        "crv": "P-256",
        "alg": "ES256",
        "use": "sig",
        "kid": coordinate,
        "x": coordinate,
        "y": coordinate,
    }
    assert (answer.status, answer.json) == (200, {"keys": [key]})
    assert answer.headers["Content-Type"].startswith("application/json")


async def test_it_may_be_kept_for_five_minutes(api: Api) -> None:
    answer = await api.get(JWKS)
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["ETag"] == Like('"[0-9a-f]{32}"')


async def test_who_has_it_gets_304(api: Api) -> None:
    for form in ["{}", "W/{}", '"other", {}', '{}, W/"other"', "*", " * ", 'W/"a,b",{}']:
        etag = (await api.get(JWKS)).headers["ETag"]
        answer = await api.get(JWKS, headers={"If-None-Match": form.format(etag)})
        assert (answer.status, answer.text) == (304, "")
        assert (answer.headers["ETag"], answer.headers["Cache-Control"]) == (etag, "public, max-age=300")


async def test_who_has_another_gets_it(api: Api) -> None:
    tag = (await api.get(JWKS)).headers["ETag"]
    for etag in ['"other"', "", "0" * 32, tag.strip('"'), f"x{tag}x", f'"a{tag[1:]}', f"w/{tag}", '"*"']:
        answer = await api.get(JWKS, headers={"If-None-Match": etag})
        assert (answer.status, len(answer.json["keys"])) == (200, 1)


async def test_the_etag_is_that_of_all_processes(serve) -> None:
    etags = {(await (await serve()).get(JWKS)).headers["ETag"] for _ in range(2)}
    assert len(etags) == 1


async def test_its_kid_is_its_thumbprint_and_verifies_our_tokens(api: Api) -> None:
    import base64
    import hashlib

    import orjson

    (key,) = (await api.get(JWKS)).json["keys"]
    members = orjson.dumps({name: key[name] for name in ("crv", "kty", "x", "y")}, option=orjson.OPT_SORT_KEYS)
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(members).digest()).rstrip(b"=").decode()
    assert key["kid"] == thumbprint
    access = (await api.sign_in()).access
    assert jwt.get_unverified_header(access)["kid"] == thumbprint
    assert (await claims_of(api, access))["sid"] == NUMBER


async def test_any_credential_changes_nothing(api: Api) -> None:
    plain = await api.get(JWKS)
    stale = await api.get(JWKS, headers={"Authorization": "Bearer stale", "Cookie": "access_token=stale"})
    assert (stale.status, stale.text) == (200, plain.text)
    assert "Set-Cookie" not in stale.headers
