"""The encoding of a text file: a byte-order mark, `--encoding`, or UTF-8, in this order.

Which of them holds for a file is decided when it is opened (`graphrec.data.reading.first_lines`).
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Final

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from graphrec.errors import ParameterError

# What Spark reads without further ado, and what Java calls otherwise than Python.
_NAMES_IN_JAVA: Final = {
    "ascii": "US-ASCII",
    "iso8859-1": "ISO-8859-1",
    "mac-roman": "x-MacRoman",
    "utf-16": "UTF-16LE",  # without a mark: what Windows and Python write
    "utf-16-be": "UTF-16BE",
    "utf-16-le": "UTF-16LE",
    "utf-32": "UTF-32LE",
    "utf-32-be": "UTF-32BE",
    "utf-32-le": "UTF-32LE",
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
}
_WIDE: Final = {"UTF-16LE": "utf-16-le", "UTF-16BE": "utf-16-be"} | {
    "UTF-32LE": "utf-32-le",
    "UTF-32BE": "utf-32-be",
}
_LINES: Final = (
    "\n\r\t ,;|\"'0aA{}[]:"  # the characters that lines and their values are recognised by
)
_EXAMPLES: Final = "latin-1, cp1252, utf-16 ..."
NAME_IT: Final = f"name its encoding by --encoding ({_EXAMPLES})"

# Longer marks first: that of UTF-32 begins with that of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "UTF-32LE"),
    (codecs.BOM_UTF32_BE, "UTF-32BE"),
    (codecs.BOM_UTF8, "UTF-8"),
    (codecs.BOM_UTF16_LE, "UTF-16LE"),
    (codecs.BOM_UTF16_BE, "UTF-16BE"),
)


@dataclass(frozen=True)
class Encoding:
    """A way to write text as bytes.

    Attributes:
        java: its name in Java, and so in Spark.
        codec: its name in Python.
    """

    java: str
    codec: str

    @property
    def is_utf8(self) -> bool:
        """Whether it is UTF-8, which Spark takes all text for."""
        return self.java == "UTF-8"

    @property
    def is_wide(self) -> bool:
        """Whether a line feed takes more than one byte."""
        return self.java in _WIDE

    def decoded(self, data: bytes) -> str:
        """The text that bytes stand for, without a byte-order mark.

        Raises:
            UnicodeDecodeError: they are not text in this encoding.
        """
        return data.decode(self.codec).removeprefix("\ufeff")


UTF8: Final = Encoding("UTF-8", "utf-8")


def marked(data: bytes) -> Encoding | None:
    """The encoding of the byte-order mark, if the bytes begin with one."""
    for mark, java in _MARKS:
        if data.startswith(mark):
            return Encoding(java, _WIDE.get(java, "utf-8"))
    return None


def find_encoding(spark: SparkSession, name: str | None) -> Encoding:
    """The encoding of a name; None is UTF-8.

    Encodings other than ASCII, Latin-1 and the forms of Unicode are Java's, which Spark only
    takes where `spark.sql.legacy.javaCharsets` is true: that is set in the session then.

    Raises:
        ParameterError: Python or Java does not know it, or it writes the ends of lines otherwise
            than ASCII, as EBCDIC does: Spark would look for the wrong bytes.
    """
    if name is None:
        return UTF8
    try:
        codec = codecs.lookup(name.strip()).name
    except LookupError:
        raise _unknown(name) from None
    java = _NAMES_IN_JAVA.get(codec)
    if java is not None:
        return Encoding(java, _WIDE.get(java, "utf-8" if java == "UTF-8" else codec))
    spark.conf.set("spark.sql.legacy.javaCharsets", "true")
    try:
        spark.range(1).select(F.encode(F.lit("a"), codec)).head()
    except Exception:  # of several classes, by the kind of session
        raise _unknown(name) from None
    if _LINES.encode(codec) != _LINES.encode():
        raise ParameterError(
            f"files in {name!r} are not read: their lines do not end as those of ASCII",
            fix="convert them to UTF-8",
        )
    return Encoding(codec, codec)


def _unknown(name: str) -> ParameterError:
    return ParameterError(f"no encoding {name!r} is known", fix=f"give one such as {_EXAMPLES}")
