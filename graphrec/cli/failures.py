"""One line for what nobody raised on purpose."""

from __future__ import annotations

import re
from typing import Final

_JAVA_CAUSE: Final = re.compile(r"^(?:Caused by)?: (.*)", re.MULTILINE)
_PYTHON_CAUSE: Final = re.compile(r"^([A-Za-z_][\w.]*: .*)", re.MULTILINE)
_PACKAGE: Final = re.compile(r"^(?:[\w$]+\.)+(?=[\w$]+(?:: |$))")


def one_line(error: BaseException) -> str:
    """The innermost cause that an error tells of, without any stack.

    Spark's errors carry the stack of the JVM, and perhaps the traceback of a Python worker in it.
    """
    told = str(error)
    causes = _JAVA_CAUSE.findall(told) or _after_traceback(told)
    line = causes[-1] if causes else told.strip().partition("\n")[0]
    kind = type(error).__name__
    return _PACKAGE.sub("", line) if causes else f"{kind}: {line}" if line else kind


def _after_traceback(told: str) -> list[str]:
    """The line that ends a Python traceback."""
    _, found, rest = told.partition("Traceback (most recent call last)")
    return _PYTHON_CAUSE.findall(rest)[:1] if found else []
