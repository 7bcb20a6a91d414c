"""What names a table or a query where a path could stand: `table:shop.ratings`, `sql:SELECT ...`.

It needs no Spark.
"""

from __future__ import annotations

from typing import Final

TABLE: Final = "table:"
QUERY: Final = "sql:"


def is_of_catalog(path: str) -> bool:
    """Whether what is given is of the session's catalog, and names no files."""
    return path.startswith((TABLE, QUERY))
