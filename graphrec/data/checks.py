"""Checks of a frame before any work is done on it."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql.types import NumericType

from graphrec.errors import ColumnError


def require_columns(df: DataFrame, *names: str, of: str) -> None:
    """Check that a frame has the named columns.

    Args:
        df: the frame.
        names: the columns it must have, each once.
        of: what the frame is called in the message, such as "the test frame".

    Raises:
        ColumnError: a column is missing, or there more than once.
    """
    for name in names:
        if df.columns.count(name) != 1:
            raise ColumnError(
                f"{of} must have the column '{name}' once",
                found=", ".join(df.columns),
                fix="rename the column, or name it in the call",
            )


def require_free(df: DataFrame, name: str, *, fix: str) -> None:
    """Check that a column may be added to a frame.

    Args:
        df: the frame.
        name: of the new column.
        fix: what else can be done than to drop or rename the one that is there.

    Raises:
        ColumnError: the frame has a column of this name; in other letters, if Spark does not tell
            them apart.
    """
    told_apart = df.sparkSession.conf.get("spark.sql.caseSensitive", "false") == "true"
    for known in df.columns:
        if known == name or (not told_apart and known.lower() == name.lower()):
            raise ColumnError(
                f"column {known} already exists",
                found=", ".join(df.columns),
                fix=f"drop or rename it, or {fix}",
            )


def require_same_ids(one: DataFrame, other: DataFrame, *names: str) -> None:
    """Check that two frames spell the ids of the named columns alike, both as numbers or not.

    Spark would cast text to numbers to compare them, so that "007" is 7, and fail on "u7".

    Raises:
        ColumnError: a column holds numbers in one frame and not in the other.
    """
    for name in names:
        kinds = [frame.schema[name].dataType for frame in (one, other)]
        if isinstance(kinds[0], NumericType) != isinstance(kinds[1], NumericType):
            raise ColumnError(
                f"'{name}' must be of one type in both frames",
                found=" and ".join(kind.simpleString() for kind in kinds),
                fix="cast one of the two",
            )
