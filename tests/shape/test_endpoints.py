"""The list of endpoints that were promised, against the table of those that are there.

tests/golden/endpoints.txt is that list, written by hand and never from the table: method, path, who may call.
"""

from pathlib import Path

from authsvc.routes import ROUTES
from tests.shape.test_routes import shown

PROMISED_IN = Path(__file__).resolve().parents[1] / "golden" / "endpoints.txt"
Endpoint = tuple[str, str]  # method, path

# Promised, and to come. What has come must leave this list.
NOT_YET = {
    ("GET", "/staff/settings/profile/"),
}

# There, but not promised: each with why.
BEYOND = {
    ("GET", "/media/{digest}.webp"): "where profile_picture points",
    ("GET", "/static/docs.css"): "how the API browser looks: a page has no style inside",
    ("GET", "/static/pages.css"): "how all other pages look",
    ("POST", "/staff/login/"): "the form of that page",
    ("POST", "/login/"): "the form of that page",
    **{
        (method, path): "a sign-in page has a way out for who forgot his password"
        for method in ("GET", "POST")
        for path in ("/staff/login/forgot/", "/login/forgot/")
    },
    ("GET", "/api/v1/users/sessions/"): "a person sees where he is signed in",
    ("DELETE", "/api/v1/users/sessions/{id}/"): "and ends what is not his",
    ("POST", "/api/v1/users/logout-all/"): "and everything at once",
    ("GET", "/api/v1/hdts/employees/api/sessions/"): "the same for employees",
    ("DELETE", "/api/v1/hdts/employees/api/sessions/{id}/"): "the same for employees",
    ("POST", "/api/v1/hdts/employees/api/logout-all/"): "the same for employees",
    ("GET", "/password/reset/"): "where reset mails lead",
    ("POST", "/password/reset/"): "the form of that page",
    ("POST", "/api/v1/users/email/confirm/"): "a new address is proven before it counts",
    ("GET", "/email/confirm/"): "where those mails lead",
    ("POST", "/email/confirm/"): "the form of that page",
    ("POST", "/api/v1/users/2fa/totp/setup/"): "authenticator apps as the second factor",
    ("POST", "/api/v1/users/2fa/totp/confirm/"): "authenticator apps as the second factor",
    ("POST", "/api/v1/users/2fa/recovery-codes/"): "a lost phone locks nobody out",
    ("POST", "/api/v1/hdts/employees/api/2fa/totp/setup/"): "the same for employees",
    ("POST", "/api/v1/hdts/employees/api/2fa/totp/confirm/"): "the same for employees",
    ("POST", "/api/v1/hdts/employees/api/2fa/recovery-codes/"): "the same for employees",
    ("GET", "/api/v1/audit/"): "what happened, for superusers",
    ("GET", "/api/v1/users/invitations/"): "an admin sees whom he invited",
    ("POST", "/api/v1/users/invitations/{id}/resend/"): "a lost invitation is mailed again",
    ("DELETE", "/api/v1/users/invitations/{id}/"): "a wrong one is revoked",
    ("POST", "/api/v1/users/invitations/accept/"): "who is invited chooses his own password",
    ("GET", "/invitations/accept/"): "where invitation mails lead",
    ("POST", "/invitations/accept/"): "the form of that page",
    ("POST", "/api/v1/tts/round-robin/next/"): "hands a turn out once, where the old list left that to its readers",
}

OURS: dict[Endpoint, str] = {(row.method, shown(path)): row.access.value for row in ROUTES for path in row.paths}


def promised() -> dict[Endpoint, str]:
    lines = [line.split(maxsplit=2) for line in PROMISED_IN.read_text("utf-8").splitlines()]
    found = {(method, path): access for method, path, access in lines}
    assert len(found) == len(lines), "an endpoint is listed twice"
    return found


def test_the_list_is_whole() -> None:
    """Not cut short by accident: this is how many there are."""
    assert len(promised()) == 136


def test_everything_promised_is_there_for_the_same_callers() -> None:
    expected = {endpoint: access for endpoint, access in promised().items() if endpoint not in NOT_YET}
    assert {endpoint: access for endpoint, access in OURS.items() if endpoint not in BEYOND} == expected


def test_what_is_to_come_is_promised_and_has_not_come() -> None:
    assert promised().keys() >= NOT_YET
    assert OURS.keys() & NOT_YET == set()


def test_what_is_beyond_the_list_is_there_with_a_reason() -> None:
    assert promised().keys() & BEYOND.keys() == set()
    assert OURS.keys() >= BEYOND.keys()
    assert all(BEYOND.values())
