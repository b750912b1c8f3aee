"""Demo systems and people, for development only, and the first superuser of a real installation."""

from typing import NamedTuple

from authsvc import errors, people
from authsvc.core import names, passwords
from authsvc.core.person import Kind, Person
from authsvc.core.registration import NewPerson
from authsvc.db.pool import Db
from authsvc.queries import assignments, audit, employees, roles, sessions, systems, users
from authsvc.service import Service

SYSTEMS = {
    "tts": ("Ticket Tracking System", ("Admin", "Agent", "Budget Manager", "Asset Manager")),
    "hdts": ("Help Desk and Ticketing System", ("Admin", "Employee", "Ticket Coordinator")),
    "ams": ("Asset Management System", ("Admin", "Operator")),
    "bms": ("Budget Management System", ("Admin", "FINANCE_HEAD", "GENERAL_USER")),
}
SUPERUSER = "admin@example.com"


class Demo(NamedTuple):
    """A demo person: local part of the address, names, system and role."""

    local: str
    first_name: str
    last_name: str
    system: str
    role: str


PEOPLE = (
    *(Demo(f"admin.{slug}", slug.upper(), "Admin", slug, "Admin") for slug in SYSTEMS),
    Demo("agent.one", "Agent", "One", "tts", "Agent"),
    Demo("agent.two", "Agent", "Two", "tts", "Agent"),
    Demo("agent.three", "Agent", "Three", "tts", "Agent"),
    Demo("budget.manager", "Budget", "Manager", "tts", "Budget Manager"),
    Demo("asset.manager", "Asset", "Manager", "tts", "Asset Manager"),
    Demo("coordinator.one", "Coordinator", "One", "hdts", "Ticket Coordinator"),
    Demo("coordinator.two", "Coordinator", "Two", "hdts", "Ticket Coordinator"),
    Demo("finance.head", "Finance", "Head", "bms", "FINANCE_HEAD"),
    Demo("general.user", "General", "User", "bms", "GENERAL_USER"),
    Demo("operator", "Asset", "Operator", "ams", "Operator"),
)
EMPLOYEES = {"employee.pending": "Pending", "employee.approved": "Approved", "employee.rejected": "Rejected"}


async def seed(svc: Service, password: str) -> bool:
    """Make the demo systems and people, all with one password; False when they are there already.

    Every start comes here and says the password: those who have another one get this one.
    """
    password = passwords.normalise(password)
    if there := await users.by_email(svc.db, SUPERUSER):
        if not await svc.hasher.verify(password, there["password_hash"]):
            await _give_password(svc, password)
        return False
    password_hash = await svc.hasher.encode(password)
    async with svc.db.transaction() as tx:
        if await users.by_email(tx, SUPERUSER):
            return False
        held = {slug: await _system(tx, slug) for slug in SYSTEMS}
        root = await users.insert(tx, _new(SUPERUSER, "Super", "User", password_hash))
        await users.make_superuser(tx, root)
        for demo in PEOPLE:
            user_id = await users.insert(
                tx, _new(f"{demo.local}@example.com", demo.first_name, demo.last_name, password_hash)
            )
            await users.approve(tx, user_id)
            system_id, role_ids = held[demo.system]
            await assignments.insert(tx, user_id, system_id, role_ids[demo.role], root)
        for local, status in EMPLOYEES.items():
            new = _new(f"{local}@example.com", "Employee", status, password_hash)
            await employees.set_status(tx, await employees.insert(tx, new), status, root)
        await audit.add(tx, "demo_seeded", actor=None, subject=None)
    return True


async def _give_password(svc: Service, password: str) -> None:
    new_hash = await svc.hasher.encode(password)
    staff = (SUPERUSER, *(f"{demo.local}@example.com" for demo in PEOPLE))
    everybody = [(Kind.STAFF, email) for email in staff]
    everybody += [(Kind.EMPLOYEE, f"{local}@example.com") for local in EMPLOYEES]
    async with svc.db.transaction() as tx:
        for kind, email in everybody:
            account = await people.PEOPLE[kind].by_email(tx, email)
            if account and await people.PEOPLE[kind].set_password(
                tx, account["id"], new_hash, account["password_hash"]
            ):
                await sessions.end_all(tx, Person(kind, account["id"]), None, "password_change")
        await audit.add(tx, "demo_password_set", actor=None, subject=None)


async def create_superuser(svc: Service, email: str, username: str | None, password: str) -> None:
    """A new account with all rights. Invalid for a weak password, a wrong or taken address or username."""
    try:
        address = names.address(email)
    except ValueError as err:
        raise errors.Invalid({"email": [str(err)]}) from err
    try:
        chosen = names.username(username) if username else names.username_from(address)
    except ValueError as err:
        raise errors.Invalid({"username": [str(err)]}) from err
    password = passwords.normalise(password)
    weak = await svc.hasher.problem(password, min_length=svc.settings.password_min_length, personal=[address, chosen])
    if weak:
        raise errors.Invalid({"password": [weak]})
    password_hash = await svc.hasher.encode(password)
    async with svc.db.transaction() as tx:
        new = _new(address, "", "", password_hash)._replace(username=chosen, username_canonical=names.fold(chosen))
        user_id = await users.insert(tx, new)
        await users.make_superuser(tx, user_id)
        who = audit.Named(Person(Kind.STAFF, user_id), address)
        await audit.add(tx, "superuser_created", actor=None, subject=who)


async def _system(tx: Db, slug: str) -> tuple[int, dict[str, int]]:
    name, role_names = SYSTEMS[slug]
    system_id = await systems.add(tx, name, names.fold(name), slug)
    return system_id, {role: await roles.add(tx, system_id, role, names.fold(role)) for role in role_names}


def _new(email: str, first_name: str, last_name: str, password_hash: str) -> NewPerson:
    username = names.username_from(email)
    return NewPerson(
        email=email,
        email_canonical=names.canonical_email(email),
        username=username,
        username_canonical=names.fold(username),
        password_hash=password_hash,
        first_name=first_name,
        middle_name=None,
        last_name=last_name,
        suffix=None,
        phone_number=None,
        department=None,
        company_id=None,
    )
