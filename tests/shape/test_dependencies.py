"""What is installed: at least what setup.cfg pins, none with a known hole or trap, and what few need is loaded late."""

import configparser
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
# The oldest version without a known vulnerability, or without a trap that the code relies on being gone.
FLOOR = {
    "aiohttp": "3.14.1",
    "bcrypt": "5.0",
    "cryptography": "46.0.5",
    "gunicorn": "23.0",
    "marshmallow": "4.0",
    "orjson": "3.11.6",
    "pillow": "12.1.1",
    "pyjwt": "2.13",
}


def requirements() -> list[Requirement]:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    lines = config["options"]["install_requires"].split("\n")
    for extra in config["options.extras_require"].values():
        lines += extra.split("\n")
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_installed_versions_are_allowed() -> None:
    assert [one.name for one in requirements() if not one.specifier] == []  # each has a minimum
    assert [one for one in requirements() if not one.specifier.contains(metadata.version(one.name))] == []


@pytest.mark.parametrize("name", FLOOR)
def test_pinned_minimum_is_not_below_the_floor(name: str) -> None:
    pinned = next(r for r in requirements() if r.name == name)
    minimum = next(Version(s.version) for s in pinned.specifier if s.operator == ">=")
    assert minimum >= Version(FLOOR[name])


def test_what_few_processes_need_is_not_loaded_by_all() -> None:
    """Password dictionaries, Pillow and gunicorn would take 18 MB of every process."""
    said = subprocess.run(
        [sys.executable, "-c", "import sys, run, authsvc.serve; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.split()
    assert "aiohttp.web" in said
    assert not {"zxcvbn", "PIL", "captcha", "gunicorn"} & set(said)
