"""The page at `/`: files of this folder, in the colours of the reports; nothing else is fetched."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from importlib.resources import files
from typing import Final

from fastapi import FastAPI
from fastapi.responses import Response

_OWN: Final = "graphrec.service.page"
_SHARED: Final = "graphrec.reports"  # has the colours; its pages need an extra, its styles do not
_FILES: Final = {
    "/": ("text/html", ((_OWN, "index.html"),)),
    "/page.js": ("text/javascript", ((_OWN, "page.js"),)),
    "/page.css": (
        "text/css",
        (
            (_SHARED, "templates/colors.css"),
            (_SHARED, "templates/base.css"),
            (_OWN, "page.css"),
        ),
    ),
}
PAGE: Final = frozenset(_FILES)
"""Addresses that are open to all: there are no data in them."""

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def serve_page(app: FastAPI) -> None:
    """Have an application answer by the page's files."""
    for path in _FILES:
        app.get(path, include_in_schema=False)(_answering(path))


def _answering(path: str) -> Callable[[], Awaitable[Response]]:
    async def handler() -> Response:
        return Response(_content(path), headers=_HEADERS, media_type=_FILES[path][0])

    return handler


@cache
def _content(path: str) -> bytes:
    parts = _FILES[path][1]
    return b"".join(files(package).joinpath(name).read_bytes() for package, name in parts)
