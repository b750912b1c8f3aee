"""Every setting, from the environment (prefix AUTHSVC_); all that is wrong is said in one message."""

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from environs import EnvValidationError, FileAwareEnv

from authsvc import secret_files
from authsvc import setting_checks as checks
from authsvc.setting_checks import Network

ALGORITHMS = ("ES256", "EdDSA", "RS256", "HS256")
_EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - only compared with
_SYSTEM_URLS = {
    "tts": "http://localhost:1000",
    "hdts": "http://localhost:3000",
    "ams": "http://localhost:4000",
    "bms": "http://localhost:5000",
}
# Loopback (RFC 1122, RFC 4291) and private ranges (RFC 1918, RFC 4193).
_PRIVATE = ["127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]
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
    listen_database_url: str | None  # direct connection for LISTEN; default database_url
    identity_cache: bool  # remember live sessions, as long as revocations are heard
    db_pool_size: int  # connections per process
    db_acquire_timeout: float  # wait for a free connection
    db_statement_timeout: float
    secret: str  # >= 32 bytes: keyed hashes and encryption
    jwt_algorithm: str
    jwt_keys_dir: Path
    jwt_secret: str | None  # HS256 only
    jwt_old_secrets: tuple[str, ...]  # verify HS256 tokens still, whatever signs now
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
    internal_networks: tuple[Network, ...]  # whose addresses may use the internal paths; empty: nobody
    internal_port: int | None  # own listener for internal paths, which the public port then does not answer
    require_service_key: bool  # internal paths need X-API-Key too
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
        """Cookies carry Secure whenever the public URL is https, and always in production."""
        return self.is_https or not self.development

    @property
    def is_https(self) -> bool:
        """Is the service reached by TLS?"""
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
    env = _environment()
    development = env.str("ENV", "production", validate=checks.one_of("production", "development")) == "development"
    host, port = env.str("HOST", "127.0.0.1"), env.int("PORT", 8000, validate=checks.between(1, 65_535))
    data_dir = Path(env.str("DATA_DIR", "./var")).absolute()
    own_url = {"default": _own_url(host, port)} if development else {}
    public_url = _browser_form(env.str("PUBLIC_URL", **own_url, validate=checks.url))
    own_secret = {"default": _own_secret(data_dir)} if development else {}
    own_sender = {"default": "authsvc@localhost"} if development else {}
    algorithm = env.str("JWT_ALGORITHM", "ES256", validate=checks.one_of(*ALGORITHMS))
    default_urls = _SYSTEM_URLS if development else {}
    database_url = env.str("DATABASE_URL", None, validate=checks.postgres_url)
    settings = Settings(
        development=development,
        host=host,
        port=port,
        workers=env.int("WORKERS", 1, validate=checks.between(1, 64)),
        public_url=public_url,
        data_dir=data_dir,
        database_url=database_url,
        migrate_database_url=env.str("MIGRATE_DATABASE_URL", database_url, validate=checks.postgres_url),
        listen_database_url=env.str("LISTEN_DATABASE_URL", database_url, validate=checks.postgres_url),
        identity_cache=env.bool("IDENTITY_CACHE", True),
        db_pool_size=env.int("DB_POOL_SIZE", 10, validate=checks.between(1, 200)),
        db_acquire_timeout=env.float("DB_ACQUIRE_TIMEOUT", 1.0, validate=checks.between(0.05, 60)),
        db_statement_timeout=env.float("DB_STATEMENT_TIMEOUT", 2.0, validate=checks.between(0.05, 60)),
        secret=env.str("SECRET", **own_secret, validate=checks.long_enough),
        jwt_algorithm=algorithm,
        jwt_keys_dir=Path(env.str("JWT_KEYS_DIR", str(data_dir / "keys"))).absolute(),
        jwt_secret=env.str("JWT_SECRET", validate=checks.long_enough) if algorithm == "HS256" else None,
        jwt_old_secrets=checks.texts(env.list("JWT_OLD_SECRETS", [], validate=checks.each(checks.long_enough))),
        jwt_issuer=env.str("JWT_ISSUER", public_url),
        access_ttl=env.int("ACCESS_TTL", 900, validate=checks.between(1, 86_400)),
        refresh_ttl=env.int("REFRESH_TTL", 604_800, validate=checks.between(1, 31_536_000)),
        session_max_age=env.int("SESSION_MAX_AGE", 2_592_000, validate=checks.between(1, 31_536_000)),
        refresh_grace=env.int("REFRESH_GRACE", 30, validate=checks.between(0, 300)),
        bcrypt_cost=env.int("BCRYPT_COST", 12, validate=checks.between(4 if development else 10, 15)),
        hash_threads=env.int("HASH_THREADS", os.cpu_count() or 1, validate=checks.between(1, 256)),
        hash_queue=env.int("HASH_QUEUE", 64, validate=checks.between(0, 10_000)),
        password_min_length=env.int("PASSWORD_MIN_LENGTH", 8, validate=checks.between(8, 64)),
        phone_region=env.str("PHONE_REGION", "PH", validate=checks.region),
        departments=checks.texts(env.list("DEPARTMENTS", _DEPARTMENTS)),
        cors_origins=frozenset(checks.texts(env.list("CORS_ORIGINS", [], validate=checks.each(checks.origin)))),
        trusted_proxies=checks.networks(env.list("TRUSTED_PROXIES", [], validate=checks.each(checks.network))),
        internal_networks=checks.networks(
            env.list("INTERNAL_NETWORKS", _PRIVATE if development else [], validate=checks.each(checks.network))
        ),
        internal_port=env.int("INTERNAL_PORT", None, validate=checks.between(1, 65_535)),
        require_service_key=env.bool("REQUIRE_SERVICE_KEY", False),
        limits=env.str("LIMITS", "on", validate=checks.one_of("on", "off")) != "off",
        log_format=env.str("LOG_FORMAT", None, validate=checks.one_of("text", "json")),
        log_level=env.str("LOG_LEVEL", "info", validate=checks.one_of("debug", "info", "warning", "error")),
        system_urls=_pairs(
            env.str("SYSTEM_URLS", None, validate=lambda text: checks.system_urls(_pairs(text, {}))), default_urls
        ),
        default_system_url=env.str("DEFAULT_SYSTEM_URL", None, validate=checks.url),
        demo_password=env.str("DEMO_PASSWORD", None),
        smtp_url=env.str("SMTP_URL", None, validate=checks.smtp_url),
        mail_from=env.str("MAIL_FROM", **own_sender, validate=checks.mail_address),
        require_2fa_for_admins=env.bool("REQUIRE_2FA_FOR_ADMINS", False),
        legacy_assignment_ids=env.bool("LEGACY_ASSIGNMENT_IDS", False),
        register_conceals=env.bool("REGISTER_CONCEALS", False),
    )
    problems = _seal(env) + ([] if development else _production_problems(settings))
    if settings.internal_port and settings.internal_port == settings.port:
        problems.append("AUTHSVC_INTERNAL_PORT: is the public port too.")
    if problems:
        raise SettingsError(problems)
    return settings


def keys_place() -> tuple[Path, str]:
    """Folder and algorithm of signing keys: all that is needed to make the first one."""
    env = _environment()
    algorithm = env.str("JWT_ALGORITHM", "ES256", validate=checks.one_of(*ALGORITHMS))
    folder = env.str("JWT_KEYS_DIR", str(Path(env.str("DATA_DIR", "./var")) / "keys"))
    if problems := _seal(env):
        raise SettingsError(problems)
    return Path(folder).absolute(), algorithm


def _environment() -> FileAwareEnv:
    """The environment and the files that it names. What cannot be read of them is said before anything else."""
    problems = []
    for name in sorted(os.environ):
        if name.startswith("AUTHSVC_") and name.endswith("_FILE"):
            try:
                Path(os.environ[name]).read_text("utf-8")
            except (OSError, UnicodeDecodeError) as err:
                problems.append(f"{name.removesuffix('_FILE')}: its file cannot be read: {type(err).__name__}")
    if problems:
        raise SettingsError(problems)
    return FileAwareEnv(eager=False, prefix="AUTHSVC_", strip_whitespace=True)


def _own_secret(data_dir: Path) -> str:
    try:
        return secret_files.kept(data_dir / "secret")
    except OSError as err:
        raise SettingsError([f"AUTHSVC_DATA_DIR: {data_dir} cannot be written: {err.strerror}."]) from err


def _browser_form(url: str | None) -> str:
    try:
        return checks.browser_form(url or "")
    except ValueError:
        return ""  # named by the field's own check already


def _pairs(text: str | None, default: Mapping[str, str]) -> dict[str, str]:
    """`tts=https://…,hdts=https://…` as a mapping; a pair without = has no address, which its check refuses."""
    if text is None:
        return dict(default)
    return {
        slug.strip(): url.strip() for slug, _, url in (pair.partition("=") for pair in checks.texts(text.split(",")))
    }


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
