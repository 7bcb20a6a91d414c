"""Checks of a frame before any work is done on it."""

from __future__ import annotations

from pyspark.sql import DataFrame

from graphrec.data.frames import named_alike, require_frame
from graphrec.data.id_types import comparable
from graphrec.errors import ColumnError


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
