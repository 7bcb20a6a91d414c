"""Where lists go beside the folder of the result: Redis, or a table of Spark's catalog."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from graphrec.data.column_types import quoted
from graphrec.data.reading.catalog_tables import TABLE
from graphrec.errors import ParameterError, UnreachableError
from graphrec.progress import stage
from graphrec.serving.redis_lists import RedisLists

SENDING: Final = "lists sent"  # a stage
_SCHEMES: Final = ("redis://", "rediss://", "unix://")


class Destination(Protocol):
    """Something that takes lists."""

    @property
    def shown(self) -> str:
        """What it is, for records and messages."""

    def check(self) -> None:
        """Raise a GraphrecError if it cannot be written to, before anything is computed."""

    def send(self, lists: DataFrame, user: str) -> int:
        """Write lists, and give the number of users."""


@dataclass(frozen=True)
class CatalogTable:
    """A table of Spark's catalog, which each run writes anew."""

    spark: SparkSession
    name: str

    @property
    def shown(self) -> str:
        """As it was given."""
        return f"{TABLE}{self.name}"

    def check(self) -> None:
        """Whether the name can be one.

        Raises:
            UnreachableError: the catalog does not take it.
        """
        try:
            self.spark.catalog.tableExists(self.name)
        except PySparkException as error:
            raise self._unreachable(error) from error

    def send(self, lists: DataFrame, user: str) -> int:
        """Write the rows; readers see the old ones or the new ones, as the catalog has it."""
        try:
            lists.write.mode("overwrite").saveAsTable(self.name)
            return self.spark.table(self.name).select(quoted(user)).distinct().count()
        except PySparkException as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: PySparkException) -> UnreachableError:
        return UnreachableError(
            f"the table {self.name} cannot be written",
            found=str(error).partition("\n")[0],
            fix="name a table of the session's catalog, as in table:shop.lists",
        )


def destination(spark: SparkSession, text: str | None) -> Destination | None:
    """What an option names, known to be there; None where it is not given.

    Raises:
        ParameterError: it is of another form.
        GraphrecError: it cannot be written to.
    """
    if text is None:
        return None
    found: Destination
    if text.startswith(_SCHEMES):
        found = RedisLists.parse(text)
    elif text.startswith(TABLE):
        found = CatalogTable(spark, text.removeprefix(TABLE))
    else:
        raise ParameterError(
            "--to is the address of a Redis server, or a table of Spark's catalog",
            found=text.rpartition("@")[2],
            fix="write redis://HOST:6379/0 or table:NAME",
        )
    found.check()
    return found


def sent(to: Destination | None, lists: DataFrame, user: str) -> dict[str, Any]:
    """Send lists, and give what `_run.json` has of it; nothing where they go nowhere."""
    if to is None:
        return {}
    with stage(SENDING) as counts:
        users = to.send(lists, user)
        counts.update(users=users)
    return {"sent": {"to": to.shown, "users": users}}


def recorded(to: Destination | None) -> dict[str, str]:
    """The option as `_run.json` has it: without a password."""
    return {} if to is None else {"to": to.shown}
