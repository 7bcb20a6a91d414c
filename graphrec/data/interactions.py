"""The contract of interactions: what a row must be, and what becomes of one that is not.

Each row of the input is either accepted or set aside for one reason, and counted. The source is
read once: rows are parsed and judged in one go and kept, and everything else reads what is kept.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Self

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.columns import ITEM, REASON, TIMESTAMP, USER, WEIGHT
from graphrec.data.column_types import finite_number, is_missing, quoted
from graphrec.data.columns_found import MALFORMED_LINE, InteractionColumns, require_column
from graphrec.data.duplicates import DuplicateRule, check_rule, combine_duplicates, decayed
from graphrec.data.reasons import Reason
from graphrec.data.text_ids import is_plain_integer, is_untyped
from graphrec.data.timestamps import DAY_SECONDS, epoch_seconds, written_as_years
from graphrec.data.unreadable import one_line_errors
from graphrec.errors import ColumnError, EmptyInputError, ParameterError

_ROW: Final = "row"  # the input's own columns, kept of the rows that are set aside

_ID: Final = (T.StringType, T.IntegralType)
_RATING: Final = (T.StringType, T.NumericType)
_TIME: Final = (*_RATING, T.TimestampType, T.TimestampNTZType, T.DateType)


@dataclass(frozen=True)
class InteractionFigures:
    """What was read and what became of it.

    Attributes:
        rows_read: rows of the input: accepted_rows + rejected_rows.
        accepted_rows: rows that fulfil the contract, before duplicates are combined.
        interactions: distinct (user, item) among them: the rows of `Interactions.accepted`.
        rejected: rows set aside by reason, in the order of `Reason`; reasons without rows are
            left out.
        latest: the latest accepted time in seconds since 1970-01-01 UTC; None without times.
    """

    rows_read: int
    accepted_rows: int
    interactions: int
    rejected: dict[str, int]
    latest: float | None

    @property
    def rejected_rows(self) -> int:
        """Rows set aside for any reason."""
        return sum(self.rejected.values())


@dataclass(frozen=True)
class Interactions:
    """Interactions that fulfil the contract, and the rows that do not.

    Both frames are kept in memory or on disk until `unpersist`, or until the end of a `with`
    block; after that they still work, and read the source again.

    Attributes:
        accepted: (user, item: the type of the input, or long where `text_ids` says so;
            weight: double; timestamp: double, seconds since 1970-01-01 UTC, null without
            times), one row per (user, item), nothing null but the timestamp.
        rejected: (the input's own columns, reason: string). Where the input has a column
            `reason`, underscores are put before the name of the new one.
        figures: the counts.
    """

    accepted: DataFrame
    rejected: DataFrame
    figures: InteractionFigures
    _kept: tuple[DataFrame, ...] = field(repr=False)

    def unpersist(self) -> None:
        """Free the memory that the frames take."""
        for frame in self._kept:
            frame.unpersist()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unpersist()


def validate_interactions(
    df: DataFrame,
    columns: InteractionColumns,
    *,
    duplicates: DuplicateRule = "last",
    half_life_days: float | None = None,
    now: float | None = None,
) -> Interactions:
    """Take the good rows of a table as interactions, and set the others aside with a reason.

    A row is set aside for the first `Reason` that applies: a line that is no record; an id that
    is null or blank; a rating that is missing, not a finite number, or negative (zero is
    accepted); a timestamp that is missing, unreadable, not after 1970-01-01, or more than a day
    after `now`. Times are read as `timestamps.epoch_seconds` says; a column in which all accepted
    numbers are years (1900 to 2100) or months (190001 to 210012) is refused.

    Args:
        df: any table, such as `read_table` gives; read once.
        columns: its columns, such as `find_columns` gives. Ids are strings or whole numbers.
        duplicates: what several rows of the same user and item become, all with the latest time.
            "last": the weight at the latest time; of several, or without times, the largest.
            "sum", "mean", "max": of all weights.
        half_life_days: age at which an interaction weighs half, counted back from the latest
            accepted time and applied before duplicates are combined:
            weight * 0.5 ** (age / half-life). None: no decay.
        now: seconds since 1970-01-01 UTC, against which times are judged; None: the clock.

    Raises:
        ColumnError: a column is not there, or of a type that its role cannot have, or years in
            place of times.
        UnreadableInputError: a file that `df` reads is damaged.
        ParameterError: an unknown rule, a half-life that is not positive, or one without times.
        EmptyInputError: no row is accepted.
    """
    check_rule(duplicates)
    _check_half_life(half_life_days, columns)
    _check_types(df, columns)
    judged = _judged(df, columns, time.time() if now is None else now)
    judged = judged.persist(StorageLevel.MEMORY_AND_DISK)
    with one_line_errors(df.sparkSession):
        counts = _counted(judged, df, columns)
    if written_as_years(counts.earliest, counts.latest):
        judged.unpersist()
        raise ColumnError(
            f"the column {columns.timestamp!r} holds years or months, not times",
            found=f"{counts.earliest:.0f} to {counts.latest:.0f}",
            fix="give dates (2024-03-10, 20240310) or seconds, or no timestamp (--timestamp '')",
        )
    if not counts.accepted:
        judged.unpersist()
        raise EmptyInputError(
            "no row is a usable interaction",
            found=counts.as_text(),
            fix="see that the right columns are named",
        )
    if duplicates == "last" and columns.rating is None:
        duplicates = "max"  # the latest weighs no less than the others, and this is found sooner
    accepted = combine_duplicates(
        _good(judged, counts, half_life_days), duplicates, timed=columns.timestamp is not None
    )
    accepted = accepted.persist(StorageLevel.MEMORY_AND_DISK)
    return Interactions(
        accepted=accepted,
        rejected=_set_aside(judged, df),
        figures=InteractionFigures(
            rows_read=counts.accepted + sum(counts.rejected.values()),
            accepted_rows=counts.accepted,
            interactions=accepted.count(),
            rejected=counts.rejected,
            latest=counts.latest,
        ),
        _kept=(accepted, judged),
    )


# --- what is asked for ----------------------------------------------------------------------------


def _check_half_life(half_life_days: float | None, columns: InteractionColumns) -> None:
    if half_life_days is None:
        return
    if not (math.isfinite(half_life_days) and half_life_days > 0):
        raise ParameterError(
            "half_life_days must be a positive number of days", found=repr(half_life_days)
        )
    if columns.timestamp is None:
        raise ParameterError(
            "half_life_days needs a timestamp column",
            found="none",
            fix="name it, or drop the decay",
        )


def _check_types(df: DataFrame, columns: InteractionColumns) -> None:
    for role, name, kinds, fix in (
        ("user", columns.user, _ID, "cast it to string or long"),
        ("item", columns.item, _ID, "cast it to string or long"),
        ("rating", columns.rating, _RATING, "give numbers"),
        ("timestamp", columns.timestamp, _TIME, "give seconds, ISO 8601, or Spark timestamps"),
    ):
        if name is None:
            continue
        require_column(df, role, name)
        kind = df.schema[name].dataType
        whole = role in ("user", "item") and isinstance(kind, T.DecimalType) and kind.scale == 0
        if not (isinstance(kind, kinds) or whole):
            raise ColumnError(
                f"the column {name!r} cannot hold the {role}", found=kind.simpleString(), fix=fix
            )


# --- rows -----------------------------------------------------------------------------------------


def _judged(df: DataFrame, columns: InteractionColumns, now: float) -> DataFrame:
    """Input -> (user, item, weight, timestamp, reason or null, row: struct, null if accepted)."""
    parsed = df.select(
        F.struct("*").alias(_ROW),
        # The mark of text ids describes the input's column, not these.
        quoted(columns.user).alias(USER, metadata={}),
        quoted(columns.item).alias(ITEM, metadata={}),
        _weight(df, columns).alias(WEIGHT),
        _seconds(df, columns).alias(TIMESTAMP),
    )
    checks = _checks(df, columns, now)
    reason = F.coalesce(*(F.when(applies, F.lit(str(name))) for name, applies in checks))
    judged = parsed.withColumn(REASON, reason)
    return judged.withColumn(_ROW, F.when(F.col(REASON).isNotNull(), F.col(_ROW)))


def _weight(df: DataFrame, columns: InteractionColumns) -> Column:
    if columns.rating is None:
        return F.lit(1.0)
    return finite_number(quoted(columns.rating), df.schema[columns.rating].dataType)


def _seconds(df: DataFrame, columns: InteractionColumns) -> Column:
    if columns.timestamp is None:
        return F.lit(None).cast("double")
    return epoch_seconds(quoted(columns.timestamp), df.schema[columns.timestamp].dataType)


def _checks(
    df: DataFrame, columns: InteractionColumns, now: float
) -> Iterator[tuple[Reason, Column]]:
    """Each reason and the condition under which it applies, over the parsed columns."""

    def missing(name: str) -> Column:
        return is_missing(F.col(_ROW)[name], df.schema[name].dataType)

    if MALFORMED_LINE in df.columns:
        yield Reason.MALFORMED, F.col(_ROW)[MALFORMED_LINE].isNotNull()
    yield Reason.NO_USER, missing(columns.user)
    yield Reason.NO_ITEM, missing(columns.item)
    if columns.rating is not None:
        yield Reason.NO_RATING, missing(columns.rating)
        yield Reason.BAD_RATING, F.col(WEIGHT).isNull()
        yield Reason.NEGATIVE_RATING, F.col(WEIGHT) < 0
    if columns.timestamp is not None:
        seconds = F.col(TIMESTAMP)
        yield Reason.NO_TIME, missing(columns.timestamp)
        yield Reason.BAD_TIME, seconds.isNull()
        yield Reason.IMPOSSIBLE_TIME, (seconds <= 0) | (seconds > now + DAY_SECONDS)


def _good(judged: DataFrame, counts: _Counts, half_life_days: float | None) -> DataFrame:
    """(user, item, ..., row) -> the accepted (user, item, weight, timestamp), ids in their type."""
    weight = F.col(WEIGHT)
    if half_life_days is not None and counts.latest is not None:
        weight = decayed(weight, latest=counts.latest, half_life_days=half_life_days)
    ids = (
        F.col(name).try_cast("long").alias(name) if name in counts.integers else F.col(name)
        for name in (USER, ITEM)
    )
    accepted = judged.where(F.col(REASON).isNull())
    return accepted.select(*ids, weight.alias(WEIGHT), TIMESTAMP)


def _set_aside(judged: DataFrame, df: DataFrame) -> DataFrame:
    """(user, item, ..., row) -> the input's own columns and the reason."""
    taken = {name.lower() for name in df.columns}
    name = REASON
    while name in taken:
        name = f"_{name}"
    rejected = judged.where(F.col(REASON).isNotNull())
    return rejected.select(f"{_ROW}.*", F.col(REASON).alias(name))


# --- counts ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Counts:
    accepted: int
    rejected: dict[str, int]
    earliest: float | None
    latest: float | None
    integers: frozenset[str]  # of user and item, those of text whose every id is an integer

    def as_text(self) -> str:
        if not self.rejected:
            return "no rows at all"
        return ", ".join(f"{n} x {reason}" for reason, n in self.rejected.items())


def _counted(judged: DataFrame, df: DataFrame, columns: InteractionColumns) -> _Counts:
    text_ids = [
        i for i, name in ((USER, columns.user), (ITEM, columns.item)) if is_untyped(df, name)
    ]
    rows = (
        judged.groupBy(REASON)
        .agg(
            F.count("*").alias("rows"),
            F.min(TIMESTAMP).alias("earliest"),
            F.max(TIMESTAMP).alias("latest"),
            *(F.bool_and(is_plain_integer(F.col(i))).alias(i) for i in text_ids),
        )
        .collect()  # one row per reason
    )
    by_reason = {row[REASON]: row for row in rows}
    good = by_reason.pop(None, None)
    return _Counts(
        accepted=good["rows"] if good else 0,
        rejected={str(r): by_reason[r]["rows"] for r in Reason if r in by_reason},
        earliest=good["earliest"] if good else None,
        latest=good["latest"] if good else None,
        integers=frozenset(i for i in text_ids if good and good[i]),
    )
