"""Can this process serve?"""

from authsvc import errors
from authsvc.db import migrate
from authsvc.queries import meta
from authsvc.service import Service


async def problem(svc: Service) -> str | None:
    """Why not; None when it can. Newer migrations than ours are fine: old and new code both run on each step."""
    try:
        applied = await meta.applied_migrations(svc.db)
    except errors.Unavailable:
        return "The database cannot be reached."
    if svc.known.is_on and not svc.known.is_fresh:
        return "Revocations are not heard: LISTEN_DATABASE_URL leads nowhere, or the database is slow."
    missing = [name for name in migrate.names() if name not in applied]
    return f"The database lacks {len(missing)} migration(s): run migrate." if missing else None
