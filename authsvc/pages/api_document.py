"""An OpenAPI document, sorted for reading: groups of operations, the forms of data, the codes of errors."""

import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any, NamedTuple

from authsvc.replies import JSON
from authsvc.routing import Access

Shape = dict[str, Any]  # a JSON Schema

WHO = {
    Access.PUBLIC: "Anybody.",
    Access.PUBLIC_PAGE: "Anybody; a page for browsers.",
    Access.SIGNED_IN: "Whoever is signed in. What is for one kind of people only refuses others: `wrong_account_type`.",
    Access.EMPLOYEE: "Employees who are signed in.",
    Access.ADMIN: "Superusers, and those who administer a system: each within what he administers.",
    Access.ADMIN_PAGE: "The same; a page for browsers.",
    Access.REFRESH: "Whoever has a refresh token: in its cookie, or in the body where that has a field for it.",
    Access.BASIC: "Whoever sends e-mail address and password as Basic credentials, or has a refresh cookie.",
    Access.INTERNAL: "Services on the internal network. For everybody else it is not there: 404.",
}
_CODE = re.compile(r"^- `(\w+)`: (.*)$", re.MULTILINE)


class Member(NamedTuple):
    """A field of a form, or a parameter."""

    name: str
    shape: Shape
    required: bool
    limits: list[str]
    about: str
    where: str = ""  # of a parameter: path or query


class Form(NamedTuple):
    """A form of data under its name."""

    name: str
    about: str
    members: list[Member]
    shape: Shape


class Body(NamedTuple):
    """What a request holds."""

    required: bool
    media: list[str]
    form: Form


class Reply(NamedTuple):
    """An answer that is no error."""

    status: str
    phrase: str
    media: list[tuple[str, Shape]]
    forms: list[Form]  # whose names the shapes hold
    headers: list[tuple[str, str]]


class Refusal(NamedTuple):
    """The errors of one status."""

    status: str
    phrase: str
    codes: list[str]
    has_fields: bool  # or a map of fields


class Operation(NamedTuple):
    """One endpoint with all its names."""

    name: str
    method: str
    path: str
    aliases: list[tuple[str, str]]  # operationId, path
    summary: str
    who: str  # the value of an Access
    rate: dict[str, Any] | None  # calls, seconds, per
    ways: list[str]  # any of these is enough
    parameters: list[Member]
    body: Body | None
    replies: list[Reply]
    refusals: list[Refusal]


class Group(NamedTuple):
    """A tag and what has it."""

    name: str
    about: str
    operations: list[Operation]


class Code(NamedTuple):
    """What an error's code means."""

    name: str
    statuses: list[str]
    sentences: list[str]


