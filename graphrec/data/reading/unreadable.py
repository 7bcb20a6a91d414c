"""One clear error for a file that cannot be read, whichever job comes upon it.

Spark reads a file when a job needs it, so that a damaged file ends whichever job comes to the
damage first. All such errors become the same one-line error, which names the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from typing import Final

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from graphrec.data.reading.file_names import plain_name
from graphrec.data.reading.undecodable import BYTES, undecodable
from graphrec.errors import UnreadableInputError

_FILE: Final = re.compile(r"\[FAILED_READ_FILE[^\]]*\] .*?reading file (.*?)\.\s+(?:SQLSTATE|\n)")
_CAUSE: Final = re.compile(r"^(?:Caused by)?: (.*)", re.MULTILINE)
_PACKAGE: Final = re.compile(r"^\(?([\w$]+\.)+[\w$]+(: |\) |$)")
_HEADER: Final = re.compile(r"CSV header does not conform.*?Header: (.*?)\n Schema: (.*?)\n", re.S)
_HEADER_LENGTH: Final = re.compile(r"Header length: (\d+), schema size: (\d+)")


@contextmanager
def one_line_errors(spark: SparkSession, path: str | PathLike[str] | None = None) -> Iterator[None]:
    """Turn the exceptions of Spark that come from reading into an UnreadableInputError.

    Args:
        spark: the session that reads.
        path: the input that the block opens; every exception of Spark is reported as one of this
            path. None: only exceptions that name a file are turned, all others pass.

    Raises:
        UnreadableInputError: a file could not be read.
    """
    try:
        yield
    except (PySparkException, Py4JError) as error:
        clear = unreadable(spark, error)
        if clear is None and path is not None:
            clear = _cannot_be_read(str(path), str(error))
        if clear is None:
            raise
        raise clear from error


def unreadable(spark: SparkSession, error: Exception) -> UnreadableInputError | None:
    """The one-line error, if Spark could not read a file; None for any other exception."""
    message = str(error)
    if clear := undecodable(spark, message):
        return clear
    failed = _FILE.search(message)
    if failed is None:
        return None
    file = plain_name(failed[1])
    if header := _header_found(message):
        return UnreadableInputError(
            f"{file} has other columns than the files before it",
            found=header,
            fix="give one file, or a directory of files with the same columns",
        )
    return _cannot_be_read(file, message)


def _cannot_be_read(name: str, message: str) -> UnreadableInputError:
    fix = None
    if "Relative path in absolute URI" in message:
        fix = "rename it: Spark reads no local file with a colon in its name"
    return UnreadableInputError(f"{name} cannot be read", found=_cause(message), fix=fix)


def _header_found(message: str) -> str | None:
    if header := _HEADER.search(message):
        found, expected = (_text(names) for names in header.groups())
        return f"{found} instead of {expected}"
    if lengths := _HEADER_LENGTH.search(message):
        return f"{lengths[1]} columns instead of {lengths[2]}"
    return None


def _text(names: str) -> str:
    """A header that was read as bytes."""
    try:
        return names.encode(BYTES).decode()
    except UnicodeError:
        return names


def _cause(message: str) -> str:
    """The innermost cause of an error of the JVM, without its stack."""
    causes = _CAUSE.findall(message)
    line: str = causes[-1] if causes else message.partition("\n")[0]
    return _PACKAGE.sub("", line) or line
