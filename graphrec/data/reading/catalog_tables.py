"""Tables of the session's catalog, and queries of it, where a path could stand."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from graphrec.data.reading.catalog_names import QUERY, TABLE
from graphrec.errors import UnreadableInputError


def read_from_catalog(spark: SparkSession, path: str) -> DataFrame:
    """The rows of a table or a view, whatever its format, or those of a query.

    Args:
        spark: the session whose catalog has it.
        path: `table:NAME`, with the catalog and the database before the name where they are others
            than the session's; or `sql:SELECT ...`.

    Raises:
        UnreadableInputError: there is no such table, no such query, or it has no rows.
    """
    if path.startswith(QUERY):
        query = path.removeprefix(QUERY).rstrip("; \n")
        # in parentheses only a query is one: a statement that changes anything is refused
        return _read("the query", lambda: spark.sql(f"SELECT * FROM (\n{query}\n)"))
    name = path.removeprefix(TABLE)
    if not name.strip():
        raise UnreadableInputError(f"{path} names no table", fix="write table:shop.ratings")
    return _read(f"the table {name}", lambda: spark.table(name))


def _read(what: str, read: Callable[[], DataFrame]) -> DataFrame:
    try:
        table = read()
        empty = table.isEmpty()
    except PySparkException as error:
        if error.getCondition() != "TABLE_OR_VIEW_NOT_FOUND":
            found = str(error).strip().partition("\n")[0]
            raise UnreadableInputError(f"{what} cannot be read", found=found) from error
        raise UnreadableInputError(
            f"the catalog has no table {_missing(error) or what.removeprefix('the table ')}",
            fix="name its database too, as in table:shop.ratings, and submit with the catalog's "
            "settings",
        ) from error
    if empty:
        raise UnreadableInputError(f"{what} has no rows")
    return table


def _missing(error: PySparkException) -> str | None:
    """The name of the table that there is not."""
    return (error.getMessageParameters() or {}).get("relationName", "").replace("`", "") or None
