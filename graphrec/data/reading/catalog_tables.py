"""Tables of the session's catalog, where a path could stand: `table:shop.ratings`."""

from __future__ import annotations

from typing import Final

from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import DataFrame, SparkSession

from graphrec.errors import UnreadableInputError

TABLE: Final = "table:"


def is_catalog_table(path: str) -> bool:
    """Whether what is given names a table, and no files."""
    return path.startswith(TABLE)


def read_catalog_table(spark: SparkSession, path: str) -> DataFrame:
    """The rows of a table or a view, whatever its format: Parquet, Delta, Iceberg, Hive ...

    Args:
        spark: the session whose catalog has it.
        path: `table:NAME`, with the catalog and the database before the name where they are others
            than the session's.

    Raises:
        UnreadableInputError: there is no such table, or it has no rows.
    """
    name = path.removeprefix(TABLE)
    if not name.strip():
        raise UnreadableInputError(f"{path} names no table", fix="write table:shop.ratings")
    try:
        table = spark.table(name)
        empty = table.isEmpty()
    except AnalysisException as error:
        if error.getCondition() != "TABLE_OR_VIEW_NOT_FOUND":
            raise _cannot_be_read(name, error) from error
        raise UnreadableInputError(
            f"the catalog has no table {name}",
            fix="name its database too, as in table:shop.ratings, and submit with the catalog's "
            "settings",
        ) from error
    except PySparkException as error:
        raise _cannot_be_read(name, error) from error
    if empty:
        raise UnreadableInputError(f"the table {name} has no rows")
    return table


def _cannot_be_read(name: str, error: PySparkException) -> UnreadableInputError:
    found = str(error).strip().partition("\n")[0]
    return UnreadableInputError(f"the table {name} cannot be read", found=found)
