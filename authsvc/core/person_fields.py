"""The rules of a person's fields that depend on settings, and the columns that go with them."""

from collections.abc import Collection, Mapping
from typing import Any

from authsvc.core import names, phones

Problems = dict[str, list[str]]


def settle(given: Mapping[str, Any], *, region: str, departments: Collection[str]) -> tuple[dict[str, Any], Problems]:
    """The columns to store, in their final form and with their canonical twins, and what is wrong per field."""
    columns, problems = dict(given), {}
    if given.get("department") not in (None, *departments):
        problems["department"] = [f'"{given["department"]}" is not a valid choice.']
    if given.get("phone_number"):
        try:
            columns["phone_number"] = phones.e164(given["phone_number"], region)
        except ValueError as err:
            problems["phone_number"] = [str(err)]
    if given.get("username"):
        columns["username_canonical"] = names.fold(given["username"])
        try:
            names.username(given["username"])
        except ValueError as err:
            problems["username"] = [str(err)]
    if given.get("email"):
        columns["email_canonical"] = names.canonical_email(given["email"])
    return columns, problems
