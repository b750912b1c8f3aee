"""HTML pages from Jinja templates, autoescaped."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

_TEMPLATES = Path(__file__).resolve().parents[1] / "templates" / "pages"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)


def page(template: str, status: int = 200, **values: Any) -> web.Response:
    """A page; `values` are what the template names."""
    text = _environment().get_template(template).render(values)
    return web.Response(text=text, status=status, content_type="text/html")


def wants_json(request: web.Request) -> bool:
    """Does the client ask for the data behind the page?"""
    return "application/json" in request.headers.get("Accept", "")
