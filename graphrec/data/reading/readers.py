"""Tables from CSV, TSV, Parquet, ORC and JSON files, and from the session's catalog."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from os import PathLike
from typing import Any, Final

from pyspark.sql import Column, DataFrame, DataFrameReader, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.data.column_types import quoted
from graphrec.data.frames import named_alike
from graphrec.data.interaction_columns import MALFORMED_LINE
from graphrec.data.reading.catalog_names import is_of_catalog
from graphrec.data.reading.catalog_tables import read_from_catalog
from graphrec.data.reading.delimiters import COMMA, TAB, check_one_column, find_delimiter
from graphrec.data.reading.encodings import Encoding, find_encoding
from graphrec.data.reading.file_names import name_of_pattern
from graphrec.data.reading.first_lines import FirstLines, first_lines, lines_of
from graphrec.data.reading.paths import (
    InputFiles,
    find_files,
    recognise_format,
    require_no_delta_log,
)
from graphrec.data.reading.undecodable import (
    BYTES,
    check_utf8,
    located_errors,
    text_of_bytes,
    without_replacements,
)
from graphrec.data.reading.unreadable import one_line_errors
from graphrec.data.text_ids import untyped
from graphrec.errors import NoRowsError, ParameterError, UnreadableInputError

# Files whose columns are compared before anything is read: each costs a look at its first lines
# or its footer. Beyond these Spark itself compares CSV headers while it reads, and a Parquet file
# that lacks a column gives nulls there, which the interactions contract sets aside and counts.
FILES_COMPARED: Final = 16

_EXAMPLE_HEADER: Final = ("userId", "itemId", "rating")


@dataclass(frozen=True)
class TextFormat:
    """How text files are written.

    Attributes:
        encoding: where a file has no byte-order mark that says otherwise.
        delimiter: what stands between the values of a line of CSV or TSV; None: what is usual.
    """

    encoding: Encoding
    delimiter: str | None


def read_table(
    spark: SparkSession,
    path: str | PathLike[str],
    *,
    format: str | None = None,  # noqa: A002  # the name that Spark's own readers use
    encoding: str | None = None,
    delimiter: str | None = None,
) -> DataFrame:
    """Read a file, a directory of files of one format and with the same columns, or a table.

    CSV and TSV have a header line and one record per line, quotes are doubled inside quotes,
    blanks around a value are dropped, and every column is a string: nothing is inferred, so no
    pass over the data is spent on it (`text_ids` says how ids get their type). They have one
    column more than their header, `_corrupt_record`: the text of a line with more or fewer
    values than the header, else null. JSON has one object per line, and is read once more by
    Spark to find its columns and their types. Parquet, ORC and tables are read as they are. What
    the names of directories hold (userId=007/) are columns of text, as it is written there.

    Text is UTF-8 unless a byte-order mark or `encoding` says otherwise. Bytes that cannot be
    decoded are never replaced: they end the job that reads them (`unreadable` turns its exception
    into a one-line error).

    Args:
        spark: the session to read with.
        path: a file or directory, local or on any file system that the session knows; a glob
            pattern where no file has that very name. Names that begin with `_` or `.` are
            ignored, as Spark does. `table:shop.ratings` is a table of the session's catalog, and
            `sql:SELECT ...` a query of it.
        format: "csv", "tsv", "parquet", "orc" or "json"; None recognises it by the suffix, also of
            compressed text (.csv.gz, .json.bz2).
        encoding: of CSV, TSV and JSON files without a byte-order mark, by any of its names in
            Python ("latin-1", "cp1252", "utf-16"); None: UTF-8. In UTF-16 and UTF-32 one task
            reads one file of CSV or TSV.
        delimiter: the one character between the values of CSV and TSV; None: a comma in CSV, a
            tab in TSV.

    Raises:
        ParameterError: `format` is none of these, or encoding or delimiter is unknown.
        UnreadableInputError: the path is missing, empty, without a row, a mixture of formats or
            of headers, of an unknown suffix, damaged, or the directory of a Delta table.
    """
    if format is not None and format not in _READERS:
        raise ParameterError(f"no format {format!r} is read", fix=f"choose of {_FORMATS}")
    text = TextFormat(find_encoding(spark, encoding), find_delimiter(delimiter))
    if is_of_catalog(str(path)):
        return read_from_catalog(spark, str(path))
    with one_line_errors(spark, path):
        files = find_files(spark, str(path))
        return _READERS[format or recognise_format(files)](spark, files, text)


# --- CSV and TSV ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Head:
    """The first two lines of a delimited file: its column names, and whether a record follows."""

    file: str
    line: str
    names: tuple[str, ...]
    encoding: Encoding
    has_record: bool


def _read_delimited(
    spark: SparkSession, files: InputFiles, text: TextFormat, *, usual: str
) -> DataFrame:
    delimiter = text.delimiter or usual
    compared = files.paths[:FILES_COMPARED]
    heads = [head for file in compared if (head := _head(spark, file, text.encoding, delimiter))]
    if len(files.paths) <= FILES_COMPARED:
        _check_rows(files, heads)
    _check_same_columns({head.file: head.names for head in heads})
    _check_same_encoding(heads)
    encoding = heads[0].encoding if heads else text.encoding
    names = [*(_column_names(heads[0], delimiter) if heads else []), MALFORMED_LINE]
    _check_partitions(files, heads)
    partitions = list(files.partitions)
    # Otherwise a line is only found to be malformed when all of its columns are read.
    reader = spark.read.option("columnPruning", False)
    table = reader.csv(
        files.path,
        schema=T.StructType([untyped(_as_read(name, encoding)) for name in (*names, *partitions)]),
        header=True,
        sep=delimiter,
        escape='"',
        encoding=BYTES if encoding.is_utf8 else encoding.java,
        multiLine=encoding.is_wide,  # else Spark would look for the single byte of a line feed
        ignoreLeadingWhiteSpace=True,
        ignoreTrailingWhiteSpace=True,
        columnNameOfCorruptRecord=MALFORMED_LINE,
        enforceSchema=len(files.paths) <= FILES_COMPARED,
    )
    decoded = text_of_bytes if encoding.is_utf8 else without_replacements
    cells = {name: decoded(cell, encoding) for name, cell in _cells(table, names)}
    cells |= dict(_cells(table, partitions, after=len(names)))
    return table.select(*(_untyped(cell, name) for name, cell in cells.items()))


def _as_read(name: str, encoding: Encoding) -> str:
    """A name of the header as Spark reads it."""
    return name.encode().decode(BYTES) if encoding.is_utf8 else name


def _head(spark: SparkSession, file: str, encoding: Encoding, delimiter: str) -> _Head | None:
    """Look at the first lines of a file; None where it has none."""
    found = first_lines(spark, file, encoding)
    if not found.lines:
        return None
    line = found.lines[0]
    return _Head(
        name_of_pattern(file),
        line,
        _split(file, line, delimiter),
        found.encoding,
        has_record=len(found.lines) == 2,
    )


def _split(file: str, line: str, delimiter: str) -> tuple[str, ...]:
    try:
        names = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
    except csv.Error as error:
        raise UnreadableInputError(
            f"the first line of {name_of_pattern(file)} is no header",
            found=str(error).partition(" - ")[0],
            fix="put a line with the names of the columns first",
        ) from error
    return tuple(name.strip() for name in names)


def _check_rows(files: InputFiles, heads: Sequence[_Head]) -> None:
    if not heads:
        raise NoRowsError(f"{files.path} is empty", fix="give a file with a header line")
    if not any(head.has_record for head in heads):
        raise NoRowsError(
            f"{files.path} has no rows", found=f"only the header {', '.join(heads[0].names)}"
        )


def _check_partitions(files: InputFiles, heads: Sequence[_Head]) -> None:
    """Of two values of one column, in a file and in the name of its directory, none is right."""
    for head in heads[:1]:
        for name in files.partitions:
            if named_alike(head.names, name):
                raise UnreadableInputError(
                    f"the column {name} of {head.file} is in the name of its directory, too",
                    fix="rename one of the two, or give files without such directories",
                )


def _check_same_encoding(heads: Sequence[_Head]) -> None:
    for head in heads:
        if head.encoding != heads[0].encoding:
            raise UnreadableInputError(
                "the files of the directory have different encodings",
                found=f"{heads[0].encoding.codec} in {heads[0].file}, "
                f"{head.encoding.codec} in {head.file}",
                fix="give one file, or a directory of files with the same encoding",
            )


def _column_names(head: _Head, delimiter: str) -> list[str]:
    if len(head.names) == 1:
        check_one_column(head.file, head.line, delimiter)
    if all(_is_number(name) for name in head.names):
        raise UnreadableInputError(
            f"the first line of {head.file} has no column names",
            found=", ".join(head.names),
            fix="put a header line first, such as "
            + ("<TAB>" if delimiter == TAB else delimiter).join(_EXAMPLE_HEADER),
        )
    repeated = sorted({name for name in head.names if name and head.names.count(name) > 1})
    if repeated:
        raise UnreadableInputError(
            f"the header of {head.file} repeats {', '.join(repeated)}", fix="rename all but one"
        )
    return [name or f"_c{number}" for number, name in enumerate(head.names)]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


# --- Parquet, ORC and JSON ------------------------------------------------------------------------


def _read_columnar(
    spark: SparkSession,
    files: InputFiles,
    _: TextFormat,
    *,
    format: str,  # noqa: A002  # as Spark's readers have it
) -> DataFrame:
    require_no_delta_log(spark, files)
    table = _with_partitions(spark, files, lambda reader: reader.format(format).load(files.path))
    if len(files.paths) > 1:
        compared = files.paths[:FILES_COMPARED]
        read = spark.read.format(format)
        columns = {file: tuple(sorted(read.load(file).columns)) for file in compared}
        _check_same_columns({name_of_pattern(file): names for file, names in columns.items()})
    if table.isEmpty():
        raise NoRowsError(f"{files.path} has no rows")
    return table


def _read_json(spark: SparkSession, files: InputFiles, text: TextFormat) -> DataFrame:
    first = first_lines(spark, files.paths[0], text.encoding)
    encoding = first.encoding
    if encoding.is_wide:
        table = _wide_json(spark, files, first)
    else:
        how: dict[str, Any] = {"columnNameOfCorruptRecord": MALFORMED_LINE}
        if not encoding.is_utf8:
            how |= {"encoding": encoding.java, "lineSep": "\n"}
        with located_errors(spark, files.paths, encoding):
            table = _with_partitions(spark, files, lambda reader: reader.json(files.path, **how))
    if not table.columns:
        raise NoRowsError(f"{files.path} has no rows")
    if encoding.is_utf8 and MALFORMED_LINE in table.columns:
        check_utf8(spark, files.path)
    if table.columns == [MALFORMED_LINE]:
        raise UnreadableInputError(
            f"{files.path} holds no line that is a JSON object",
            fix="write one object per line (JSON Lines)",
        )
    if encoding.is_utf8:
        return table
    return table.select(
        *(
            without_replacements(quoted(field.name), encoding).alias(field.name)
            if isinstance(field.dataType, T.StringType) and field.name not in files.partitions
            else quoted(field.name)
            for field in table.schema
        )
    )


def _wide_json(spark: SparkSession, files: InputFiles, first: FirstLines) -> DataFrame:
    """JSON in UTF-16 or UTF-32.

    Spark finds the columns, but would take a first line with a byte-order mark for malformed. So
    lines are read as text, and parsed without the mark.
    """
    java = first.encoding.java
    found = [spark.read.json(list(files.paths), encoding=java, lineSep="\n").schema]
    for line in first.lines[:1]:
        one = F.from_json(F.lit("{}"), F.schema_of_json(F.lit(line)))
        found.append(spark.range(1).select(one.alias("line")).select("line.*").schema)
    fields = {field.name: field for schema in found for field in schema}
    fields[MALFORMED_LINE] = T.StructField(MALFORMED_LINE, T.StringType())
    kind = T.StructType(list(fields.values()))
    parsed = F.from_json("line", kind, {"columnNameOfCorruptRecord": MALFORMED_LINE})
    partitions = [quoted(name) for name in files.partitions]
    lines = lines_of(spark, files.path, java, *files.partitions).where("trim(line) != ''")
    table = lines.select(parsed.alias("line"), *partitions)
    return table.select("line.*", *map(_untyped, partitions, files.partitions))


# --- all formats ----------------------------------------------------------------------------------


def _with_partitions(
    spark: SparkSession, files: InputFiles, read: Callable[[DataFrameReader], DataFrame]
) -> DataFrame:
    """A table whose columns in the names of directories are text, as it is written there.

    Spark would make numbers and dates of them, so that 007 and 7 are one user.
    """
    table = read(spark.read)
    if not files.partitions:
        return table
    fields = [
        T.StructField(field.name, T.StringType()) if field.name in files.partitions else field
        for field in table.schema
    ]
    table = read(spark.read.schema(T.StructType(fields)))
    return table.select(
        *(
            _untyped(quoted(name), name) if name in files.partitions else quoted(name)
            for name in table.columns
        )
    )


def _cells(
    table: DataFrame, names: Sequence[str], *, after: int = 0
) -> Iterator[tuple[str, Column]]:
    """The columns of a table, from the first or a later one on, by other names."""
    for position, name in enumerate(names, after):
        yield name, quoted(table.columns[position])


def _untyped(cell: Column, name: str) -> Column:
    return cell.alias(name, metadata=untyped(name).metadata)


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


_READERS: Final[dict[str, Callable[[SparkSession, InputFiles, TextFormat], DataFrame]]] = {
    "csv": partial(_read_delimited, usual=COMMA),
    "tsv": partial(_read_delimited, usual=TAB),
    "parquet": partial(_read_columnar, format="parquet"),
    "orc": partial(_read_columnar, format="orc"),
    "json": _read_json,
}
_FORMATS: Final = ", ".join(_READERS)
