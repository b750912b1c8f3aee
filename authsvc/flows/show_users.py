"""Show users to other programs."""

from collections.abc import Iterable

from authsvc import errors
from authsvc.core import infos
from authsvc.core.person import Caller
from authsvc.service import Service


async def seen(svc: Service, caller: Caller, user_ids: Iterable[int]) -> dict[int, bytes]:
    """What the caller sees of each, as JSON by id, ascending; of ids that nobody has, nothing."""
    me, wanted = caller.person.id, set(user_ids)
    found = await svc.known.infos(svc.db, sorted({me, *wanted}))
    own = found.get(me)
    if own is None:
        raise errors.TokenNotValid
    if me not in wanted:
        del found[me]
    rules_all = caller.is_superuser
    return {user_id: infos.seen_by(own, who, rules_all=rules_all) for user_id, who in found.items()}
