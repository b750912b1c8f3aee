"""Where a person goes after signing in."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from authsvc.core.person import Kind
from authsvc.queries import systems
from authsvc.service import Service

SIGN_IN_PAGES = {Kind.STAFF: "/staff/login/", Kind.EMPLOYEE: "/login/"}
_WAYS_OUT = frozenset({"/logout", *(page.rstrip("/") for page in SIGN_IN_PAGES.values())})
_LONGEST = 2000  # characters of `next`
FORGOTTEN_PAGES = {Kind.STAFF: "/staff/login/forgot/", Kind.EMPLOYEE: "/login/forgot/"}


async def systems_of(svc: Service, profile: Mapping[str, Any]) -> dict[str, Any]:
    """`redirect` of SIGNED_IN: the systems with an active role, in order of assignment, and which is first."""
    slugs = list(dict.fromkeys(held["system_slug"] for held in profile["system_roles"] if held["is_active"]))
    stored = await systems.urls(svc.db, slugs) if slugs else {}
    slugs = [slug for slug in slugs if slug in stored]
    urls = {slug: url for slug in slugs if (url := stored[slug] or svc.settings.system_urls.get(slug))}
    primary = slugs[0] if slugs else None
    return {
        "primary_system": primary,
        "url": urls.get(primary or "", svc.settings.default_system_url),
        "available_systems": urls,
    }


class Door(NamedTuple):
    """A system that a person may go to."""

    name: str
    url: str


async def doors(svc: Service, kind: Kind, profile: Mapping[str, Any]) -> list[Door]:
    """Where a person may go, the usual way first: his systems, else the default one; employees to the help desk."""
    if kind is Kind.EMPLOYEE:
        url = svc.settings.system_urls.get("hdts", svc.settings.default_system_url)
        return [Door("Help desk", url)] if url else []
    names = {held["system_slug"]: held["system_name"] for held in profile["system_roles"]}
    found = await systems_of(svc, profile)
    urls = found["available_systems"]
    if not urls and found["url"]:
        return [Door(urlsplit(found["url"]).netloc, found["url"])]
    return [Door(names[slug], url) for slug, url in urls.items()]


def own_path(wanted: object) -> str | None:
    """Where `next` leads, if that is a path of this service: no other site, however it is written (CWE-601).

    And none where who has just signed in would be signed out, or asked to sign in, again.
    """
    if not isinstance(wanted, str) or not wanted.startswith("/") or wanted.startswith("//") or "\\" in wanted:
        return None
    try:
        url = urlsplit(wanted)
    except ValueError:
        return None
    is_way_out = url.path.rstrip("/") in _WAYS_OUT
    is_own = wanted.isprintable() and len(wanted) <= _LONGEST and not (url.scheme or url.netloc)
    return wanted if is_own and not is_way_out else None
