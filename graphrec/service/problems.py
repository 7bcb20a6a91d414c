"""Errors as they are answered: problem details of RFC 9457."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from graphrec.errors import InputError, shown

_MEDIA_TYPE: Final = "application/problem+json"
_FIELDS: Final = {
    "type": {"type": "string"},
    "title": {"type": "string"},
    "status": {"type": "integer"},
    "detail": {"type": "string"},
}
PROBLEM: Final[dict[str, Any]] = {
    "description": "What is wrong",
    "content": {_MEDIA_TYPE: {"schema": {"type": "object", "properties": _FIELDS}}},
}
"""As the OpenAPI page describes it."""


class ProblemError(Exception):
    """An error that is answered.

    Args:
        status: of HTTP.
        detail: what is wrong, for people.
        headers: of the answer.
    """

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """The answer."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    return Response(
        json.dumps(body, ensure_ascii=False).encode("utf-8", "backslashreplace"),
        status,
        headers,
        _MEDIA_TYPE,
    )


def answer_by_problems(app: FastAPI) -> None:
    """Have every error of an application answered so."""

    @app.exception_handler(ProblemError)
    async def _(_: Request, error: ProblemError) -> Response:
        return problem(error.status, error.detail, error.headers)

    @app.exception_handler(InputError)
    async def _(_: Request, error: InputError) -> Response:
        return problem(422, str(error))

    @app.exception_handler(HTTPException)
    async def _(_: Request, error: HTTPException) -> Response:
        headers = None if error.headers is None else dict(error.headers)
        return problem(error.status_code, str(error.detail), headers)

    @app.exception_handler(RequestValidationError)
    async def _(_: Request, error: RequestValidationError) -> Response:
        return problem(422, "; ".join(_sentence(one) for one in error.errors()[:5]))

    @app.exception_handler(Exception)
    async def _(_: Request, __: Exception) -> Response:
        return problem(500, "this should not have happened; the log says more")


def _sentence(error: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"])
    return shown(f"{place}: {error['msg'].removeprefix('Value error, ')}")
