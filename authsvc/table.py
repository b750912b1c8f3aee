"""The route table as the commands print it."""

from typing import Any

from authsvc import openapi
from authsvc.routes import ROUTES


def route_rows() -> list[dict[str, Any]]:
    """The table as data: one object per row."""
    return [
        {
            "method": row.method,
            "path": row.path,
            "name": row.name,
            "access": row.access.value,
            "limit": f"{row.limit.calls}/{row.limit.seconds}s {row.limit.per}" if row.limit else None,
            "aliases": list(row.also),
        }
        for row in ROUTES
    ]


def openapi_text() -> str:
    """The OpenAPI document, indented."""
    return openapi.text()
