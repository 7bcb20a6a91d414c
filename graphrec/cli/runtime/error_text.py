"""Turn unexpected errors into one line for the user."""

from __future__ import annotations

import re
import tempfile
from typing import Final

from graphrec.errors import PlatformError

_JAVA_CAUSE: Final = re.compile(r"^(?:Caused by)?: (.*)", re.MULTILINE)
_PYTHON_CAUSE: Final = re.compile(r"^([A-Za-z_][\w.]*: .*)", re.MULTILINE)
_JAVA_PACKAGE: Final = re.compile(r"^(?:[\w$]+\.)+(?=[\w$]+(?:: |$))")

_DISK_FULL: Final = re.compile(r"No space left on device|Disk quota exceeded", re.IGNORECASE)


def one_line(error: BaseException) -> str:
    """The innermost cause that an error names, without any stack.

    Spark's errors carry the stack of the JVM, and perhaps the traceback of a Python worker in it.
    """
    message = str(error)
    causes = _JAVA_CAUSE.findall(message) or _after_traceback(message)
    line = causes[-1] if causes else message.strip().partition("\n")[0]
    kind = type(error).__name__
    return _JAVA_PACKAGE.sub("", line) if causes else f"{kind}: {line}" if line else kind


def disk_full(error: BaseException, path: str | None = None) -> PlatformError | None:
    """The error that says in one line that a full disk ended a run; None for other errors.

    Args:
        error: what ended it.
        path: what was being written to; None: nothing but temporary files.
    """
    if isinstance(error, PlatformError) or not _DISK_FULL.search(f"{error} {error.__cause__}"):
        return None
    temporary = tempfile.gettempdir()
    fix = f"free some, there or in {temporary}, where Spark's temporary files are"
    return PlatformError(
        f"{path or temporary} cannot be written to",
        found="no space left on the device",
        fix=fix if path else "free some, or set TMPDIR to another directory",
    )


def _after_traceback(message: str) -> list[str]:
    """The line that ends a Python traceback."""
    _, found, rest = message.partition("Traceback (most recent call last)")
    return _PYTHON_CAUSE.findall(rest)[:1] if found else []
