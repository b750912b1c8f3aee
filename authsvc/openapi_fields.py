"""marshmallow schemas as JSON Schema (draft 2020-12), with our own field types: what openapi.py is made of."""

import inspect
from collections import Counter
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields

from authsvc.core import names, passwords
from authsvc.schemas import base

_RULES: dict[Any, dict[str, Any]] = {
    names.address: {"format": "email"},
    names.typed_address: {"format": "email"},
    names.web_address: {"format": "uri"},
    names.slug: {"pattern": "^[A-Za-z0-9-]{1,50}$"},
}
_TYPES: dict[type[fields.Field[Any]], tuple[str | None, str | None]] = {
    base.Text: ("string", None),
    base.Token: ("string", None),
    base.Password: ("string", "password"),
    base.Flag: ("boolean", None),
    base.Whole: ("integer", None),
    base.Cursor: ("string", None),
    base.Picture: ("string", "binary"),
    base.JsonObject: ("object", None),
    base.Reference: (None, None),
    base.AnyOf: (None, None),
    fields.Url: ("string", "uri"),
}
_EXPLAINED = (base.Cursor, base.Picture, base.JsonObject, base.Reference)  # whose type does not say it all


def documented(model: object) -> str:
    """A docstring as a description."""
    return inspect.cleandoc(getattr(model, "__doc__", None) or "")


class _Converter(OpenAPIConverter):
    """Schemas described by their docstrings; they say nothing of other members, which are let through or may come."""

    def schema2jsonschema(self, schema: Schema) -> dict[str, Any]:
        made: dict[str, Any] = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call]
        made.pop("additionalProperties", None)
        return {"description": documented(type(schema)), **made}

    def form_of(self, form: type[Schema] | fields.Field[Any]) -> dict[str, Any]:
        """One of several forms."""
        if isinstance(form, fields.Field):
            return self.field2property(form)
        found: dict[str, Any] = self.resolve_nested_schema(form)  # type: ignore[no-untyped-call]
        return found


def our_own(self: _Converter, field: fields.Field[Any], ret: dict[str, Any]) -> dict[str, Any]:
    """What apispec cannot know of our field types; `ret` is what it found out itself."""
    if ret.get("default", ...) is None:
        del ret["default"]  # left out is what it means
    more: dict[str, Any] = {}
    match field:
        case base.Text():
            more = _of_text(field)
        case base.Password():
            more = {"minLength": 0 if field.allow_none else 1, "maxLength": 4 * passwords.MAX_LENGTH}
        case base.Whole():
            more = {"minimum": field.low, "maximum": field.high}
        case base.Reference():
            more = {"type": ["integer", "string"], "maxLength": 150}
        case base.AnyOf():
            more = {"anyOf": [self.form_of(form) for form in field.forms]}
    if isinstance(field, _EXPLAINED):
        more["description"] = documented(type(field))
    return more


def never_null(self: _Converter, field: fields.Field[Any], ret: dict[str, Any]) -> dict[str, Any]:
    """A query string knows no null: what may be missing is left out."""
    shape = dict(ret["schema"])
    if isinstance(shape.get("type"), list):
        shape["type"] = [name for name in shape["type"] if name != "null"]
        shape["type"] = shape["type"][0] if len(shape["type"]) == 1 else shape["type"]
    return {"schema": shape}


def _of_text(field: base.Text) -> dict[str, Any]:
    more: dict[str, Any] = {"maxLength": field.limit}
    if field.blank == "refuse":
        more["minLength"] = 1
    if field.choices is not None:
        more = {"enum": [*field.choices, *(["", None] if field.blank == "null" else [])]}
    if isinstance(field, base.Checked):
        more |= _RULES.get(field.rule, {})
    return more


class Plugin(MarshmallowPlugin):
    """apispec's plugin, knowing our field types and names."""

    Converter = _Converter

    def __init__(self) -> None:
        known = Counter(model.__name__ for model in _models())
        super().__init__(schema_name_resolver=lambda schema: _name(schema, known))

    def init_spec(self, spec: Any) -> None:
        """Called by apispec once its document is there."""
        super().init_spec(spec)
        assert self.converter is not None  # noqa: S101 - for mypy: init_spec has just made it
        self.converter.field_mapping = {**self.converter.field_mapping, **_TYPES}
        self.converter.add_attribute_function(our_own)  # type: ignore[no-untyped-call]
        self.converter.add_parameter_attribute_function(never_null)

    def shape(self, reply: type[Schema] | fields.Field[Any]) -> dict[str, Any]:
        """The JSON Schema of a reply: a reference for a schema."""
        converter = self.converter
        assert isinstance(converter, _Converter)  # noqa: S101 - for mypy
        return converter.form_of(reply)


def _models(of: type[Schema] = Schema) -> list[type[Schema]]:
    found = [model for below in of.__subclasses__() for model in (below, *_models(below))]
    return [model for model in dict.fromkeys(found) if model.__module__.startswith("authsvc.schemas.")]


def _name(schema: type[Schema] | Schema, known: Counter[str]) -> str:
    """The class's name, with its noun in front where two nouns use it."""
    model = schema if isinstance(schema, type) else type(schema)
    noun = model.__module__.rpartition(".")[2].title().replace("_", "")
    name = f"{noun}{model.__name__}" if known[model.__name__] > 1 else model.__name__
    only = getattr(schema, "only", None)
    return f"{name}Brief" if only else name
