"""The rights matrix: for each row of the route table, what every actor gets. To be read from top to bottom."""

import re
from typing import NamedTuple

ACTORS = (
    "nobody", "employee", "plain", "pending", "agent_a", "admin_a", "admin_b", "both", "hdts", "root", "dead",
)  # fmt: skip

# One cell per actor; `ok` is the status of the row's group. `both` administers beta and is a member of alpha, `hdts`
# administers the help desk;
# `dead` holds a token from before he was deactivated; employee and agent_a have the same number.
PATTERNS = {
    #                 nobody empl plain pend agentA adminA adminB both hdts root dead
    "anybody":       "ok     ok   ok    ok   ok     ok     ok     ok   ok   ok   ok",
    "nowhere":       "404    404  404   404  404    404    404    404  404  404  404",
    "without token": "401    401  401   401  401    401    401    401  401  401  401",
    "signed in":     "401    ok   ok    ok   ok     ok     ok     ok   ok   ok   401",
    "any session":   "401    ok   ok    ok   ok     ok     ok     ok   ok   ok   ok",  # a dead man's too can be ended
    "any employee's": "401   ok   403   403  403    403    403    403  403  403  403",
    "employees":     "401    ok   403   403  403    403    403    403  403  403  401",
    "employees, none": "401  404  403   403  403    403    403    403  403  403  401",
    "staff":         "401    403  ok    ok   ok     ok     ok     ok   ok   ok   401",
    "staff, none":   "401    403  404   404  404    404    404    404  404  404  401",
    "admins":        "401    403  403   403  403    ok     ok     ok   ok   ok   401",
    "superusers":    "401    403  403   403  403    403    403    403  403  ok   401",
    # the help desk's own
    "reviewers":     "401    403  403   403  403    403    403    403  ok   ok   401",
    "reviewers, none": "401  403  403   403  403    403    403    403  404  404  401",
    # by id or slug: an object of alpha, of beta, of nobody
    "of alpha":      "401    403  403   403  403    ok     404    404  404  ok   401",
    "of beta":       "401    403  403   403  403    404    ok     ok   404  ok   401",
    "of nobody":     "401    403  403   403  403    404    404    404  404  404  401",
    # seen by id: one's own is 200 for whoever holds it
    "seen in alpha": "401    403  404   404  404    ok     404    404  404  ok   401",
    "seen in beta":  "401    403  404   404  404    404    ok     ok   404  ok   401",
    # removed by superusers alone; admins see theirs and lack the right
    "kept in alpha": "401    403  403   403  403    403    404    404  404  ok   401",
    "kept in beta":  "401    403  403   403  403    404    403    403  404  ok   401",
    # named in a body
    "names alpha":   "401    403  403   403  403    ok     400    400  400  ok   401",
    "names beta":    "401    403  403   403  403    400    ok     ok   400  ok   401",
    "names nobody":  "401    403  403   403  403    400    400    400  400  400  401",
}  # fmt: skip

# fmt: off
# The objects that a group is tried with, and the pattern for each. "-" stands for no object at all.
ANYBODY     = {"-": "anybody"}
INTERNAL    = {"-": "nowhere"}
NO_TOKEN    = {"-": "without token"}
ANY_SESSION = {"-": "any session"}
SIGNED_IN   = {"-": "signed in"}
ANY_EMPLOYEES = {"-": "any employee's"}
EMPLOYEES   = {"-": "employees"}
OWN_EMPLOYEES = {"own": "employees", "foreign": "employees, none", "twin": "employees, none", "none": "employees, none"}
REVIEWERS   = {"-": "reviewers"}
REVIEWED    = {"employee": "reviewers", "user": "reviewers, none", "none": "reviewers, none"}
NOWHERE     = {"there": "nowhere", "none": "nowhere"}
STAFF       = {"-": "staff"}
ADMINS      = {"-": "admins"}
SUPERUSERS  = {"-": "superusers"}
OPEN        = {"alpha": "staff", "beta": "staff", "none": "staff, none"}
OWN_ONLY    = {"own": "staff", "foreign": "staff, none", "none": "staff, none"}
ADMINISTERED = {"alpha": "of alpha", "beta": "of beta", "none": "of nobody"}
SEEN        = {"alpha": "seen in alpha", "beta": "seen in beta", "none": "staff, none"}
REMOVED     = {"alpha": "kept in alpha", "beta": "kept in beta", "none": "of nobody"}
NAMED       = {"alpha": "names alpha", "beta": "names beta", "none": "names nobody"}

