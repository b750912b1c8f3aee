"""What goes in and out of handlers/audit.py."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from authsvc.schemas.base import MAX_ID, SENTENCES, Cursor, PageQuery, Text

_WHO = re.compile(r"(user|employee):([1-9][0-9]{0,9})|(operator)")
_SEQ = re.compile(r"[1-9][0-9]{0,17}")


class Who(fields.Field[tuple[str, int | None]]):
    """`user:7`, `employee:7`, or `operator` for whoever works at the command line."""

    default_error_messages = SENTENCES

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        found = _WHO.fullmatch(value) if isinstance(value, str) else None
        if found is None or int(found[2] or 1) > MAX_ID:
            raise self.make_error("who")
        return (found[1], int(found[2])) if found[1] else (found[3], None)


class SeqCursor(Cursor):
    """A place in the record, whose numbers outgrow those of people."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        key = super()._deserialize(value, attr, data, **kwargs)
        if not _SEQ.fullmatch(key):
            raise self.make_error("cursor")
        return int(key)


class AuditQuery(PageQuery):
    """Which events; times are ISO 8601, in UTC where they do not say."""

    cursor = SeqCursor(of=(str,), load_default=None)
    event = Text(60)
    actor = Who(metadata={"type": "string"})
    subject = Who(metadata={"type": "string"})
    since = fields.AwareDateTime(format="iso", default_timezone=dt.UTC)
    until = fields.AwareDateTime(format="iso", default_timezone=dt.UTC)


class Involved(Schema):
    """Who did it, or to whom: the name is what it was then. An operator has no id."""

    type = fields.Str(required=True)
    id = fields.Int(required=True, allow_none=True)
    name = fields.Str(required=True, allow_none=True)


class Event(Schema):
    """Something that happened. `seq` only grows."""

    seq = fields.Int(required=True)
    at = fields.AwareDateTime(required=True)
    event = fields.Str(required=True)
    actor = fields.Nested(Involved, required=True, allow_none=True)
    subject = fields.Nested(Involved, required=True, allow_none=True)
    system = fields.Str(required=True, allow_none=True)
    ip = fields.Str(required=True, allow_none=True)
    session_id = fields.Int(required=True, allow_none=True)
    details = fields.Dict(required=True)
