"""Checks of a frame before any work is done on it."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.data.column_types import finite_number, is_missing, quoted
from graphrec.data.frames import named_alike, require_frame
from graphrec.data.id_types import comparable
from graphrec.errors import ColumnError, ParameterError


def require_columns(df: DataFrame, *names: str, of: str) -> None:
    """Check that a frame has the named columns.

    Args:
        df: the frame.
        names: the columns it must have, each once.
        of: what the frame is called in the message, such as "the test frame".

    Raises:
        ParameterError: it is no DataFrame, or a stream.
        ColumnError: a column is missing, or there more than once.
    """
    require_frame(df, of)
    for name in names:
        if named_alike(df.columns, name) != [name]:
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
        fix: what can be done besides dropping or renaming the existing one.

    Raises:
        ColumnError: the frame has a column of this name; in upper or lower case, if Spark does
            not distinguish them.
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
    """Check that two frames have ids of one kind in the named columns, see `data.id_types`.

    Raises:
        ColumnError: a column is of types whose values Spark would have to cast to compare them.
    """
    for name in names:
        kinds = [frame.schema[name].dataType for frame in (one, other)]
        if not comparable(*kinds):
            raise ColumnError(
                f"'{name}' must be of one type in both frames",
                found=" and ".join(kind.simpleString() for kind in kinds),
                fix="cast one of the two",
            )


def number_within(df: DataFrame, name: str, least: float, most: float, *, of: str) -> Column:
    """A column as numbers, null where it is missing, after a look at all of them.

    Args:
        df: the frame.
        name: the column, of numbers or of text.
        least: the least number that is allowed.
        most: the greatest one.
        of: what the frame is called in the message.

    Raises:
        ParameterError: a value is out of the range, or no number.
        ColumnError: the column is missing, or of a type that cannot hold numbers.
    """
    require_columns(df, name, of=of)
    kind = df.schema[name].dataType
    if not isinstance(kind, (T.StringType, T.NumericType)):
        raise ColumnError(
            f"the column {name!r} of {of} cannot hold numbers", found=kind.simpleString()
        )
    number = finite_number(quoted(name), kind)
    is_right = F.coalesce(number.between(least, most), F.lit(False))
    wrong = df.where(~is_missing(quoted(name), kind) & ~is_right).first()
    if wrong is not None:
        raise ParameterError(
            f"the column {name!r} of {of} must have numbers within {least:g} and {most:g}",
            found=repr(wrong[name]),
            fix="correct the value, or leave it out",
        )
    return number
