"""What is stored of a person who registers."""

from typing import NamedTuple


class NewPerson(NamedTuple):
    """The columns of a new row, in the order of the statements `insert` of users.sql and employees.sql."""

    email: str
    email_canonical: str
    username: str
    username_canonical: str
    password_hash: str | None
    first_name: str
    middle_name: str | None
    last_name: str
    suffix: str | None
    phone_number: str | None
    department: str | None
    company_id: str | None  # None: the next one
