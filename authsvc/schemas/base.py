"""Field types and sentences shared by all schemas: stricter than marshmallow's own (see each)."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import orjson
from marshmallow import Schema, ValidationError, fields, missing

from authsvc.core import names, paging, passwords

MAX_ID = 2**31 - 1
_MAX_OBJECT = 16 * 1024  # bytes
_MAX_DEPTH = 32  # far from what readers of JSON give up at
_CONTROLS = frozenset({"Cc", "Zl", "Zp"})
_MULTILINE = "\n\r\t"
_DIGITS = re.compile(r"[0-9]{1,10}")
SENTENCES: dict[str, Any] = {
    "required": "This field is required.",
    "null": "This field may not be null.",
    "blank": "This field may not be blank.",
    "text": "Not a valid string.",
    "control": "Control characters are not allowed.",
    "whole": "A valid integer is required.",
    "flag": "Must be a valid boolean.",
    "long": "Ensure this field has no more than {limit} characters.",
    "file": "The submitted data was not a file.",
    "range": "Ensure this value is from {low} to {high}.",
    "object": "Expected an object that can be stored.",
    "cursor": "Invalid cursor.",
    "who": "Give user:<id>, employee:<id> or operator.",
    "choice": '"{value}" is not a valid choice.',
}


class File(NamedTuple):
    """An uploaded part of a form."""

    content: bytes


class FormField:
    """A field whose values are no text; `from_form` says how a form writes them."""

    def from_form(self, value: Any) -> Any:
        raise AssertionError("each field type says it")


class Text(fields.Field[str]):
    """Text, trimmed and NFC-normalised, of at most `limit` characters; no NUL, no lone surrogates.

    blank: "keep" takes the empty string, "refuse" does not, "null" makes it None (old clients clear
    optional fields with an empty string). Control characters are refused, line breaks unless `multiline`.
    """

    default_error_messages = SENTENCES

    def __init__(
        self,
        limit: int,
        *,
        blank: str = "refuse",
        choices: Iterable[str] | None = None,
        multiline: bool = False,
        **more: Any,
    ) -> None:
        self.limit, self.blank, self.multiline = limit, blank, multiline
        self.choices = None if choices is None else tuple(choices)
        super().__init__(allow_none=blank == "null", **more)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        text = names.clean(_text(self, value))
        if not text:
            if self.blank == "refuse":
                raise self.make_error("blank")
            return None if self.blank == "null" else ""
        if len(text) > self.limit:
            raise self.make_error("long", limit=self.limit)
        if self.choices is not None and text not in self.choices:
            raise self.make_error("choice", value=text)
        return self._checked(text)

    def _checked(self, text: str) -> str:
        if not text.isprintable() and any(
            unicodedata.category(c) in _CONTROLS and not (self.multiline and c in _MULTILINE) for c in text
        ):
            raise self.make_error("control")
        return text


class Checked(Text):
    """Text that a rule of core decides about: `rule` returns it in its final form or raises ValueError."""

    def __init__(self, rule: Callable[[str], str], limit: int = 254, **more: Any) -> None:
        self.rule = rule
        super().__init__(limit, **more)

    def _checked(self, text: str) -> str:
        try:
            return self.rule(text)
        except ValueError as err:
            raise ValidationError(str(err)) from err


class Token(Text):
    """A token as it was sent, of whatever letters: whether it is one of ours is asked where it is used."""

    def __init__(self, **more: Any) -> None:
        super().__init__(1024 * 1024, **more)  # as much as a body may have

    def _checked(self, text: str) -> str:
        return text


class Password(fields.Field[str]):
    """A password as typed: NFKC-normalised, never trimmed. Longer ones than may be set are refused unhashed.

    blank: an empty one, and null, is as if it was left out.
    """

    default_error_messages = SENTENCES

    def __init__(self, *, blank: bool = False, **more: Any) -> None:
        super().__init__(allow_none=blank, **more)

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any) -> Any:
        left_out = self.allow_none and value in ("", None)
        return super().deserialize(missing if left_out else value, attr, data, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = _text(self, value)
        if not text:
            raise self.make_error("blank")
        if len(text) > 4 * passwords.MAX_LENGTH:
            raise self.make_error("long", limit=passwords.MAX_LENGTH)
        return passwords.normalise(text)


class Flag(FormField, fields.Field[bool]):
    """A real JSON boolean; in forms true/false, 1/0, on/off.

    blank: null, and in forms an empty one, is as if it was left out.
    """

    default_error_messages = SENTENCES

    def __init__(self, *, blank: bool = False, **more: Any) -> None:
        super().__init__(allow_none=blank or None, **more)
        self.blank = blank

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any) -> Any:
        return super().deserialize(missing if self.blank and value is None else value, attr, data, **kwargs)

    def from_form(self, value: Any) -> Any:
        if value == "" and self.blank:
            return missing
        return {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}.get(
            value.lower() if isinstance(value, str) else "", value
        )

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("flag")
        return value


class Picture(FormField, fields.Field[bytes]):
    """An uploaded file, or null (in a form: empty text) to remove the one that is there.

    A string is what the service itself says of a picture, its URL; clients put back what they got, so it
    changes nothing.
    """

    default_error_messages = SENTENCES

    def __init__(self, **more: Any) -> None:
        super().__init__(allow_none=True, **more)

    def from_form(self, value: Any) -> Any:
        return None if value == "" else value

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, File):
            return value.content
        if isinstance(value, str) and value.startswith(("http://", "https://")):
            return missing
        raise self.make_error("file")


class Whole(FormField, fields.Field[int]):
    """A JSON integer from `low` to `high`, ids by default; in forms and queries ASCII digits. Not 1.9, " 7 ", true.

    blank: a form may leave it empty.
    """

    default_error_messages = SENTENCES

    def __init__(self, low: int = 1, high: int = MAX_ID, *, blank: bool = False, **more: Any) -> None:
        self.low, self.high, self.blank = low, high, blank
        super().__init__(**more)

    def from_form(self, value: Any) -> Any:
        if value == "" and self.blank:
            return missing
        return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if type(value) is not int:
            raise self.make_error("whole")
        if not self.low <= value <= self.high:
            raise self.make_error("range", low=self.low, high=self.high)
        return value


class Ref(NamedTuple):
    """Something by its id, or by its name or slug."""

    id: int | None
    name: str | None


class Reference(FormField, fields.Field[Ref]):
    """An id, or a name of at most 150 characters; digits are an id."""

    default_error_messages = SENTENCES

    def from_form(self, value: Any) -> Any:
        return missing if value == "" else value

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Ref:
        if type(value) is int or (isinstance(value, str) and _DIGITS.fullmatch(value.strip())):
            number = int(value)
            return Ref(number if 1 <= number <= MAX_ID else 0, None)  # 0 is nobody's id
        text = names.clean(_text(self, value))
        if not text:
            raise self.make_error("blank")
        if len(text) > 150:
            raise self.make_error("long", limit=150)
        return Ref(None, text)


class JsonObject(FormField, fields.Field[dict[str, Any]]):
    """A JSON object of at most 16 KiB, as PostgreSQL can keep it; in forms its text."""

    default_error_messages = SENTENCES

    def from_form(self, value: Any) -> Any:
        try:
            return orjson.loads(value)
        except (TypeError, ValueError):
            return value

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.make_error("object")
        try:
            raw = orjson.dumps(value)
        except (TypeError, ValueError) as err:
            raise self.make_error("object") from err
        if len(raw) > _MAX_OBJECT or b"\\u0000" in raw or _depth(value) > _MAX_DEPTH:
            raise self.make_error("object")
        return value


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0)


class Cursor(fields.Field[int]):
    """Where the next page begins, as a Link header said it: nothing for people to read."""

    default_error_messages = SENTENCES

    def __init__(self, *, of: tuple[type, ...] = (int,), **more: Any) -> None:
        self.of = of
        super().__init__(**more)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        try:
            key = paging.read_cursor(_text(self, value))
        except ValueError as err:
            raise self.make_error("cursor") from err
        if type(key) not in self.of:
            raise self.make_error("cursor")
        return key


class AnyOf(fields.Field[Any]):
    """What answers say in one of several forms; nothing is loaded with it."""

    def __init__(self, *forms: type[Schema] | fields.Field[Any], **more: Any) -> None:
        self.forms = forms
        super().__init__(**more)


class PageQuery(Schema):
    """What every paged list takes."""

    limit = Whole(1, 500, load_default=100)
    cursor = Cursor(load_default=None)


def _text(field: fields.Field[Any], value: Any) -> str:
    if not isinstance(value, str):
        raise field.make_error("text")
    if "\0" in value or (not value.isprintable() and any(unicodedata.category(c) == "Cs" for c in value)):
        raise field.make_error("text")
    return value
