"""The data files of a path, and their format."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession

from graphrec.data.reading.file_names import escaped, pattern_of_name
from graphrec.errors import UnreadableInputError
from graphrec.spark.paths import path_for

FORMAT_OF_SUFFIX: Final = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".orc": "orc",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
}
HIDDEN: Final = ("_", ".")
COMPRESSED_TEXT: Final = {".gz", ".bz2"}


@dataclass(frozen=True)
class InputFiles:
    """A path and the data files in it.

    Attributes:
        path: the path as Spark takes it, with the special characters of file names escaped.
        paths: the files, the same way; at least one.
        partitions: the columns that the names of directories hold (userId=7/).
    """

    path: str
    paths: tuple[str, ...]
    partitions: tuple[str, ...]


def find_files(spark: SparkSession, path: str) -> InputFiles:
    """List the files of a path through Spark, so that every file system works alike.

    A file whose name has the special characters of a pattern is found by its name.

    Raises:
        UnreadableInputError: the path does not exist, or there are no data files in it.
    """
    full = path_for(spark, path)
    for candidate in dict.fromkeys([escaped(full), full]):
        try:
            # The text source has one column of its own: it lists the files and reads nothing.
            listing = spark.read.text(candidate)
            urls = listing.inputFiles()
        except AnalysisException as error:
            if error.getCondition() != "PATH_NOT_FOUND":
                raise
            continue
        if not urls:
            raise _nothing_in(path)
        paths = tuple(sorted(pattern_of_name(url) for url in urls))
        return InputFiles(candidate, paths, tuple(listing.columns[1:]))
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


def require_no_delta_log(spark: SparkSession, files: InputFiles) -> None:
    """Check that the files are all there is: those of a Delta table hold deleted rows, too.

    Raises:
        UnreadableInputError: a log beside the files says which of them count.
    """
    try:
        log = spark.read.text(f"{files.path}/_delta_log").inputFiles()
    except AnalysisException:  # there is no log
        return
    if log:
        raise UnreadableInputError(
            f"{files.path} is the directory of a Delta table, whose files hold deleted rows too",
            fix="name the table, as in table:shop.ratings or table:delta.`/path`, in a session "
            "with Delta's packages",
        )


def _suffix(file: str) -> str:
    suffixes = PurePosixPath(file.lower()).suffixes
    if len(suffixes) > 1 and suffixes[-1] in COMPRESSED_TEXT:
        return suffixes[-2]
    return suffixes[-1] if suffixes else ""


def _nothing_in(path: str) -> UnreadableInputError:
    if PurePosixPath(path).name.startswith(HIDDEN) and _suffix(path) in FORMAT_OF_SUFFIX:
        return UnreadableInputError(
            f"{path} is hidden: Spark reads no file whose name begins with _ or .",
            fix="rename it",
        )
    return UnreadableInputError(f"{path} is a directory without data files")
