"""The contract of interactions: what a row must fulfil, and how rows that do not are rejected.

Each row of the input is either accepted or rejected for one reason, and counted. The source is
read once: rows are parsed and judged in one pass and persisted; all else reads the persisted rows.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Self

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.columns import BATCH, ITEM, REASON, STARS, TIMESTAMP, USER, WEIGHT
from graphrec.data.bounds import DAY_SECONDS, MAX_RATING
from graphrec.data.column_types import finite_number, is_missing, quoted
from graphrec.data.duplicates import (
    DuplicateRule,
    check_rule,
    combine_duplicates,
    combine_rated,
    decayed,
)
from graphrec.data.event_kinds import EventKinds
from graphrec.data.figures import InteractionFigures
from graphrec.data.frames import free_name
from graphrec.data.id_types import require_id_type
from graphrec.data.interaction_columns import MALFORMED_LINE, InteractionColumns, require_column
from graphrec.data.pair_figures import count_pairs
from graphrec.data.reading.unreadable import one_line_errors
from graphrec.data.rejections import Reason
from graphrec.data.text_ids import is_plain_integer, is_untyped
from graphrec.data.timestamps import epoch_seconds, written_as_years
from graphrec.errors import ColumnError, EmptyInputError, ParameterError
from graphrec.spark.persisted import PersistedFrames

BelowZero = Literal["dislike", "rating", "rejected"]  # what a rating below 0 is
_ROW: Final = "row"  # the input's own columns, kept of the rows that are rejected

_RATING: Final = (T.StringType, T.NumericType)
_TIME: Final = (*_RATING, T.TimestampType, T.TimestampNTZType, T.DateType)


@dataclass(frozen=True)
class Interactions:
    """Interactions that fulfil the contract, and the rejected rows.

    Both frames are kept in memory or on disk until `unpersist`, until the end of a `with` block,
    or for as long as this object is referred to; after that they still work, and read the source
    again.

    Attributes:
        rows: (user, item: the type of the input, or long where `text_ids` says so;
            weight: double; timestamp: double, seconds since 1970-01-01 UTC, null without
            times, batch: int), the accepted rows as they were read, before interactions decay and
            duplicates are combined; batch is 0 unless the rows were judged with another one.
        pairs: (user, item, weight, timestamp), one row per (user, item), nothing null but the
            timestamp; where there are ratings also stars: double, see `combine_rated`.
        accepted: those of the pairs that are interactions, without stars: the others are disliked.
        rejected: (the input's own columns, reason: string). Where the input has a column
            `reason`, underscores are put before the name of the new one.
        figures: the counts.
    """

    rows: DataFrame
    pairs: DataFrame
    rejected: DataFrame
    figures: InteractionFigures
    _persisted: PersistedFrames = field(repr=False)

    @property
    def accepted(self) -> DataFrame:
        """The pairs that are interactions."""
        if STARS not in self.pairs.columns:
            return self.pairs
        return self.pairs.where(F.col(STARS) >= 0).drop(STARS)

    def unpersist(self) -> None:
        """Free the memory that the frames take."""
        self._persisted.unpersist()

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
    events: EventKinds | None = None,
    now: float | None = None,
    below_zero: BelowZero = "dislike",
) -> Interactions:
    """Accept the rows of a table that fulfil the contract, and reject the others with a reason.

    A row is rejected for the first `Reason` that applies: a line that is no record; an id that
    is null or blank; a rating that is missing, not a finite number, or beyond `MAX_RATING`, above
    or below 0; a timestamp that is missing, unreadable, not after 1970-01-01, or more than
    a day after `now`. Times are read as `timestamps.epoch_seconds` says; a column in which all
    accepted numbers are years (1900 to 2100) or months (190001 to 210012) is refused.

    A rating below 0 is accepted, and is no interaction: the user dislikes the item, unless a later
    row of both says otherwise, or `below_zero` does.

    Args:
        df: any table, such as `read_table` gives; read once.
        columns: its columns, such as `find_columns` gives. Ids are strings or whole numbers.
        duplicates: what several rows of the same user and item become, all with the latest time.
            "last": the weight at the latest time; of several, or without times, the largest.
            "sum", "mean", "max": of all weights.
        half_life_days: age at which an interaction weighs half, counted back from the latest
            accepted time and applied before duplicates are combined:
            weight * 0.5 ** (age / half-life). None: no decay.
        events: the kinds of events, where `columns` has a column of them.
        now: seconds since 1970-01-01 UTC, against which times are judged; None: the clock.
        below_zero: what a rating below 0 is: a dislike, a rating like others, or rejected.

    Raises:
        ColumnError: a column is not there, or of a type that its role cannot have, or has
            years instead of times.
        UnreadableInputError: a file that `df` reads is damaged.
        ParameterError: an unknown rule, a half-life that is not positive, or one without times.
        EmptyInputError: no row is an interaction.
    """
    check_rule(duplicates)
    _check_half_life(half_life_days, columns)
    return take_judged(
        judge_rows(df, columns, events=events, now=now, below_zero=below_zero),
        columns,
        duplicates=duplicates,
        half_life_days=half_life_days,
        below_zero=below_zero,
        untyped=[
            i for i, name in ((USER, columns.user), (ITEM, columns.item)) if is_untyped(df, name)
        ],
    )


def take_judged(
    judged: DataFrame,
    columns: InteractionColumns,
    *,
    duplicates: DuplicateRule,
    half_life_days: float | None,
    below_zero: BelowZero = "dislike",
    untyped: Sequence[str] = (),
) -> Interactions:
    """Rows that were judged, as interactions.

    Args:
        judged: see `judge_rows`; perhaps with batch: int. It is read once.
        columns: which of rating, event and timestamp there are.
        duplicates: see `validate_interactions`, as for what follows.
        half_life_days: age at which an interaction weighs half; None: no decay.
        below_zero: what a rating below 0 is.
        untyped: of user and item, the ids that are text only because no type was given.

    Raises:
        ColumnError: times are years.
        UnreadableInputError: a file is damaged.
        EmptyInputError: no row is an interaction.
    """
    persisted = PersistedFrames()
    judged = persisted.persist(judged)
    with one_line_errors(judged.sparkSession):
        counts = _counted(judged, columns, untyped)
    if written_as_years(counts.earliest, counts.latest):
        persisted.unpersist()
        raise ColumnError(
            f"the column {columns.timestamp!r} holds years or months, not times",
            found=f"{counts.earliest:.0f} to {counts.latest:.0f}",
            fix="give dates (2024-03-10, 20240310) or seconds, or no timestamp (--timestamp '')",
        )
    typed = _typed(judged, counts)
    pairs = accepted_rows(
        typed,
        columns,
        duplicates=duplicates,
        half_life_days=half_life_days,
        latest=counts.latest,
        below_zero=below_zero,
    )
    pairs = persisted.persist(pairs)
    counted = count_pairs(pairs, rated=columns.rating is not None)
    if not counted.interactions:
        persisted.unpersist()
        raise EmptyInputError(
            "no row is a usable interaction",
            found=counts.as_text(),
            fix="see that the right columns are named",
        )
    return Interactions(
        rows=_as_read(typed),
        pairs=pairs,
        rejected=rejected_rows(judged),
        figures=InteractionFigures(
            rows_read=counts.accepted + sum(counts.rejected.values()),
            accepted_rows=counts.accepted,
            interactions=counted.interactions,
            rejected=counts.rejected,
            latest=counts.latest,
            duplicates=duplicates,
            dislikes=counted.dislikes,
            ratings=counted.ratings,
            earliest=counts.earliest,
            histogram=counted.histogram,
            fingerprint=counted.fingerprint,
        ),
        _persisted=persisted,
    )


def judge_rows(
    df: DataFrame,
    columns: InteractionColumns,
    *,
    events: EventKinds | None = None,
    now: float | None = None,
    below_zero: BelowZero = "dislike",
) -> DataFrame:
    """Accept each row of a table, or give the reason why not; nothing is computed yet.

    Args:
        df: any table.
        columns: its columns.
        events: see `validate_interactions`.
        now: see `validate_interactions`.
        below_zero: likewise.

    Returns:
        (user, item, weight: double, timestamp: double, reason: string, null if the row is
        accepted, row: struct of the input's own columns, null if it is).

    Raises:
        ColumnError: a column is not there, or of a type that its role cannot have.
    """
    _check_types(df, columns)
    moment = time.time() if now is None else now
    return _judged(df, columns, events, moment, reject_below_zero=below_zero == "rejected")


def accepted_rows(
    judged: DataFrame,
    columns: InteractionColumns,
    *,
    duplicates: DuplicateRule,
    half_life_days: float | None,
    latest: float | None,
    below_zero: BelowZero = "dislike",
) -> DataFrame:
    """The accepted ones of rows that were judged, one row per user and item.

    Args:
        judged: see `judge_rows`.
        columns: which of rating and timestamp there are.
        duplicates: see `validate_interactions`.
        half_life_days: age at which an interaction weighs half; None: no decay.
        latest: the time from which ages are counted back; None: there are no times.
        below_zero: see `validate_interactions`.

    Returns:
        (user, item, weight, timestamp), see `combine_duplicates`; with ratings also stars, see
        `combine_rated`, unless there are no dislikes.
    """
    weight = F.col(WEIGHT)
    if half_life_days is not None and latest is not None:
        weight = decayed(weight, latest=latest, half_life_days=half_life_days)
    if duplicates == "last" and columns.rating is None:
        duplicates = "max"  # the latest weighs no less than the others, and this is found sooner
    accepted = judged.where(F.col(REASON).isNull())
    timed = columns.timestamp is not None
    if below_zero == "dislike" and (columns.rating is not None or columns.event is not None):
        rated = accepted.select(
            USER, ITEM, weight.alias(WEIGHT), TIMESTAMP, F.col(WEIGHT).alias(STARS)
        )
        if columns.event is None:
            return combine_rated(rated, duplicates, timed=timed)
        rule: DuplicateRule = "max" if duplicates == "last" else duplicates
        return combine_rated(rated, rule, timed=timed, stars_rule="max")
    plain = accepted.select(USER, ITEM, weight.alias(WEIGHT), TIMESTAMP)
    return combine_duplicates(plain, duplicates, timed=timed)


def rejected_rows(judged: DataFrame) -> DataFrame:
    """The rejected ones of rows that were judged, with the input's own columns and the reason."""
    name = free_name(REASON, judged.select(f"{_ROW}.*").columns)
    rejected = judged.where(F.col(REASON).isNotNull())
    return rejected.select(f"{_ROW}.*", F.col(REASON).alias(name))


# --- what is required -----------------------------------------------------------------------------


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
    require_id_type(df, "user", columns.user)
    require_id_type(df, "item", columns.item)
    if columns.event is not None:
        require_column(df, "event", columns.event)
    for role, name, kinds, fix in (
        ("rating", columns.rating, _RATING, "give numbers"),
        ("timestamp", columns.timestamp, _TIME, "give seconds, ISO 8601, or Spark timestamps"),
    ):
        if name is None:
            continue
        require_column(df, role, name)
        kind = df.schema[name].dataType
        if not isinstance(kind, kinds):
            raise ColumnError(
                f"the column {name!r} cannot hold the {role}", found=kind.simpleString(), fix=fix
            )


# --- rows -----------------------------------------------------------------------------------------


def _judged(
    df: DataFrame,
    columns: InteractionColumns,
    events: EventKinds | None,
    now: float,
    *,
    reject_below_zero: bool,
) -> DataFrame:
    """Input -> (user, item, weight, timestamp, reason or null, row: struct, null if accepted)."""
    parsed = df.select(
        F.struct("*").alias(_ROW),
        # The mark of text ids describes the input's column, not these.
        quoted(columns.user).alias(USER, metadata={}),
        quoted(columns.item).alias(ITEM, metadata={}),
        _weight(df, columns, events).alias(WEIGHT),
        _seconds(df, columns).alias(TIMESTAMP),
    )
    checks = _checks(df, columns, now, reject_below_zero)
    reason = F.coalesce(*(F.when(applies, F.lit(str(name))) for name, applies in checks))
    judged = parsed.withColumn(REASON, reason)
    return judged.withColumn(_ROW, F.when(F.col(REASON).isNotNull(), F.col(_ROW)))


def _weight(df: DataFrame, columns: InteractionColumns, events: EventKinds | None) -> Column:
    if columns.event is not None and events is not None:
        kind = F.trim(quoted(columns.event).cast("string"))
        cases = (F.when(kind == name, F.lit(weight)) for name, weight in events.scaled.items())
        return F.coalesce(*cases)
    if columns.rating is None:
        return F.lit(1.0)
    return finite_number(quoted(columns.rating), df.schema[columns.rating].dataType)


def _seconds(df: DataFrame, columns: InteractionColumns) -> Column:
    if columns.timestamp is None:
        return F.lit(None).cast("double")
    return epoch_seconds(quoted(columns.timestamp), df.schema[columns.timestamp].dataType)


def _checks(
    df: DataFrame, columns: InteractionColumns, now: float, reject_below_zero: bool
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
        if reject_below_zero:
            yield Reason.NEGATIVE_RATING, F.col(WEIGHT) < 0
        yield Reason.HUGE_RATING, F.abs(WEIGHT) > MAX_RATING
    if columns.event is not None:
        yield Reason.NO_EVENT, missing(columns.event)
        yield Reason.UNKNOWN_EVENT, F.col(WEIGHT).isNull()
    if columns.timestamp is not None:
        seconds = F.col(TIMESTAMP)
        yield Reason.NO_TIME, missing(columns.timestamp)
        yield Reason.BAD_TIME, seconds.isNull()
        yield Reason.IMPOSSIBLE_TIME, (seconds <= 0) | (seconds > now + DAY_SECONDS)


def _typed(judged: DataFrame, counts: _Counts) -> DataFrame:
    """The rows with ids in their type: text whose every id is an integer becomes long."""
    ids = {name: F.col(name).try_cast("long") for name in counts.integers}
    return judged.withColumns(ids) if ids else judged


def _as_read(typed: DataFrame) -> DataFrame:
    """(user, item, ..., reason) -> the accepted rows with their batch."""
    batch = F.col(BATCH) if BATCH in typed.columns else F.lit(0).alias(BATCH)
    return typed.where(F.col(REASON).isNull()).select(USER, ITEM, WEIGHT, TIMESTAMP, batch)


# --- counts ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Counts:
    accepted: int
    dislikes: int  # rows among these
    rejected: dict[str, int]
    earliest: float | None
    latest: float | None
    integers: frozenset[str]  # of user and item, those of text whose every id is an integer

    def as_text(self) -> str:
        numbers = self.rejected | ({"disliked": self.dislikes} if self.dislikes else {})
        if not numbers:
            return "no rows at all"
        return ", ".join(f"{n} x {reason}" for reason, n in numbers.items())


def _counted(judged: DataFrame, columns: InteractionColumns, text_ids: Sequence[str]) -> _Counts:
    rated = columns.rating is not None or columns.event is not None
    is_interaction = F.col(WEIGHT) >= 0
    time = F.when(is_interaction, F.col(TIMESTAMP)) if rated else F.col(TIMESTAMP)
    rows = (
        judged.groupBy(REASON)
        .agg(
            F.count("*").alias("rows"),
            F.min(time).alias("earliest"),
            F.max(time).alias("latest"),
            *([F.count_if(~is_interaction).alias("dislikes")] if rated else []),
            *(F.bool_and(is_plain_integer(F.col(i))).alias(i) for i in text_ids),
        )
        .collect()  # one row per reason
    )
    by_reason = {row[REASON]: row for row in rows}
    good = by_reason.pop(None, None)
    dislikes = good["dislikes"] if good and rated else 0
    return _Counts(
        accepted=good["rows"] if good else 0,
        dislikes=dislikes,
        rejected={str(r): by_reason[r]["rows"] for r in Reason if r in by_reason},
        earliest=good["earliest"] if good else None,
        latest=good["latest"] if good else None,
        integers=frozenset(i for i in text_ids if good and good[i]),
    )
