"""Show users to other programs."""

from collections.abc import Iterable

from authsvc import errors
from authsvc.core import infos
from authsvc.core.person import Caller
from authsvc.service import Service


async def seen(svc: Service, caller: Caller, user_ids: Iterable[int]) -> dict[int, bytes]:
    """What the caller sees of each, as JSON by id, ascending; of ids that nobody has, nothing."""
    wanted = sorted(set(user_ids))
    found = await svc.known.infos(svc.db, {caller.person.id, *wanted})
    own = found.get(caller.person.id)
    if own is None:
        raise errors.TokenNotValid
    return {
        user_id: infos.seen_by(own, who, rules_all=caller.is_superuser)
        for user_id in wanted
        if (who := found.get(user_id)) is not None
    }
