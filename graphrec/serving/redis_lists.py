"""Lists in Redis, one key for each user: for those who look lists up and nothing else.

The tasks of Spark write, each what it has, in pipelines; nothing passes through the driver.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit, urlunsplit

import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import RANK
from graphrec.data.column_types import quoted
from graphrec.errors import ParameterError, UnreachableError
from graphrec.spark.extras import REDIS, require_extras

if TYPE_CHECKING:
    import redis

_KEY, _LIST, _SENT = "key", "list", "sent"
_PIPELINE: Final = 1000  # keys that are sent at a time
_TIMEOUT: Final = 10.0  # seconds
_RETRIES: Final = 3
_PREFIX: Final = "graphrec:"
_FORM: Final = "redis://HOST:6379/0?prefix=lists:&ttl=86400"
_MAX_TTL: Final = 10 * 366 * 86400


@dataclass(frozen=True)
class RedisLists:
    """Where lists go.

    Attributes:
        url: of the server and its database, as redis-py reads it.
        prefix: what the keys begin with; the user's id follows.
        ttl: seconds after which a list is forgotten that was not written again; None: never.
    """

    url: str
    prefix: str = _PREFIX
    ttl: int | None = None

    @staticmethod
    def parse(text: str) -> RedisLists:
        """From an address such as redis://HOST:6379/0?prefix=lists:&ttl=86400.

        Raises:
            ParameterError: it is of another form.
        """
        try:
            parts = urlsplit(text)
            given = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
            _ = parts.port
        except ValueError as error:
            raise ParameterError(
                "the address of a Redis server cannot be read", found=str(error), fix=_FORM
            ) from error
        options = {name: values[-1] for name, values in given.items()}
        lists = RedisLists(urlunsplit(parts._replace(query="")))
        if "prefix" in options:
            lists = replace(lists, prefix=options.pop("prefix"))
        if "ttl" in options:
            lists = replace(lists, ttl=_seconds(options.pop("ttl")))
        if options or not (parts.hostname or parts.scheme == "unix"):
            raise ParameterError(
                "the address of a Redis server cannot be read",
                found=", ".join(options) or "no host",
                fix=f"write it as in {_FORM}",
            )
        return lists

    @property
    def shown(self) -> str:
        """The address without a password, for records and messages."""
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

    def check(self) -> None:
        """Ask the server whether it is there.

        Raises:
            MissingExtraError: the client is not installed.
            UnreachableError: it does not answer, or refuses.
        """
        require_extras("lists in Redis", REDIS)
        import redis  # noqa: PLC0415  an extra

        try:
            with _client(self.url) as client:
                client.ping()
        except redis.RedisError as error:
            raise self._unreachable(str(error)) from error

    def send(self, lists: DataFrame, user: str) -> int:
        """Write each user's list as JSON, [{"rank": 1, ITEM: ..., ...}, ...]; others stay.

        Args:
            lists: a row for each listed item, with a rank.
            user: the column of the users.

        Returns:
            number of users.

        Raises:
            UnreachableError: the server failed; some lists may have been written.
        """
        columns = [quoted(name) for name in lists.columns if name not in (user, RANK)]
        rows = F.collect_list(F.struct(RANK, *columns))
        pairs = (
            lists.groupBy(quoted(user).cast("string").alias(_KEY))
            .agg(F.to_json(F.sort_array(rows)).alias(_LIST))
            .select(F.concat(F.lit(self.prefix), _KEY).alias(_KEY), _LIST)
        )
        write = partial(_write, url=self.url, ttl=self.ttl)
        try:
            [row] = pairs.mapInArrow(write, f"{_SENT} long").agg(F.sum(_SENT)).collect()
        except PySparkException as error:
            causes = [line for line in str(error).splitlines() if "redis.exceptions" in line]
            if not causes:
                raise
            raise self._unreachable(causes[-1].partition(": ")[2]) from error
        return int(row[0] or 0)

    def _unreachable(self, found: str) -> UnreachableError:
        return UnreachableError(
            f"the Redis server at {self.shown} cannot be written to",
            found=found,
            fix="see that it runs, has memory left, and lets this user write",
        )


def _seconds(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= _MAX_TTL:
        raise ParameterError(
            "ttl is a whole number of seconds", found=repr(text), fix=f"write it as in {_FORM}"
        )
    return int(text)


def _client(url: str) -> redis.Redis:
    import redis  # noqa: PLC0415  an extra
    from redis.backoff import ExponentialBackoff  # noqa: PLC0415
    from redis.retry import Retry  # noqa: PLC0415

    return redis.Redis.from_url(
        url,
        socket_timeout=_TIMEOUT,
        socket_connect_timeout=_TIMEOUT,
        retry=Retry(ExponentialBackoff(), _RETRIES),
    )


def _write(
    batches: Iterable[pa.RecordBatch], *, url: str, ttl: int | None
) -> Iterator[pa.RecordBatch]:
    """Write batches of keys and lists, on a worker; a task that is tried again writes the same."""
    with _client(url) as client:
        for batch in batches:
            for begin in range(0, batch.num_rows, _PIPELINE):
                part = batch.slice(begin, _PIPELINE)
                pipeline = client.pipeline(transaction=False)
                for key, value in _pairs(part):
                    pipeline.set(key, value, ex=ttl)
                pipeline.execute()
            yield pa.RecordBatch.from_pydict({_SENT: [batch.num_rows]})


def _pairs(part: pa.RecordBatch) -> Iterator[tuple[Any, Any]]:
    return zip(part[_KEY].to_pylist(), part[_LIST].to_pylist(), strict=True)
