"""What the tests of decisions share."""

import asyncpg

from tests.client import Answer
from tests.rights.world import World

METHODS = ["PATCH", "POST"]
APPROVED, REJECTED = "Your account was approved", "Your account was not approved"
PENNY = "penny@example.com"


def path(number: int) -> str:
    return f"/api/v1/hdts/user-management/update-status/{number}/"


async def decide(world: World, number: int, body: dict, who: str = "desk", method: str = "PATCH") -> Answer:
    """One decision."""
    return await world.api.request(method, path(number), json=body, headers=await world.as_(who))


def decided(number: int, status: str, *, changed: bool = True) -> dict[str, object]:
    """The answer to it."""
    said = f"was {status.lower()}" if changed else f"is {status.lower()} already"
    return {"success": True, "message": f"The employee {said}.", "user_id": number, "status": status}


async def audited(db: asyncpg.Connection) -> list[tuple[str, str, int, str, int, str]]:
    """What is written down of decisions: event, who, about whom, and in which system."""
    rows = await db.fetch(
        """SELECT event, actor_type, actor_id, subject_type, subject_id, system FROM audit
            WHERE event LIKE 'employee%' ORDER BY seq"""
    )
    return [tuple(row) for row in rows]
