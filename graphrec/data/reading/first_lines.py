"""The first lines of a text file, and the encoding they show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from graphrec.data.reading.encodings import NAME_IT, Encoding, marked
from graphrec.data.reading.file_names import name_of_pattern
from graphrec.data.reading.undecodable import BYTES, not_text
from graphrec.errors import UnreadableInputError

# What other files than text begin with.
_KINDS: Final = (
    (b"\x1f\x8b", "compressed by gzip", "give it a name that ends in .gz"),
    (b"BZh", "compressed by bzip2", "give it a name that ends in .bz2"),
    (b"PK\x03\x04", "a zip archive or a spreadsheet", "unpack it, or save it as CSV"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", "unpack it"),
    (b"\xfd7zXZ\x00", "compressed by xz", "unpack it"),
    (b"PAR1", "a Parquet file", "give it a name that ends in .parquet"),
)


@dataclass(frozen=True)
class FirstLines:
    """At most two lines that are not blank, and the encoding they are in."""

    lines: tuple[str, ...]
    encoding: Encoding


def first_lines(spark: SparkSession, file: str, encoding: Encoding) -> FirstLines:
    """Read the first two lines of a text file.

    Args:
        spark: the session to read with.
        file: as Spark takes it.
        encoding: where there is no byte-order mark.

    Raises:
        UnreadableInputError: the file is no text, or of another encoding.
    """
    data = [line.encode(BYTES) for line in _lines(spark, file, BYTES)]
    if not data:
        return FirstLines((), encoding)
    encoding = _recognised(file, data[0], encoding)
    if encoding.is_wide:
        lines = [line.removeprefix("\ufeff") for line in _lines(spark, file, encoding.java)]
    else:
        try:
            lines = [encoding.decoded(line) for line in data]
        except UnicodeDecodeError as error:
            raise not_text(spark, file, encoding) from error
    return FirstLines(tuple(lines), encoding)


def _recognised(file: str, data: bytes, encoding: Encoding) -> Encoding:
    for magic, kind, fix in _KINDS:
        if data.startswith(magic):
            raise UnreadableInputError(
                f"{name_of_pattern(file)} is not text", found=f"it is {kind}", fix=fix
            )
    by_mark = marked(data)
    if by_mark is not None:
        return by_mark
    if b"\0" in data and not encoding.is_wide:
        raise UnreadableInputError(
            f"{name_of_pattern(file)} is not text in {encoding.codec.upper()}",
            found="zero bytes in its first line, as UTF-16 has them",
            fix=NAME_IT,
        )
    return encoding


def lines_of(spark: SparkSession, path: str, charset: str, *partitions: str) -> DataFrame:
    """The lines of text files, whole and with a byte-order mark if there is one.

    Spark's reader of lines would leave the mark out, and looks for the bytes of UTF-8's line
    feed; the one of CSV does neither where a record may have several lines. No character of a
    text file is a quote or a delimiter here.

    Args:
        spark: the session to read with.
        path: as Spark takes it.
        charset: Java's name of the encoding.
        *partitions: columns that the names of directories hold.

    Returns:
        (line: string, the partitions: string).
    """
    columns = [T.StructField(name, T.StringType()) for name in ("line", *partitions)]
    return spark.read.csv(
        path,
        schema=T.StructType(columns),
        encoding=charset,
        multiLine=True,
        quote="\uffff",
        escape="\uffff",
        sep="\ufffe",
        ignoreLeadingWhiteSpace=False,
        ignoreTrailingWhiteSpace=False,
    )


def _lines(spark: SparkSession, file: str, charset: str) -> list[str]:
    """Two lines that are not blank."""
    rows = lines_of(spark, file, charset).where("trim(line) != ''").select("line").head(2)
    return [row["line"] for row in rows]
