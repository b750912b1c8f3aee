"""Mails are queued in the transaction that causes them and rendered when they are sent.

What a mail says (a link, a code) is encrypted in the outbox. Each template has a life, after which it is
dropped unsent, and a number per person and hour.
"""

import datetime as dt
from typing import NamedTuple

import orjson

from authsvc import metrics
from authsvc.core import sealing
from authsvc.db.pool import Db
from authsvc.queries import outbox
from authsvc.queries.audit import Named
from authsvc.service import Service

_PURPOSE = "outbox"


class Kind(NamedTuple):
    """How long a mail of a template may wait to be sent, and how many a person gets in an hour."""

    life: dt.timedelta
    per_hour: int


_DAY = dt.timedelta(days=1)
KINDS = {
    "verify_address": Kind(_DAY, 5),
    "change_address": Kind(dt.timedelta(hours=1), 3),
    "address_changing": Kind(_DAY, 3),
    "code": Kind(dt.timedelta(minutes=5), 5),
    "reset_password": Kind(dt.timedelta(hours=1), 3),
    "password_changed": Kind(_DAY, 5),
    "second_factor_on": Kind(_DAY, 5),
    "second_factor_off": Kind(_DAY, 5),
    "locked": Kind(_DAY, 2),
    "wrong_codes": Kind(_DAY, 1),
    "new_device": Kind(_DAY, 2),
    "token_reuse": Kind(_DAY, 1),
    "address_taken": Kind(_DAY, 1),
    "invitation": Kind(dt.timedelta(hours=72), 200),
    "account_made": Kind(dt.timedelta(hours=72), 3),
    "role_granted": Kind(_DAY, 20),
    "approved": Kind(_DAY, 5),
    "rejected": Kind(_DAY, 5),
}


async def queue(svc: Service, tx: Db, template: str, to: Named, *, recipient: str | None = None, **says: str) -> bool:
    """Put a mail to a person into the outbox, by default to the stored address; False beyond the hour's number."""
    kind = KINDS[template]
    sealed = sealing.seal(svc.settings.secret, _PURPOSE, orjson.dumps(says))
    await outbox.lock_person(tx, to.person)
    is_queued = await outbox.put(tx, template, to.person, recipient or to.name, sealed, kind.life, kind.per_hour)
    metrics.mails("queued" if is_queued else "too_many")
    return is_queued


def opened(secret: str, sealed: bytes) -> dict[str, str]:
    """What a queued mail says; ValueError when AUTHSVC_SECRET was changed since."""
    says: dict[str, str] = orjson.loads(sealing.unseal(secret, _PURPOSE, sealed))
    return says
