"""Tables from CSV, TSV, Parquet and JSON files, with one clear line for what cannot be read."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from os import PathLike
from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.data.columns_found import MALFORMED_LINE
from graphrec.data.files import InputFiles, find_files, one_line_errors, recognise_format
from graphrec.data.text_ids import untyped
from graphrec.errors import ParameterError, UnreadableInputError

# Files whose columns are compared before anything is read: each costs a look at its first lines
# or its footer. Beyond these Spark itself compares CSV headers while it reads, and a Parquet file
# that lacks a column gives nulls there, which the interactions contract sets aside and counts.
FILES_COMPARED: Final = 16

_EXAMPLE_HEADER: Final = {",": "userId,itemId,rating", "\t": "userId<TAB>itemId<TAB>rating"}


def read_table(
    spark: SparkSession,
    path: str | PathLike[str],
    *,
    format: str | None = None,  # noqa: A002  # the name that Spark's own readers use
) -> DataFrame:
    """Read a file, or a directory of files of one format and with the same columns.

    CSV and TSV have a header line and one record per line, quotes are doubled inside quotes,
    blanks around a value are dropped, and every column is a string: nothing is inferred, so no
    pass over the data is spent on it (`text_ids` says how ids get their type). They have one
    column more than their header, `_corrupt_record`: the text of a line with more or fewer
    values than the header, else null. JSON has one object per line, and is read once more by
    Spark to find its columns and their types. Parquet is read as it is.

    Args:
        spark: the session to read with.
        path: a file or directory, local or on any file system that the session knows; a glob
            pattern where no file has that very name. Names that begin with `_` or `.` are
            ignored, as Spark does.
        format: "csv", "tsv", "parquet" or "json"; None recognises it by the suffix, also of
            compressed text (.csv.gz, .json.bz2).

    Raises:
        ParameterError: `format` is none of the four.
        UnreadableInputError: the path is missing, empty, without a row, a mixture of formats or
            of headers, of an unknown suffix, or damaged.
    """
    if format is not None and format not in _READERS:
        raise ParameterError(f"no format {format!r} is read", fix=f"choose of {_FORMATS}")
    with one_line_errors(path):
        files = find_files(spark, str(path))
        return _READERS[format or recognise_format(files)](spark, files)


# --- CSV and TSV ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Head:
    """The first two lines of a delimited file: its column names, and whether a record follows."""

    file: str
    names: tuple[str, ...]
    has_record: bool


def _read_delimited(spark: SparkSession, files: InputFiles, *, delimiter: str) -> DataFrame:
    compared = files.paths[:FILES_COMPARED]
    heads = [head for file in compared if (head := _head(spark, file, delimiter))]
    if len(files.paths) <= FILES_COMPARED:
        _check_rows(files, heads)
    _check_same_columns({head.file: head.names for head in heads})
    names = _column_names(heads[0], delimiter) if heads else []
    # Otherwise a line is only found to be malformed when all of its columns are asked for.
    reader = spark.read.option("columnPruning", False)
    return reader.csv(
        files.path,
        schema=T.StructType([untyped(name) for name in (*names, MALFORMED_LINE)]),
        header=True,
        sep=delimiter,
        escape='"',
        ignoreLeadingWhiteSpace=True,
        ignoreTrailingWhiteSpace=True,
        columnNameOfCorruptRecord=MALFORMED_LINE,
        enforceSchema=len(files.paths) <= FILES_COMPARED,
    )


def _head(spark: SparkSession, file: str, delimiter: str) -> _Head | None:
    """Look at the first lines of a file; None where it has none."""
    lines = spark.read.text(file).where(F.trim("value") != "").head(2)
    if not lines:
        return None
    names = next(csv.reader([lines[0]["value"]], delimiter=delimiter, skipinitialspace=True))
    return _Head(file, tuple(name.strip() for name in names), has_record=len(lines) == 2)


def _check_rows(files: InputFiles, heads: Sequence[_Head]) -> None:
    if not heads:
        raise UnreadableInputError(f"{files.path} is empty", fix="give a file with a header line")
    if not any(head.has_record for head in heads):
        raise UnreadableInputError(
            f"{files.path} has no rows", found=f"only the header {', '.join(heads[0].names)}"
        )


def _column_names(head: _Head, delimiter: str) -> list[str]:
    if all(_is_number(name) for name in head.names):
        raise UnreadableInputError(
            f"the first line of {head.file} has no column names",
            found=", ".join(head.names),
            fix=f"put a header line first, such as {_EXAMPLE_HEADER[delimiter]}",
        )
    repeated = sorted({name for name in head.names if name and head.names.count(name) > 1})
    if repeated:
        raise UnreadableInputError(
            f"the header of {head.file} repeats {', '.join(repeated)}", fix="rename all but one"
        )
    return [name or f"_c{place}" for place, name in enumerate(head.names)]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


# --- Parquet and JSON -----------------------------------------------------------------------------


def _read_parquet(spark: SparkSession, files: InputFiles) -> DataFrame:
    table = spark.read.parquet(files.path)
    if len(files.paths) > 1:
        compared = files.paths[:FILES_COMPARED]
        _check_same_columns({f: tuple(sorted(spark.read.parquet(f).columns)) for f in compared})
    if table.isEmpty():
        raise UnreadableInputError(f"{files.path} has no rows")
    return table


def _read_json(spark: SparkSession, files: InputFiles) -> DataFrame:
    table = spark.read.json(files.path, columnNameOfCorruptRecord=MALFORMED_LINE)
    if not table.columns:
        raise UnreadableInputError(f"{files.path} has no rows")
    if table.columns == [MALFORMED_LINE]:
        raise UnreadableInputError(
            f"{files.path} holds no line that is a JSON object",
            fix="write one object per line (JSON Lines)",
        )
    return table


def _check_same_columns(columns: dict[str, tuple[str, ...]]) -> None:
    """Tables of other columns in one directory must not be mixed up."""
    first, *others = columns
    for other in others:
        if columns[other] != columns[first]:
            raise UnreadableInputError(
                "the files of the directory have different columns",
                found=f"{', '.join(columns[first])} in {first}, "
                f"{', '.join(columns[other])} in {other}",
                fix="give one file, or a directory of files with the same columns",
            )


_READERS: Final[dict[str, Callable[[SparkSession, InputFiles], DataFrame]]] = {
    "csv": partial(_read_delimited, delimiter=","),
    "tsv": partial(_read_delimited, delimiter="\t"),
    "parquet": _read_parquet,
    "json": _read_json,
}
_FORMATS: Final = ", ".join(_READERS)
