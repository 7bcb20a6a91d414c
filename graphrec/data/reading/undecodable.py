"""Bytes that are not text in the given encoding: detected while a file is read, and located.

Each cell of a text file is checked in the pass that reads it; bytes that cannot be decoded end the
job with an error that names file and encoding. Only then is the file read again, to find the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from graphrec.data.reading.encodings import NAME_IT, Encoding
from graphrec.data.reading.file_names import name_of_pattern, pattern_of_name
from graphrec.errors import UnreadableInputError

BYTES: Final = "ISO-8859-1"  # gives every byte a character of its own, and so the bytes back

_MARK: Final = "graphrec: undecodable"
_BY_JAVA: Final = re.compile(r"java\.nio\.charset\.(Malformed|Unmappable)\w+Exception")
_RAISED: Final = re.compile(rf"{_MARK} <([^>]*)> <([^>]*)> <([^>]*)>")
_REPLACEMENT: Final = "\ufffd"


def text_of_bytes(cell: Column, encoding: Encoding) -> Column:
    """The text of a cell that was read as `BYTES`; bytes that are not UTF-8 end the job.

    A cell of ASCII alone is its text already.
    """
    text = F.encode(cell, BYTES).cast("string")
    return (
        F.when(cell.isNull() | (F.octet_length(cell) == F.length(cell)), cell)
        .when(F.is_valid_utf8(text), text)
        .otherwise(_raised(encoding))
    )


def without_replacements(cell: Column, encoding: Encoding) -> Column:
    """The same cell; a character that stands for bytes that could not be read ends the job."""
    return F.when(cell.contains(_REPLACEMENT), _raised(encoding)).otherwise(cell)


def undecodable(spark: SparkSession, message: str) -> UnreadableInputError | None:
    """The error that names the line, if such bytes ended a job; None if something else did.

    Args:
        spark: the session that reads the file once more.
        message: of the job's exception.
    """
    raised = _RAISED.search(message)
    if raised is None:
        return None
    file, java, codec = raised.groups()
    return not_text(spark, pattern_of_name(file), Encoding(java, codec))


def not_text(spark: SparkSession, file: str, encoding: Encoding) -> UnreadableInputError:
    """The error that names the first line that cannot be decoded.

    Args:
        spark: the session to read with.
        file: as Spark takes it.
        encoding: the one that does not fit.
    """
    line = _first_undecodable(spark, file, encoding)
    return UnreadableInputError(
        f"{name_of_pattern(file)} is not text in {encoding.codec.upper()}",
        found=f"other bytes in line {line}" if line else None,
        fix=NAME_IT,
    )


def check_utf8(spark: SparkSession, path: str) -> None:
    """Check that all files of a path are UTF-8, line by line.

    Raises:
        UnreadableInputError: one of them is not.
    """
    lines = spark.read.text(path).where(~F.is_valid_utf8("value"))
    found = lines.select("value", F.col("_metadata.file_path").alias("file")).head()
    if found is not None:
        raise not_text(spark, pattern_of_name(found["file"]), Encoding("UTF-8", "utf-8"))


@contextmanager
def located_errors(spark: SparkSession, files: Iterable[str], encoding: Encoding) -> Iterator[None]:
    """Name the file and the line where Java itself cannot decode the bytes.

    Args:
        spark: the session that reads the files once more, if Java cannot.
        files: the files that the block reads, as Spark takes them.
        encoding: the one they are read with.

    Raises:
        UnreadableInputError: one of them is of another encoding.
    """
    try:
        yield
    except (PySparkException, Py4JError) as error:
        if _BY_JAVA.search(str(error)):
            for file in files:
                if _first_undecodable(spark, file, encoding) is not None:
                    raise not_text(spark, file, encoding) from error
        raise


def _raised(encoding: Encoding) -> Column:
    parts = (F.lit(f"{_MARK} <"), F.col("_metadata.file_path"))
    return F.raise_error(F.concat(*parts, F.lit(f"> <{encoding.java}> <{encoding.codec}>")))


# --- the line -------------------------------------------------------------------------------------

_BLOCK: Final = "block long, lines long, first long, bad long"


def _first_undecodable(spark: SparkSession, file: str, encoding: Encoding) -> int | None:
    """The number of the first such line, from 1: lines of a block are numbered one by one."""
    blocks = (
        _raw_lines(spark, file, encoding)
        .mapInArrow(partial(_looked_at, codec=encoding.codec), _BLOCK)
        .groupBy("block")
        .agg(
            F.sum("lines").alias("lines"), F.min("first").alias("first"), F.min("bad").alias("bad")
        )
        .orderBy("block")
        .collect()  # one row for each 128 MB of one file
    )
    before = 0
    for block in blocks:
        if block["bad"] is not None:
            return int(before + block["bad"] - block["first"] + 1)
        before += block["lines"]
    return None


def _raw_lines(spark: SparkSession, file: str, encoding: Encoding) -> DataFrame:
    """(block: its offset in the file, id: ascending by one within it, line: bytes)."""
    reader = spark.read
    if encoding.is_wide:
        reader = reader.option("encoding", encoding.java).option("lineSep", "\n")
    return reader.text(file).select(
        F.col("_metadata.file_block_start").alias("block"),
        F.monotonically_increasing_id().alias("id"),
        F.col("value").cast("binary").alias("line"),
    )


def _looked_at(batches: Iterable[pa.RecordBatch], *, codec: str) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        table = pa.Table.from_batches([batch])
        for block in table["block"].unique():
            own = table.filter(pa.compute.equal(table["block"], block))
            ids = own["id"]
            bad = next(
                (
                    number
                    for number, line in zip(ids, own["line"], strict=True)
                    if not _decodes(line.as_py(), codec)
                ),
                pa.scalar(None, pa.int64()),
            )
            row = {"block": [block.as_py()], "lines": [len(ids)], "first": [ids[0].as_py()]}
            yield pa.RecordBatch.from_pydict(
                {name: pa.array(value, pa.int64()) for name, value in row.items()}
                | {"bad": pa.array([bad.as_py()], pa.int64())}
            )


def _decodes(line: bytes, codec: str) -> bool:
    try:
        line.decode(codec)
    except UnicodeDecodeError:
        return False
    return True