GROUPS: list[tuple[dict[str, str], int, str]] = [
    # --- anybody; what is sent is empty, so most things to spend answer 400
    (ANYBODY, 200, """
        GET    /healthz
        GET    /readyz
        GET    /.well-known/jwks.json
        GET    /api/
        GET    /api/schema/
        GET    /api/docs/
        GET    /static/docs.css
        GET    /static/pages.css
        GET    /staff/login/
        GET    /login/
        GET    /staff/login/forgot/
        GET    /login/forgot/
        GET    /api/v1/
        GET    /api/v1/token/
        GET    /api/v1/tts/
        GET    /api/v1/hdts/
        GET    /api/v1/systems/public/
        GET    /api/v1/users/captcha/required/
        POST   /api/v1/users/captcha/generate/
        POST   /api/v1/token/logout/
        """),
    (INTERNAL, 200, "GET /metrics"),
    (ANYBODY, 200, """
        POST   /api/v1/users/2fa/request-otp/
        POST   /api/v1/hdts/employees/api/2fa/request-otp/
        """),
    (ANYBODY, 303, """
        GET    /
        GET    /logout/
        """),
    (ANYBODY, 404, "GET /media/{digest}.webp"),
    (ANYBODY, 400, """
        POST   /api/v1/users/register/
        POST   /api/v1/users/login/
        POST   /api/v1/users/login/api/
        POST   /api/v1/users/login/verify-otp/
        POST   /api/v1/hdts/employees/api/register/
        POST   /api/v1/hdts/employees/api/login/
        POST   /api/v1/hdts/employees/api/2fa/verify-otp/
        POST   /api/v1/hdts/employees/api/password/forgot/
        POST   /api/v1/hdts/employees/api/password/reset/
        POST   /api/v1/token/verify/
        POST   /api/v1/users/password/forgot/
        POST   /api/v1/users/password/reset/
        POST   /api/v1/users/email/confirm/
        POST   /api/v1/users/captcha/verify/
        POST   /api/v1/users/invitations/accept/
        GET    /api/v1/users/password/reset/
        POST   /password/reset/
        GET    /email/confirm/
        POST   /email/confirm/
        GET    /invitations/accept/
        POST   /invitations/accept/
        POST   /staff/login/
        POST   /login/
        POST   /staff/login/forgot/
        POST   /login/forgot/
        """),

    # --- an access token is no refresh token, and no password
    (NO_TOKEN, 401, """
        POST   /api/v1/token/refresh/
        POST   /api/v1/users/token/refresh/
        POST   /api/v1/hdts/employees/api/token/refresh/
        GET    /token/
        """),

    # --- oneself, of either kind
    (SIGNED_IN, 200, """
        GET    /api/me/
        GET    /api/v1/users/token/validate/
        GET    /api/v1/users/profile/
        PATCH  /api/v1/users/profile/
        PUT    /api/v1/users/profile/
        """),
    (ANY_SESSION, 200, "POST /api/v1/users/logout/"),
    (SIGNED_IN, 400, """
        POST   /api/v1/users/password/change/
        POST   /api/v1/users/password/verify/
        """),

    # --- oneself, staff
    (STAFF, 200, """
        GET    /api/v1/users/sessions/
        POST   /api/v1/users/logout-all/
        POST   /api/v1/users/2fa/request-otp-authenticated/
        POST   /api/v1/users/2fa/totp/setup/
        """),
    (STAFF, 400, """
        POST   /api/v1/users/2fa/enable/
        POST   /api/v1/users/2fa/disable/
        POST   /api/v1/users/verify-disable-otp/
        POST   /api/v1/users/2fa/totp/confirm/
        POST   /api/v1/users/2fa/recovery-codes/
        """),
    (OWN_ONLY, 204, "DELETE /api/v1/users/sessions/{id}/"),

    # --- oneself, employees
    (EMPLOYEES, 200, """
        GET    /api/v1/hdts/employees/api/sessions/
        POST   /api/v1/hdts/employees/api/logout-all/
        GET    /api/v1/hdts/employees/api/me/
        GET    /api/v1/hdts/employees/api/profile/
        PATCH  /api/v1/hdts/employees/api/profile/
        PUT    /api/v1/hdts/employees/api/profile/
        POST   /api/v1/hdts/employees/api/2fa/totp/setup/
        """),
    (EMPLOYEES, 400, """
        POST   /api/v1/hdts/employees/api/profile/change-password/
        POST   /api/v1/hdts/employees/api/2fa/enable/
        POST   /api/v1/hdts/employees/api/2fa/disable/
        POST   /api/v1/hdts/employees/api/2fa/totp/confirm/
        POST   /api/v1/hdts/employees/api/2fa/recovery-codes/
        """),
    (ANY_EMPLOYEES, 200, "POST /api/v1/hdts/employees/api/logout/"),
    (OWN_EMPLOYEES, 204, "DELETE /api/v1/hdts/employees/api/sessions/{id}/"),

    # --- employees, by the help desk's admins
    (REVIEWERS, 200, """
        GET    /api/v1/hdts/employees/
        GET    /api/v1/hdts/user-management/pending/api/
        GET    /api/v1/hdts/user-management/users/api/
        """),
    (REVIEWED, 200, """
        PATCH  /api/v1/hdts/user-management/update-status/{id}/
        POST   /api/v1/hdts/user-management/update-status/{id}/
        """),

    # --- for the internal network, which nobody here comes from
    (NOWHERE, 200, """
        GET    /api/v1/users/internal/{id}/
        GET    /api/v1/hdts/employees/internal/{id}/
        GET    /api/v1/hdts/users/{user_id}/
        """),

    # --- what all staff may look at
    (STAFF, 200, """
        GET    /api/v1/users/agents/
        GET    /api/v1/systems/
        GET    /api/v1/roles/
        GET    /api/v1/system-roles/
        POST   /api/v1/tts/users-info/
        """),
    (OPEN, 200, """
        GET    /api/v1/users/profile/by-company/{company_id}/
        GET    /api/v1/systems/{id}/
        GET    /api/v1/roles/{id}/
        GET    /api/v1/system-roles/system/{slug}/roles/
        GET    /api/v1/tts/round-robin/
        POST   /api/v1/tts/round-robin/next/
        GET    /api/v1/tts/user-info/{user_id}/
        """),
    (SEEN, 200, "GET /api/v1/system-roles/{id}/"),

    # --- admins, each in his systems
    (ADMINS, 200, """
        GET    /api/v1/users/
        GET    /api/v1/users/invite-agent/
        GET    /api/v1/users/invitations/
        GET    /api/v1/tts/assign-agent-to-role/
        """),
    (ADMINISTERED, 200, """
        GET    /api/v1/users/{id}/
        PATCH  /api/v1/users/{id}/
        PUT    /api/v1/users/{id}/
        POST   /api/v1/users/invitations/{id}/resend/
        PUT    /api/v1/systems/{id}/
        PATCH  /api/v1/systems/{id}/
        PUT    /api/v1/roles/{id}/
        PATCH  /api/v1/roles/{id}/
        PATCH  /api/v1/system-roles/{id}/
        PUT    /api/v1/system-roles/user-system-roles/{id}/
        GET    /api/v1/system-roles/systems/{slug}/users/
        """),
    (ADMINISTERED, 204, """
        DELETE /api/v1/users/invitations/{id}/
        DELETE /api/v1/roles/{id}/
        DELETE /api/v1/system-roles/{id}/
        """),
    (NAMED, 201, """
        POST   /api/v1/users/invite-agent/
        POST   /api/v1/roles/
        POST   /api/v1/system-roles/
        POST   /api/v1/tts/assign-agent-to-role/
        POST   /api/v1/tts/create-role/
        """),
    (NAMED, 200, "POST /api/v1/system-roles/user-system-roles/edit-settings/"),

    # --- superusers
    (SUPERUSERS, 200, "GET /api/v1/audit/"),
    (SUPERUSERS, 201, """
        POST   /api/v1/users/
        POST   /api/v1/systems/
        """),
    (REMOVED, 204, """
        DELETE /api/v1/users/{id}/
        DELETE /api/v1/systems/{id}/
        """),
]
# fmt: on


class Expected(NamedTuple):
    """What one actor gets for one object."""

    actor: str
    where: str
    status: int


def shown(method: str, path: str) -> str:
    """`METHOD path` as the table writes it: without the patterns of the path's parts."""
    return method + " " + re.sub(r"\{(\w+):(?:[^{}]|\{[^}]*\})*\}", r"{\1}", path)


def entries() -> dict[str, list[Expected]]:
    """`METHOD path` → what is expected of it."""
    found: dict[str, list[Expected]] = {}
    for objects, ok, rows in GROUPS:
        for row in filter(None, map(str.strip, rows.splitlines())):
            key = " ".join(row.split())
            assert key not in found, f"{key} has two entries"
            found[key] = [
                Expected(actor, where, ok if cell == "ok" else int(cell))
                for where, pattern in objects.items()
                for actor, cell in zip(ACTORS, PATTERNS[pattern].split(), strict=True)
            ]
    return found
