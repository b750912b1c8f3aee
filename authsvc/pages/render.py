"""HTML pages from Jinja templates, autoescaped."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

_TEMPLATES = Path(__file__).resolve().parents[1] / "templates" / "pages"


def with_code(text: str) -> Markup:
    """Plain text, escaped; what stands between backticks is code."""
    parts = re.split("`([^`]+)`", text)
    return Markup().join(
        Markup("<code>{}</code>").format(part) if i % 2 else escape(part) for i, part in enumerate(parts)
    )


def _new_environment() -> Environment:
    loader = FileSystemLoader(_TEMPLATES)
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters["with_code"] = with_code
    return made


_environment = lru_cache(maxsize=1)(_new_environment)


def rendered_once(template: str, **values: Any) -> str:
    """The text of a page that is made once: nothing compiled is kept for another time."""
    return _new_environment().get_template(template).render(values)


def page(template: str, status: int = 200, **values: Any) -> web.Response:
    """A page; `values` are what the template names."""
    text = _environment().get_template(template).render(values)
    return web.Response(text=text, status=status, content_type="text/html")


def wants_json(request: web.Request) -> bool:
    """Does the client ask for the data behind the page?"""
    return "application/json" in request.headers.get("Accept", "")
