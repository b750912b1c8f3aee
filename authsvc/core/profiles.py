"""What is said of a person: to the API's clients and in the claims of a token."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from authsvc.core.jsons import kept
from authsvc.core.person import Kind, Person

_CLAIMS = ("email", "username", "full_name", "first_name", "last_name")
_CARD = ("id", "email", "first_name", "last_name", "full_name", "company_id", "department")
_NOT_SHOWN = frozenset({"picture", "is_live", "is_shown_whole", "is_admin_elsewhere", "key"})


class PersonalClaims(NamedTuple):
    """What an access token says of a person, as the members of a JSON object without its braces."""

    whole: bytes
    without_roles: bytes  # for a token that would be too long


def claims_about(person: Person, profile: Mapping[str, Any]) -> PersonalClaims:
    """Who he is and what his roles are: those of active assignments only, in the order of their ids."""
    claims = {
        "sub": str(person),
        "user_id": person.id,
        **{name: profile[name] for name in _CLAIMS},
        "user_type": person.kind.value,
    }
    if person.kind is Kind.EMPLOYEE:
        claims["employee_id"] = person.id
    roles = [
        {"system": held["system_slug"], "role": held["role_name"]}
        for held in profile["system_roles"]
        if held["is_active"]
    ]
    return PersonalClaims(kept({**claims, "roles": roles})[1:-1], kept({**claims, "roles_omitted": True})[1:-1])


def shown(profile: Mapping[str, Any], public_url: str) -> dict[str, Any]:
    """PROFILE or EMPLOYEE, as the row says which it is."""
    data = with_picture(profile, public_url)
    if "created_at" in data:
        data["type"] = "employee"
    return data


def with_picture(row: Mapping[str, Any], public_url: str) -> dict[str, Any]:
    """What a row holds for the API, the picture by its address."""
    data = {name: value for name, value in row.items() if name not in _NOT_SHOWN}
    return {**data, "profile_picture": picture_url(row, public_url)}


def card(profile: Mapping[str, Any], public_url: str, noun: str) -> dict[str, Any]:
    """The directory card: what every colleague may see."""
    data = {name: profile[name] for name in _CARD}
    return {**data, "type": noun, "profile_picture": picture_url(profile, public_url)}


def picture_url(profile: Mapping[str, Any], public_url: str) -> str | None:
    """The absolute address of the picture, from the configured URL and never from a Host header."""
    return f"{public_url}/media/{profile['picture']}.webp" if profile["picture"] else None
