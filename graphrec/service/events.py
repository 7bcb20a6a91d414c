"""The events of users, kept on disk before anybody is told so: SQLite in WAL mode.

Each process has one thread that writes. It takes all events that wait, however many requests they
came with, and writes them in one transaction that ends with one `fsync` (group commit). Readers
see what is committed, of all processes, and wait for nobody.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graphrec.data.event_names import CONSUMED, DISLIKE, IMPRESSION, RATING
from graphrec.errors import UnreadableInputError

_MAX_BATCH: Final = 10_000  # events of a transaction
_MAX_READ: Final = 10_000  # latest events of a user that are read
_BUSY_MS: Final = 10_000  # to wait for the transaction of another process
_EXPORTED: Final = 50_000  # rows that are written to Parquet at a time

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    user TEXT NOT NULL,
    item TEXT NOT NULL,
    time REAL NOT NULL,
    kind TEXT NOT NULL,
    value REAL,
    position INTEGER,
    experiment TEXT,
    arm TEXT,
    propensity REAL
);
CREATE INDEX IF NOT EXISTS events_of_users ON events (user, seq) WHERE kind != 'impression';
CREATE UNIQUE INDEX IF NOT EXISTS events_once ON events (id, COALESCE(experiment, ''));
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT OR IGNORE INTO facts VALUES ('generation', '0'), ('model', '');
"""
_INSERT: Final = "INSERT OR IGNORE INTO events VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True)
class Event:
    """One event; what a table of events has as its columns."""

    user: str
    item: str
    time: float  # seconds since 1970-01-01 UTC
    kind: str  # click, view, purchase, rating, impression or dislike
    value: float | None = None  # a rating, a price, a number of seconds
    position: int | None = None  # in the list that was shown, from 1
    experiment: str | None = None
    arm: str | None = None
    propensity: float | None = None  # probability with which the item was shown there
    id: str | None = None  # of each experiment, the same is stored once; None: one of its own


class Earned(NamedTuple):
    """What an item has earned in some events."""

    item: str
    impressions: int
    clicks: int


def impressions(
    user: str, arms: Mapping[str, str], listed: Iterable[Mapping[str, Any]]
) -> Iterator[Event]:
    """That a user was shown a list: for each item an event of each experiment, of the same id.

    Args:
        user: who.
        arms: the user's arm in each experiment; none: one event for each item.
        listed: rows with item, rank and propensity.
    """
    now = time.time()
    for row in listed:
        shown = uuid.uuid4().hex
        for experiment, arm in arms.items() or [(None, None)]:
            yield Event(
                user=user,
                item=str(row["item"]),
                time=now,
                kind=IMPRESSION,
                position=row["rank"],
                experiment=experiment,
                arm=arm,
                propensity=row["propensity"],
                id=shown,
            )


class EventStore:
    """Events in one file, which several processes may have open."""

    def __init__(self, path: str | Path) -> None:
        """Open the file, or make it.

        Raises:
            UnreadableInputError: it is no store of events, or cannot be written to.
        """
        self.path = Path(path)
        self._local = threading.local()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = self._connect()
            connection.executescript(_SCHEMA)
            connection.close()
        except (sqlite3.Error, OSError) as error:
            raise UnreadableInputError(
                f"the events at {path} cannot be kept",
                found=str(error),
                fix="name a file in a folder that can be written to",
            ) from error
        self._waiting: queue.SimpleQueue[tuple[list[tuple[Any, ...]], Future[int]] | None] = (
            queue.SimpleQueue()
        )
        self._writer = threading.Thread(target=self._write, name="events", daemon=True)
        self._writer.start()

    def add(self, events: Iterable[Event]) -> Future[int]:
        """Store events.

        Returns:
            how many of them are new; it is there as soon as they are on disk, and raises
            sqlite3.Error if they could not be written.
        """
        rows = [(one.id or uuid.uuid4().hex, *astuple(one)[:-1]) for one in events]
        stored: Future[int] = Future()
        self._waiting.put((rows, stored))
        return stored

    def of_user(self, user: str) -> list[Event]:
        """The latest events of a user, oldest first, but for impressions, which are the most."""
        rows = self._reader.execute(
            "SELECT user, item, time, kind, value FROM events"
            " WHERE user = ? AND kind != 'impression' ORDER BY seq DESC LIMIT ?",
            (user, _MAX_READ),
        ).fetchall()
        return [Event(*row) for row in reversed(rows)]

    def count(self) -> int:
        """How many events there are; quick, because none is ever deleted."""
        return int(self._reader.execute("SELECT COALESCE(MAX(seq), 0) FROM events").fetchone()[0])

    def earned(self, after: int, until: int) -> list[Earned]:
        """Impressions and clicks by item, of the events `after` < number <= `until`.

        What was shown under several experiments was shown once.
        """
        rows = self._reader.execute(
            "SELECT item, COUNT(DISTINCT id) FILTER (WHERE kind = 'impression'),"
            " COUNT(DISTINCT id) FILTER (WHERE kind = 'click')"
            " FROM events WHERE seq > ? AND seq <= ? GROUP BY item",
            (after, until),
        )
        return [Earned(*row) for row in rows]

    @property
    def taken(self) -> tuple[int, str]:
        """How often a new model has been taken, by any process, and the directory of the last."""
        rows = self._reader.execute("SELECT name, value FROM facts").fetchall()
        facts = dict(rows)
        return int(facts["generation"]), str(facts["model"])

    def announce(self, model: Path) -> None:
        """Let the other processes know that a new model has been taken."""
        connection = self._connect()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE facts SET value = ? WHERE name = 'model'", (str(model),))
        connection.execute(
            "UPDATE facts SET value = CAST(value AS INTEGER) + 1 WHERE name = 'generation'"
        )
        connection.execute("COMMIT")
        connection.close()

    def close(self) -> None:
        """Write what waits, and end."""
        self._waiting.put(None)
        self._writer.join()

    @property
    def _reader(self) -> sqlite3.Connection:
        """The connection of this thread."""
        if not hasattr(self._local, "connection"):
            self._local.connection = self._connect()
        connection: sqlite3.Connection = self._local.connection
        return connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_BUSY_MS / 1000, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # WAL's own default loses the latest
        return connection

    def _write(self) -> None:
        connection = self._connect()
        while (first := self._waiting.get()) is not None:
            batch, ends = [first], False
            while sum(len(rows) for rows, _ in batch) < _MAX_BATCH and not self._waiting.empty():
                following = self._waiting.get()
                if following is None:
                    ends = True
                    break
                batch.append(following)
            self._commit(connection, batch)
            if ends:
                break
        connection.close()

    @staticmethod
    def _commit(
        connection: sqlite3.Connection, batch: Sequence[tuple[list[tuple[Any, ...]], Future[int]]]
    ) -> None:
        """All of a batch, or nothing."""
        try:
            connection.execute("BEGIN IMMEDIATE")
            new = []
            for rows, _ in batch:
                before = connection.total_changes
                connection.executemany(_INSERT, rows)
                new.append(connection.total_changes - before)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            for _, stored in batch:
                stored.set_exception(error)
            return
        for (_, stored), number in zip(batch, new, strict=True):
            stored.set_result(number)


