"""Where lists go beside the folder of the result: Redis, or a table of Spark's catalog."""

from __future__ import annotations

from typing import Any, Final, Protocol

from pyspark.sql import DataFrame, SparkSession

from graphrec.cli.io.list_tables import ListTable
from graphrec.cli.options import WriteMode
from graphrec.data.reading.catalog_names import TABLE
from graphrec.errors import ParameterError
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


def destination(
    spark: SparkSession, text: str | None, mode: WriteMode | None = None
) -> Destination | None:
    """What an option names, known to be there; None where it is not given.

    Args:
        spark: the session whose catalog may have it.
        text: the option.
        mode: what becomes of what a table has; None: it is overwritten.

    Raises:
        ParameterError: it is of another form.
        GraphrecError: it cannot be written to.
    """
    if mode is not None and (text is None or not text.startswith(TABLE)):
        raise ParameterError("--mode is about a table", fix="give one, as in --to table:shop.lists")
    if text is None:
        return None
    found: Destination
    if text.startswith(_SCHEMES):
        found = RedisLists.parse(text)
    elif text.startswith(TABLE):
        found = ListTable(spark, text.removeprefix(TABLE), mode or WriteMode.OVERWRITE)
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
