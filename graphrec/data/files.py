"""Which files a path stands for, and of which format they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote

from py4j.protocol import Py4JError
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import SparkSession

from graphrec.errors import UnreadableInputError

FORMAT_OF_SUFFIX: Final = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
}
COMPRESSED_TEXT: Final = {".gz", ".bz2"}


@dataclass(frozen=True)
class InputFiles:
    """A path and the data files in it.

    Attributes:
        path: the path as Spark takes it, with the special characters of file names escaped.
        paths: the files, the same way; at least one.
    """

    path: str
    paths: tuple[str, ...]


def find_files(spark: SparkSession, path: str) -> InputFiles:
    """List the files of a path through Spark, so that every file system works alike.

    A file whose name has the special characters of a pattern is found by its name.

    Raises:
        UnreadableInputError: the path does not exist, or there are no data files in it.
    """
    literal = _escaped(path)
    for candidate in dict.fromkeys([literal, path]):
        try:
            # The text source has a fixed schema: it lists the files and reads nothing.
            urls = spark.read.text(candidate).inputFiles()
        except AnalysisException as error:
            if error.getCondition() != "PATH_NOT_FOUND":
                raise
            continue
        if not urls:
            raise UnreadableInputError(f"{path} is a directory without data files")
        return InputFiles(candidate, tuple(sorted(_escaped(unquote(url)) for url in urls)))
    raise UnreadableInputError(f"{path} does not exist", fix="check the path")


def recognise_format(files: InputFiles) -> str:
    """The one format of the files, by their suffixes.

    Raises:
        UnreadableInputError: the files are of several formats, or of an unknown one.
    """
    known = ", ".join(FORMAT_OF_SUFFIX)
    suffixes = Counter(_suffix(file) for file in files.paths)
    formats = {FORMAT_OF_SUFFIX.get(suffix, suffix) for suffix in suffixes}
    if len(formats) > 1:
        found = ", ".join(f"{n} {suffix or 'without suffix'}" for suffix, n in suffixes.items())
        raise UnreadableInputError(
            f"{files.path} holds files of several formats", found=found, fix="give one of the files"
        )
    only = formats.pop()
    if only not in FORMAT_OF_SUFFIX.values():
        raise UnreadableInputError(
            f"the format of {files.path} is not recognised",
            found=f"the suffix {only}" if only else "no suffix",
            fix=f"name the format, or the file by one of {known}",
        )
    return only


@contextmanager
def one_line_errors(path: str | PathLike[str]) -> Iterator[None]:
    """Turn what Spark throws while it opens `path` into one UnreadableInputError."""
    try:
        yield
    except (PySparkException, Py4JError) as error:
        raise UnreadableInputError(f"{path} cannot be read", found=_cause(error)) from error


def _suffix(file: str) -> str:
    suffixes = PurePosixPath(file.lower()).suffixes
    if len(suffixes) > 1 and suffixes[-1] in COMPRESSED_TEXT:
        return suffixes[-2]
    return suffixes[-1] if suffixes else ""


def _escaped(path: str) -> str:
    return re.sub(r"([\[\]{}*?\\])", r"\\\1", path)


def _cause(error: Exception) -> str:
    """The innermost cause of an error of the JVM, without its stack."""
    text = str(error)
    causes = re.findall(r"^(?:Caused by)?: (.*)", text, re.MULTILINE)
    line: str = causes[-1] if causes else text.partition("\n")[0]
    return re.sub(r"^\(?([\w$]+\.)+[\w$]+(: |\) )", "", line)
