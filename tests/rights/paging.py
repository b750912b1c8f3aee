"""Lists, followed page by page as RFC 8288 says."""

import re
from typing import Any

from tests.rights.world import World

BAD_LIMITS = ["0", "-1", "501", "1.5", "x", "", "1e2", "9999999999999999999"]
BAD_CURSORS = ["x", "!!", "", "bnVsbA", "LTE", "MS41", "dHJ1ZQ", "W10", "OTk5OTk5OTk5OTk5", "MQ==", "%00"]
TEXT_CURSOR = "ImEi"  # "a"
INVALID_CURSOR = {"cursor": ["Invalid cursor."]}


async def follow(world: World, path: str, who: str = "root") -> list[list[dict[str, Any]]]:
    """All pages from here to the one without a next."""
    pages, me = [], await world.as_(who)
    while True:
        answer = await world.api.get(path, headers=me)
        assert answer.status == 200, answer.text
        pages.append(answer.json)
        assert len(pages) < 50
        link = answer.headers.get("Link")
        if link is None:
            return pages
        found = re.fullmatch(r'<http://auth\.test(/api/\S+)>; rel="next"', link)
        assert found, link
        path = found[1]


async def assert_pages(world: World, path: str, wanted: list[Any], who: str = "root", key: str = "id") -> None:
    """Pages of 1, 2, as many as there are, and 500 rows give every row once, in this order, and no empty page."""
    glue = "&" if "?" in path else "?"
    for limit in {1, 2, max(len(wanted), 1), 500}:
        pages = await follow(world, f"{path}{glue}limit={limit}", who)
        assert [row[key] for page in pages for row in page] == wanted, (path, limit)
        assert all(len(page) == limit for page in pages[:-1])
        assert pages[-1] or len(pages) == 1


async def assert_checked(world: World, path: str) -> None:
    """Limits and cursors that nobody made are refused."""
    me = await world.as_("root")
    for limit in BAD_LIMITS:
        answer = await world.api.get(f"{path}?limit={limit}", headers=me)
        assert (answer.status, list(answer.json)) == (400, ["limit"]), limit
    for cursor in BAD_CURSORS:
        answer = await world.api.get(f"{path}?cursor={cursor}", headers=me)
        assert (answer.status, list(answer.json)) == (400, ["cursor"]), cursor
