"""Names of files: as people write them, and as Spark takes them."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

_LOCAL: Final = re.compile(r"^file:(//)?(?=/)")


def escaped(path: str) -> str:
    """The path for Spark's readers, which take some of its characters as a pattern."""
    return re.sub(r"([\[\]{}*?\\])", r"\\\1", path)


def pattern_of_name(url: str) -> str:
    """The path that Spark's readers take, of a URL as Spark reports it."""
    return escaped(unquote(url))


def name_of_pattern(pattern: str) -> str:
    """The name that people know, of a path as Spark's readers take it."""
    return _LOCAL.sub("", re.sub(r"\\(.)", r"\1", pattern))


def plain_name(url: str) -> str:
    """The name that people know, of a URL as Spark reports it."""
    return _LOCAL.sub("", unquote(url))
