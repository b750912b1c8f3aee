"""What is compared with what, and which targets the figures have to meet."""

from collections.abc import Callable
from typing import NamedTuple

from benchmarks.contenders import bare
from benchmarks.contenders.authsvc import NAME as AUTHSVC
from benchmarks.contenders.peers import BETTER_AUTH, DJANGO, FASTAPI

COST_10, BIG, RAW = "authsvc at cost 10", "authsvc, many users", "raw bcrypt"
SILENT = "authsvc without its log"


class Thing(NamedTuple):
    """One call of one contender."""

    contender: str
    call: str


class Row(NamedTuple):
    """One call of ours and those of others that do the same or the least that could be done."""

    name: str
    group: str  # rows of a group are measured interleaved, with the same load generator
    ours: Thing
    others: tuple[Thing, ...]


CONSTANT, SELECT = Thing(bare.NAME, "constant"), Thing(bare.NAME, "select")
SELECT_DEFAULT = Thing(bare.NAME, "select-default")
SESSION_CHECKS = (Thing(DJANGO, "me"), Thing(FASTAPI, "me"), Thing(BETTER_AUTH, "me"))


def _ours(call: str) -> Thing:
    return Thing(AUTHSVC, call)


ROWS = (
    Row("validate", "requests", _ours("validate"), (Thing(SILENT, "validate"), CONSTANT, SELECT, *SESSION_CHECKS)),
    Row("me", "requests", _ours("me"), (CONSTANT, SELECT, *SESSION_CHECKS)),
    Row("profile", "requests", _ours("profile"), (CONSTANT, SELECT, *SESSION_CHECKS)),
    Row("verify", "requests", _ours("verify"), (CONSTANT, Thing(DJANGO, "verify"))),
    Row("lookup", "requests", _ours("lookup"), (SELECT_DEFAULT, SELECT, Thing(DJANGO, "lookup"))),
    Row("round-robin", "requests", _ours("round-robin"), (SELECT,)),
    Row("users-info", "requests", _ours("users-info"), (SELECT,)),
    Row("refresh", "refresh", _ours("refresh"), (Thing(bare.NAME, "refresh"), Thing(DJANGO, "refresh"))),
    Row(
        "sign-in-12",
        "sign-in-12",
        _ours("sign-in"),
        (Thing(RAW, "12"), Thing(DJANGO, "sign-in"), Thing(FASTAPI, "sign-in"), Thing(BETTER_AUTH, "sign-in")),
    ),
    Row("sign-in-10", "sign-in-10", Thing(COST_10, "sign-in"), (Thing(RAW, "10"),)),
)
SCALED = ("validate", "me", "lookup", "users-info", "round-robin", "refresh")
EXTRAS = ("beside", "scale", "start-up", "memory")
NAMES = (*(row.name for row in ROWS), *EXTRAS)
TITLES = {
    "validate": "validate (GET users/token/validate/)",
    "me": "GET /api/me/",
    "profile": "profile (GET users/profile/)",
    "verify": "token verify (POST token/verify/)",
    "lookup": "internal lookup (GET users/internal/{id}/)",
    "round-robin": "round-robin (GET tts/round-robin/)",
    "users-info": "users-info, 100 ids (POST tts/users-info/)",
    "refresh": "refresh (POST token/refresh/)",
    "sign-in-12": "sign-in, bcrypt cost 12",
    "sign-in-10": "sign-in, bcrypt cost 10",
}


class Target(NamedTuple):
    """A figure and what it has to be; `of` gives None when it was not measured."""

    text: str
    of: Callable[["Figures"], float | None]
    least: float | None = None
    most: float | None = None

    def met(self, value: float) -> bool:
        """Is this enough?"""
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


class Figures(NamedTuple):
    """How targets ask for what was measured."""

    ratio: Callable[[str, Thing], float | None]  # our requests/s ÷ theirs
    rate: Callable[[str], float | None]
    extra: Callable[[str], float | None]


def _ratio(row: str, other: Thing) -> Callable[[Figures], float | None]:
    return lambda figures: figures.ratio(row, other)


def _extra(name: str) -> Callable[[Figures], float | None]:
    return lambda figures: figures.extra(name)


TARGETS = (
    Target("validate ÷ bare aiohttp, constant", _ratio("validate", CONSTANT), least=0.75),
    *(
        Target(f"validate ÷ {peer.contender}, session check", _ratio("validate", peer), least=15)
        for peer in SESSION_CHECKS
    ),
    Target("internal lookup ÷ bare aiohttp + SELECT", _ratio("lookup", SELECT_DEFAULT), least=0.9),
    Target("internal lookup ÷ Django, user by id", _ratio("lookup", Thing(DJANGO, "lookup")), least=8),
    Target("users-info of 100 ids, requests/s", lambda figures: figures.rate("users-info"), least=1000),
    Target("refresh ÷ bare aiohttp, same statement", _ratio("refresh", Thing(bare.NAME, "refresh")), least=0.8),
    Target("refresh ÷ Django", _ratio("refresh", Thing(DJANGO, "refresh")), least=10),
    Target("sign-in at cost 12 ÷ raw bcrypt", _ratio("sign-in-12", Thing(RAW, "12")), least=0.9),
    Target("sign-in at cost 10 ÷ raw bcrypt", _ratio("sign-in-10", Thing(RAW, "10")), least=0.9),
    Target("validate's p99 beside 16 sign-ins ÷ alone, one core", _extra("p99 one core"), most=2),
    Target("validate's p99 beside 16 sign-ins ÷ alone, all cores", _extra("p99 all cores"), most=2),
    Target("start-up with an existing database and its PostgreSQL, s", _extra("start-up"), most=1.5),
    Target("resident MB per worker with many live sessions", _extra("memory"), most=90),
    *(
        Target(f"CPU per request, many users ÷ 1,000 users: {call}", _extra(f"scale {call}"), least=0.9, most=1.1)
        for call in SCALED
    ),
)
