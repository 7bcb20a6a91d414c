"""Answers as JSON."""

from __future__ import annotations

import json
from typing import Any

from fastapi.responses import Response


def answer(content: Any, status: int = 200) -> Response:
    """An answer; half a character, which an id may hold, is written as its code."""
    return Response(
        json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace"),
        status,
        media_type="application/json",
    )