class Reader:
    """Reads one document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        parts = document["components"]
        self._schemas: dict[str, Shape] = parts["schemas"]
        self._responses: dict[str, Any] = parts["responses"]
        self._schemes: dict[str, Any] = parts["securitySchemes"]

    def view(self) -> dict[str, Any]:
        """What the page shows."""
        info = self._document["info"]
        return {
            "title": info["title"],
            "version": info["version"],
            "about": info["description"].split("\n\n"),
            "schemes": [(_way(scheme), scheme.get("description", "")) for scheme in self._schemes.values()],
            "who": [(access.value, sentence) for access, sentence in WHO.items()],
            "groups": self._groups(),
            "forms": [self._form(name) for name in self._shown_forms()],
            "codes": self._codes(),
        }

    def _groups(self) -> list[Group]:
        aliases: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for method, path, said in self._operations():
            if "x-alias-of" in said:
                aliases.setdefault((method, said["x-alias-of"]), []).append((said["operationId"], path))
        by_tag: dict[str, list[Operation]] = {}
        for method, path, said in self._operations():
            if "x-alias-of" not in said:
                made = self._operation(method, path, said, aliases.get((method, path), []))
                by_tag.setdefault(said["tags"][0], []).append(made)
        tags = self._document["tags"]
        return [Group(tag["name"], tag["description"], by_tag[tag["name"]]) for tag in tags if tag["name"] in by_tag]

    def _operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for path, methods in self._document["paths"].items():
            for method, said in methods.items():
                yield method, path, said

    def _operation(self, method: str, path: str, said: dict[str, Any], aliases: list[tuple[str, str]]) -> Operation:
        answers = said["responses"]
        return Operation(
            name=said["operationId"],
            method=method.upper(),
            path=path,
            aliases=aliases,
            summary=said["summary"],
            who=said["x-access"],
            rate=said.get("x-rate-limit"),
            ways=[" and ".join(_way(self._schemes[name]) for name in way) for way in said["security"]],
            parameters=[_parameter(one) for one in said["parameters"]],
            body=self._body(said["requestBody"]) if "requestBody" in said else None,
            replies=[self._reply(status, answer) for status, answer in answers.items() if "$ref" not in answer],
            refusals=[
                self._refusal(status, answer["$ref"])
                for status, answer in answers.items()
                if "$ref" in answer and status.isdigit()
            ],
        )

    def _body(self, said: dict[str, Any]) -> Body:
        media = said["content"]
        return Body(said["required"], list(media), self._form(_name(next(iter(media.values()))["schema"]["$ref"])))

    def _reply(self, status: str, said: dict[str, Any]) -> Reply:
        media = [(kind, content.get("schema", {})) for kind, content in said.get("content", {}).items()]
        names = dict.fromkeys(name for _, shape in media for name in _names_in(shape))
        headers = [(name, header["description"]) for name, header in said.get("headers", {}).items()]
        return Reply(status, said["description"], media, [self._form(name) for name in names], headers)

    def _refusal(self, status: str, ref: str) -> Refusal:
        said = self._responses[_name(ref)]
        has_fields = "FieldErrors" in _names_in(said["content"][JSON]["schema"])
        codes = [code for code, _ in _CODE.findall(said["description"])]
        return Refusal(status, HTTPStatus(int(status)).phrase, codes, has_fields)

    def _form(self, name: str) -> Form:
        shape = self._schemas[name]
        return Form(name, shape.get("description", ""), _members(shape), shape)

    def _shown_forms(self) -> list[str]:
        """The names that links lead to: what answers hold, and what is inside of anything; in alphabetical order."""
        answers = [said["responses"] for _, _, said in self._operations()]
        inside = [name for shape in self._schemas.values() for name in _names_in(shape)]
        return sorted({*_names_in([answers, list(self._responses.values())]), *inside})

    def _codes(self) -> list[Code]:
        found: dict[str, Code] = {}
        for name, said in self._responses.items():
            for code, sentence in _CODE.findall(said["description"]):
                known = found.setdefault(code, Code(code, [], []))
                known.statuses.append(name.partition(".")[0])
                known.sentences.append(sentence)
        unique = [Code(code.name, *(sorted(set(said)) for said in code[1:])) for code in found.values()]
        return sorted(unique)


def _way(scheme: dict[str, Any]) -> str:
    """How a credential is sent."""
    if scheme["type"] == "apiKey":
        return f"{scheme['in']} `{scheme['name']}`"
    return f"header `Authorization: {scheme['scheme'].title()} …`"


def _parameter(said: dict[str, Any]) -> Member:
    shape = said["schema"]
    return Member(said["name"], shape, said["required"], limits(shape), said.get("description", ""), said["in"])


def _members(shape: Shape) -> list[Member]:
    needed = shape.get("required", [])
    return [
        Member(name, inner, name in needed, limits(inner), inner.get("description", ""))
        for name, inner in shape.get("properties", {}).items()
    ]


def limits(shape: Shape) -> list[str]:
    """What a value must be beside its type."""
    found = [
        _between(shape, "minLength", "maxLength", " characters"),
        _between(shape, "minItems", "maxItems", " items"),
        _between(shape, "minimum", "maximum", ""),
        f"matches `{shape['pattern']}`" if "pattern" in shape else "",
        "one of " + ", ".join(_literal(value) for value in shape["enum"]) if "enum" in shape else "",
        f"default {_literal(shape['default'])}" if "default" in shape else "",
        *(f"each {limit}" for limit in (limits(shape["items"]) if "items" in shape else [])),
    ]
    return [limit for limit in found if limit]


def _between(shape: Shape, low: str, high: str, unit: str) -> str:
    least, most = shape.get(low), shape.get(high)
    if least is not None and most is not None:
        return f"{least} to {most}{unit}"
    return f"at least {least}{unit}" if least is not None else f"at most {most}{unit}" if most is not None else ""


def _literal(value: Any) -> str:
    """As JSON has it; a string without quotes, unless it is empty."""
    if value is None or isinstance(value, bool):
        return f"`{str(value).lower().replace('none', 'null')}`"
    return f"`{value}`" if value != "" else '`""`'


def _names_in(node: Any) -> Iterable[str]:
    """The forms that are named in a shape, or in anything that holds shapes."""
    below = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for inner in below:
        yield from _names_in(inner)
    if isinstance(node, dict) and "/schemas/" in str(node.get("$ref", "")):
        yield _name(node["$ref"])


def _name(ref: str) -> str:
    return ref.rpartition("/")[2]
