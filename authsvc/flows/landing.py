"""Where a person goes after signing in."""

from collections.abc import Mapping
from typing import Any

from authsvc.core.person import Kind
from authsvc.queries import systems
from authsvc.service import Service

SIGN_IN_PAGES = {Kind.STAFF: "/staff/login/", Kind.EMPLOYEE: "/login/"}


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
