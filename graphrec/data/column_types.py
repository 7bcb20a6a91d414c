"""Columns by their types: which cells are empty, and which are numbers.

Everything here is safe under Spark's ANSI mode: what cannot be read is null, never an error.
"""

from typing import Final

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

NUMBER: Final = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"


def is_missing(column: Column, kind: T.DataType) -> Column:
    """True for null and, in a string column, for text without a visible character."""
    if isinstance(kind, T.StringType):
        column = column.cast("string")  # without a collation: not all of them know rlike
        return column.isNull() | ~column.rlike(r"\S")
    return column.isNull()


def finite_number(column: Column, kind: T.DataType) -> Column:
    """The cell as a finite double; null where it is none.

    Text must be a plain decimal number: Spark's own cast would also take "NaN", "Infinity", and
    Java's "1d" and "2f".

    Args:
        column: a column of numbers or strings.
        kind: its type.
    """
    if isinstance(kind, T.StringType):
        column = column.cast("string")  # without a collation
        column = F.when(column.rlike(NUMBER), column)
    value = column.try_cast("double")
    return F.when(F.abs(value) < float("inf"), value)  # NaN is larger than every other value


def quoted(name: str) -> Column:
    """The column of this very name, also where it has dots or blanks in it."""
    return F.col(quoted_name(name))


def quoted_name(name: str) -> str:
    """The name as SQL has it."""
    return "`" + name.replace("`", "``") + "`"