def export_events(
    store: str | Path,
    out: str | Path,
    columns: dict[str, str | None],
    *,
    whole_ids: dict[str, bool],
    unrated: float | None = None,
) -> tuple[int, int]:
    """Write the events of a store as Parquet.

    Args:
        store: its file.
        out: a folder; `events.parquet` has all columns of all events, `interactions.parquet` what
            a history is made of, with the model's own names, as `graphrec recommend` reads it.
        columns: the model's names of user, item, rating and timestamp, None where there is none.
        whole_ids: for user and item whether the model's ids are whole numbers.
        unrated: the rating of what was consumed and not rated, where the model's ratings are a
            scale; None: all values are weights, and count 1 where there is none.

    Returns:
        the number of events and of interactions.

    Raises:
        UnreadableInputError: there is no store of events.
    """
    if not Path(store).is_file():
        raise UnreadableInputError(f"there are no events at {store}")
    Path(out).mkdir(parents=True, exist_ok=True)
    kinds = {role: pa.int64() if whole else pa.string() for role, whole in whole_ids.items()}
    every = pa.schema(
        {
            "user": kinds["user"],
            "item": kinds["item"],
            "time": pa.float64(),
            "kind": pa.string(),
            "value": pa.float64(),
            "position": pa.int64(),
            "experiment": pa.string(),
            "arm": pa.string(),
            "propensity": pa.float64(),
            "id": pa.string(),
        }
    )
    used = {
        role: columns[name]
        for role, name in (
            ("user", "user"),
            ("item", "item"),
            ("value", "rating"),
            ("time", "timestamp"),
        )
        if columns[name]
    }
    read = pa.schema([(name, every.field(role).type) for role, name in used.items()])
    events = interactions = 0
    with (
        pq.ParquetWriter(Path(out) / "events.parquet", every) as all_file,
        pq.ParquetWriter(Path(out) / "interactions.parquet", read) as read_file,
    ):
        for rows in _blocks(Path(store), every.names):
            table = _table(rows, every, whole_ids)
            all_file.write_table(table)
            kinds_read = (*CONSUMED, DISLIKE) if "value" in used else CONSUMED
            consumed = table.filter(pc.is_in(table["kind"], pa.array(kinds_read)))
            if "value" in used:
                value = _ratings(consumed, unrated)
                consumed = consumed.set_column(every.names.index("value"), "value", value)
            read_file.write_table(consumed.select(list(used)).rename_columns(read.names))
            events, interactions = events + table.num_rows, interactions + consumed.num_rows
    return events, interactions


def _ratings(consumed: pa.Table, unrated: float | None) -> pa.ChunkedArray:
    """What each event says as a rating or a weight; a dislike is below 0."""
    kind, value = consumed["kind"], consumed["value"]
    if unrated is not None:  # a price or a number of seconds is no rating
        value = pc.if_else(pc.equal(kind, RATING), value, pa.scalar(None, pa.float64()))
    value = pc.fill_null(value, 1.0 if unrated is None else unrated)
    return pc.if_else(pc.equal(kind, DISLIKE), -1.0, value)


def _blocks(store: Path, names: Sequence[str]) -> Iterator[list[tuple[Any, ...]]]:
    """The events in the order in which they were stored, some at a time."""
    connection = sqlite3.connect(store)
    try:
        cursor = connection.execute(f"SELECT {', '.join(names)} FROM events ORDER BY seq")
        while rows := cursor.fetchmany(_EXPORTED):
            yield rows
    except sqlite3.Error as error:
        raise UnreadableInputError(
            f"the events at {store} cannot be read", found=str(error)
        ) from error
    finally:
        connection.close()


def _table(rows: list[tuple[Any, ...]], schema: pa.Schema, whole_ids: dict[str, bool]) -> pa.Table:
    columns = dict(zip(schema.names, map(list, zip(*rows, strict=True)), strict=True))
    for role, whole in whole_ids.items():
        if whole:
            columns[role] = [int(value) for value in columns[role]]
    return pa.table(columns, schema)
