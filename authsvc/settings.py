"""Every setting, from the environment (prefix AUTHSVC_); all that is wrong is said in one message."""

import dataclasses
import ipaddress
import os
from collections.abc import Callable, Mapping
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from environs import EnvValidationError, FileAwareEnv
from marshmallow import ValidationError, validate

from authsvc import secret_files

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
ALGORITHMS = ("ES256", "EdDSA", "RS256", "HS256")
_MIN_SECRET = 32  # bytes
_EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - only compared with
_SYSTEM_URLS = {
    "tts": "http://localhost:1000",
    "hdts": "http://localhost:3000",
    "ams": "http://localhost:4000",
    "bms": "http://localhost:5000",
}
_DEPARTMENTS = ["IT Department", "Asset Department", "Budget Department"]


class SettingsError(Exception):
    """The service cannot start like this; `problems` names everything that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("Wrong settings:\n" + "\n".join(f"  {problem}" for problem in problems))


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """One frozen object; times in seconds, sizes as named."""

    development: bool  # AUTHSVC_ENV=development or --dev: embedded database, generated keys, demo people
    host: str  # address to listen on
    port: int
    workers: int  # processes
    public_url: str  # the only source of links, of `iss` and of Secure cookies; no slash at its end
    data_dir: Path  # embedded database, keys, uploaded pictures
    database_url: str | None  # None: the embedded one
    migrate_database_url: str | None  # owner, for migrations; default database_url
    db_pool_size: int  # connections per process
    db_acquire_timeout: float  # wait for a free connection
    db_statement_timeout: float
    secret: str  # >= 32 bytes: keyed hashes and encryption
    jwt_algorithm: str
    jwt_keys_dir: Path
    jwt_secret: str | None  # HS256 only
    jwt_issuer: str
    access_ttl: int  # life of an access token
    refresh_ttl: int  # life of a refresh token, from its last use
    session_max_age: int  # life of a session, whatever its use
    refresh_grace: int  # how long a rotated token still gives its unused successor
    bcrypt_cost: int  # log2 of rounds
    hash_threads: int
    hash_queue: int  # sign-ins that may wait for a hash thread
    password_min_length: int  # code points
    phone_region: str  # ISO 3166 region of local phone numbers
    departments: tuple[str, ...]
    cors_origins: frozenset[str]
    trusted_proxies: tuple[Network, ...]
    limits: bool  # request throttling
    log_format: str | None  # text, json; None: text on a terminal
    log_level: str
    system_urls: dict[str, str]  # slug → where a person goes after signing in
    default_system_url: str | None
    demo_password: str | None
    smtp_url: str | None  # smtp://user:password@host:587?starttls=1 or smtps://…; None: files under data_dir
    mail_from: str
    require_2fa_for_admins: bool  # without one, superusers and admins have no admin rights
    legacy_assignment_ids: bool  # `id` of assignment lists is the user's, as one old front end expects
    register_conceals: bool  # registration does not tell that an address is taken

    @property
    def secure_cookies(self) -> bool:
        """Cookies carry Secure whenever the public URL is https."""
        return self.public_url.startswith("https://")

    @property
    def own_origins(self) -> frozenset[str]:
        """Origins whose pages may send requests with cookies."""
        url = urlsplit(self.public_url)
        own = {f"{url.scheme}://{url.netloc}"}
        if self.development and url.hostname == "127.0.0.1":
            own.add(f"{url.scheme}://localhost:{url.port}")
        return self.cors_origins | own


def load() -> Settings:
    """Settings from the environment; `AUTHSVC_<NAME>_FILE` names a file that holds a value.

    SettingsError with every problem at once.
    """
    env = FileAwareEnv(eager=False, prefix="AUTHSVC_")
    development = env.str("ENV", "production", validate=_one_of("production", "development")) == "development"
    host, port = env.str("HOST", "127.0.0.1"), env.int("PORT", 8000, validate=_between(1, 65_535))
    data_dir = Path(env.str("DATA_DIR", "./var")).absolute()
    own_url = {"default": _own_url(host, port)} if development else {}
    public_url = (env.str("PUBLIC_URL", **own_url, validate=_url) or "").rstrip("/")
    own_secret = {"default": secret_files.kept(data_dir / "secret")} if development else {}
    own_sender = {"default": "authsvc@localhost"} if development else {}
    algorithm = env.str("JWT_ALGORITHM", "ES256", validate=_one_of(*ALGORITHMS))
    database_url = env.str("DATABASE_URL", None, validate=_postgres_url)
    settings = Settings(
        development=development,
        host=host,
        port=port,
        workers=env.int("WORKERS", 1, validate=_between(1, 64)),
        public_url=public_url,
        data_dir=data_dir,
        database_url=database_url,
        migrate_database_url=env.str("MIGRATE_DATABASE_URL", database_url, validate=_postgres_url),
        db_pool_size=env.int("DB_POOL_SIZE", 10, validate=_between(1, 200)),
        db_acquire_timeout=env.float("DB_ACQUIRE_TIMEOUT", 1.0, validate=_between(0.05, 60)),
        db_statement_timeout=env.float("DB_STATEMENT_TIMEOUT", 2.0, validate=_between(0.05, 60)),
        secret=env.str("SECRET", **own_secret, validate=_long_enough),
        jwt_algorithm=algorithm,
        jwt_keys_dir=Path(env.str("JWT_KEYS_DIR", str(data_dir / "keys"))).absolute(),
        jwt_secret=env.str("JWT_SECRET", validate=_long_enough) if algorithm == "HS256" else None,
        jwt_issuer=env.str("JWT_ISSUER", public_url),
        access_ttl=env.int("ACCESS_TTL", 900, validate=_between(1, 86_400)),
        refresh_ttl=env.int("REFRESH_TTL", 604_800, validate=_between(1, 31_536_000)),
        session_max_age=env.int("SESSION_MAX_AGE", 2_592_000, validate=_between(1, 31_536_000)),
        refresh_grace=env.int("REFRESH_GRACE", 30, validate=_between(0, 300)),
        bcrypt_cost=env.int("BCRYPT_COST", 12, validate=_between(4 if development else 10, 15)),
        hash_threads=env.int("HASH_THREADS", os.cpu_count() or 1, validate=_between(1, 256)),
        hash_queue=env.int("HASH_QUEUE", 64, validate=_between(0, 10_000)),
        password_min_length=env.int("PASSWORD_MIN_LENGTH", 8, validate=_between(8, 64)),
        phone_region=env.str("PHONE_REGION", "PH", validate=_region),
        departments=_texts(env.list("DEPARTMENTS", _DEPARTMENTS)),
        cors_origins=frozenset(_texts(env.list("CORS_ORIGINS", [], validate=_each(_origin)))),
        trusted_proxies=_networks(env.list("TRUSTED_PROXIES", [], validate=_each(_network))),
        limits=env.str("LIMITS", "on", validate=_one_of("on", "off")) != "off",
        log_format=env.str("LOG_FORMAT", None, validate=_one_of("text", "json")),
        log_level=env.str("LOG_LEVEL", "info", validate=_one_of("debug", "info", "warning", "error")),
        system_urls=env.dict("SYSTEM_URLS", _SYSTEM_URLS if development else {}),
        default_system_url=env.str("DEFAULT_SYSTEM_URL", None, validate=_url),
        demo_password=env.str("DEMO_PASSWORD", None),
        smtp_url=env.str("SMTP_URL", None, validate=_smtp_url),
        mail_from=env.str("MAIL_FROM", **own_sender, validate=_mail_address),
        require_2fa_for_admins=env.bool("REQUIRE_2FA_FOR_ADMINS", False),
        legacy_assignment_ids=env.bool("LEGACY_ASSIGNMENT_IDS", False),
        register_conceals=env.bool("REGISTER_CONCEALS", False),
    )
    problems = _seal(env) + ([] if development else _production_problems(settings))
    if problems:
        raise SettingsError(problems)
    return settings


def keys_place() -> tuple[Path, str]:
    """Folder and algorithm of signing keys: all that is needed to make the first one."""
    env = FileAwareEnv(eager=False, prefix="AUTHSVC_")
    algorithm = env.str("JWT_ALGORITHM", "ES256", validate=_one_of(*ALGORITHMS))
    folder = env.str("JWT_KEYS_DIR", str(Path(env.str("DATA_DIR", "./var")) / "keys"))
    if problems := _seal(env):
        raise SettingsError(problems)
    return Path(folder).absolute(), algorithm


def _seal(env: FileAwareEnv) -> list[str]:
    try:
        env.seal()
    except EnvValidationError as err:
        # Only the sentences: environs' own message of a wrong value would repeat a secret.
        return [f"{name}: {' '.join(sentences)}" for name, sentences in _messages(err).items()]
    return []


def _messages(err: EnvValidationError) -> Mapping[str, list[str]]:
    found = err.error_messages
    return found if isinstance(found, Mapping) else {"settings": found}


def _production_problems(settings: Settings) -> list[str]:
    problems = []
    if not settings.database_url:
        problems.append("AUTHSVC_DATABASE_URL: is required in production.")
    if not settings.smtp_url:
        problems.append("AUTHSVC_SMTP_URL: is required in production.")
    if not settings.limits:
        problems.append("AUTHSVC_LIMITS: off is refused in production.")
    if settings.demo_password:
        problems.append("AUTHSVC_DEMO_PASSWORD: there are no demo people in production.")
    if settings.jwt_algorithm != "HS256" and not list(settings.jwt_keys_dir.glob("*.pem")):
        folder = settings.jwt_keys_dir
        problems.append(f"AUTHSVC_JWT_KEYS_DIR: no signing key in {folder}; make one: python run.py keys generate")
    return problems


def _own_url(host: str, port: int) -> str:
    name = "127.0.0.1" if host in _EVERY_ADDRESS else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _one_of(*choices: str) -> validate.OneOf:
    return validate.OneOf(choices, error="must be one of {choices}.")


def _between(low: float, high: float) -> validate.Range:
    return validate.Range(low, high, error="must be from {min} to {max}.")


_region = validate.Regexp(r"[A-Z]{2}\Z", error="must be two capital letters.")


def _each(check: Callable[[str], None]) -> Callable[[list[str]], None]:
    def all_of(items: list[str]) -> None:
        for item in _texts(items):
            check(item)

    return all_of


def _texts(items: list[str] | None) -> tuple[str, ...]:
    return tuple(stripped for item in items or () if (stripped := item.strip()))


def _networks(items: list[str] | None) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(item) for item in _texts(items))
    except ValueError:
        return ()  # named by the field's own check already


def _long_enough(text: str) -> None:
    if len(text.encode()) < _MIN_SECRET:
        raise ValidationError(f"must have at least {_MIN_SECRET} bytes.")


def _url(text: str) -> None:
    url = urlsplit(text)
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment or url.username:
        raise ValidationError("must be a URL like https://login.example.com.")


def _origin(text: str) -> None:
    url = urlsplit(text)
    if url.scheme not in ("http", "https") or text != f"{url.scheme}://{url.netloc}" or not url.hostname:
        raise ValidationError(f"{text!r} is no origin like https://tts.example.com (no path, no *).")


def _postgres_url(text: str) -> None:
    if urlsplit(text).scheme not in ("postgresql", "postgres"):
        raise ValidationError("must be a URL like postgresql://authsvc_app:password@host/authsvc.")


def _smtp_url(text: str) -> None:
    url = urlsplit(text)
    if url.scheme not in ("smtp", "smtps") or not url.hostname:
        raise ValidationError("must be a URL like smtp://user:password@host:587?starttls=1 or smtps://host.")


def _mail_address(text: str) -> None:
    _, address = parseaddr(text)
    if "@" not in address or "\n" in text:
        raise ValidationError("must be an address like Sign-in <no-reply@example.com>.")


def _network(text: str) -> None:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        raise ValidationError(f"{text!r} is no network like 10.0.0.0/8.") from None
