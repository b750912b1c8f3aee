"""A user as other programs see him: JSON that is made once, out of which each caller gets what he may see."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from authsvc.core.jsons import dump, kept
from authsvc.core.profiles import card, picture_url

_WHOLE = ("id", "email", "first_name", "last_name", "full_name", "company_id", "department", "is_active", "date_joined")


class Info(NamedTuple):
    """The directory card, all that is said of him, and what decides which of them a caller gets.

    `whole` ends with his assignments, which begin at `roles_at`; `roles` has them one by one, each with the system's
    id, where they are of several systems.
    """

    card: bytes
    whole: bytes
    roles_at: int
    roles: tuple[tuple[int, bytes], ...]
    systems: frozenset[int]  # of all assignments
    active_in: frozenset[int]  # of the active ones


def info(row: Mapping[str, Any], public_url: str) -> Info:
    """Of a row of managed_users.infos."""
    held = row["held"]  # [system, is it active, the assignment], …
    data = {name: row[name] for name in _WHOLE}
    head = dump({**data, "profile_picture": picture_url(row, public_url), "position": None})[:-1] + b',"system_roles":'
    systems = frozenset(system for system, _, _ in held)
    return Info(
        kept(card(row, public_url, "user")),
        head + dump([role for _, _, role in held]) + b"}",
        len(head),
        tuple((system, kept(role)) for system, _, role in held) if len(systems) > 1 else (),
        systems,
        frozenset(system for system, is_active, _ in held if is_active),
    )


def seen_by(caller: Info, who: Info, *, rules_all: bool) -> bytes:
    """Whole for who shares a system with the caller (then the assignments of shared systems) or is looked at by a
    superuser, else the card."""
    if rules_all:
        return who.whole
    shared = who.systems & caller.active_in
    if not shared and who is not caller:
        return who.card
    if shared == who.systems:
        return who.whole
    roles = b",".join(role for system, role in who.roles if system in shared)
    return who.whole[: who.roles_at] + b"[" + roles + b"]}"
