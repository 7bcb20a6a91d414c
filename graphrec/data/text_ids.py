"""Ids that were read from text, where "1" may be a number or a name.

In Parquet and JSON an id has a type, and keeps it. CSV and TSV have no types, and an analyst
expects userId 1, not "1". The rule: **an id column read from text becomes long if every accepted
id in it is a plain integer; otherwise all of its ids stay strings.** Plain means written as
Python would write it (no leading zero, no plus sign, no blank) in at most 18 digits, so that the
number gives back the same text. No id is changed and no row is lost by it. It is decided
while the rows are counted, so it takes no further pass over the data.
"""

from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import types as T

PLAIN_INTEGER: Final = r"^(0|-?[1-9][0-9]{0,17})$"

_UNTYPED: Final = {"graphrec.untyped": True}


def untyped(name: str) -> T.StructField:
    """A string column that comes from a file without types; the mark travels with the column."""
    return T.StructField(name, T.StringType(), nullable=True, metadata=_UNTYPED)


def is_untyped(df: DataFrame, name: str) -> bool:
    """Whether this column of `df` comes, as it is, from a file without types."""
    field = df.schema[name]
    return isinstance(field.dataType, T.StringType) and field.metadata.items() >= _UNTYPED.items()


def is_plain_integer(column: Column) -> Column:
    """True where the text is an integer that a long gives back unchanged."""
    return column.rlike(PLAIN_INTEGER)
