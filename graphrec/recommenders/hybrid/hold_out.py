"""Splits of the histories into training and validation, to choose weights and settings by.

Held out is a random part of each history, its latest items, or all interactions after one moment
(of all users). The latter two are nearer to how a model is used: it is learned from what was
before, and predicts what comes next.

Items are held out of everybody's histories, not of the validation users' alone: otherwise the other
users would still have them together with those of the history, and the models that read pairs
profit from that. Of kinds of events only the target is held out, with all that a user has of the
item: lists should lead to purchases, not to views. On Gowalla EASE alone is 4 % above the blend
when a tenth is held out of a fifth of the users, but 1 % below it, as on a test split, when it is
held out of all. So the legs are learned once more, from everything, when the choice is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from graphrec.columns import ITEMS, SEEN, TIMES, USER, WEIGHTS
from graphrec.data.quantiles import exact_quantile

HELD_OUT = "held_out"  # array<int>

RANDOM = "random"
LAST = "last"
TIME = "time"
CUTS = (RANDOM, LAST, TIME)

MIN_HISTORY = 5  # nothing is held out of a shorter one
MIN_RETURNING = 100  # users on both sides of a moment: fewer say too little of the future
_OUT, _KEPT = "out", "kept"  # array<struct<items, weights, times>>


@dataclass(frozen=True)
class HoldOut:
    """Training histories, and the validation users with what is held out of theirs."""

    training: DataFrame  # (user, items, weights, times), of all users of whom anything is left
    validation: DataFrame  # the same and held_out: array<int>, of the validation users


def hold_out(
    histories: DataFrame,
    *,
    users: int = 2000,
    fraction: float = 0.1,
    cut: str = RANDOM,
    seed: int = 0,
) -> HoldOut:
    """Hold a part of all histories out.

    Args:
        histories: (user, items, weights, times), perhaps with `seen`: array<int>, those of the
            items that may be held out; all otherwise.
        users: how many validation users there are at most; chosen by a hash, of those of whom
            anything is held out.
        fraction: share that is held out, of what may be of each of their histories, at least one
            item; with "time" of all interactions.
        cut: what is held out. "random": items by a hash; "last": the latest items of a history;
            "time": what came after one moment, of everybody. The latter two need times.
        seed: of the hashes.

    Returns:
        Nothing is held out of a history of fewer than `MIN_HISTORY` items, unless by "time".
    """
    of_kinds = [SEEN] if SEEN in histories.columns else []
    histories = histories.select(USER, ITEMS, WEIGHTS, TIMES, *of_kinds)
    if cut == TIME:
        split = _split_at_a_moment(histories, fraction)
        drawn = _drawn(split.where((F.size(_OUT) > 0) & (F.size(_KEPT) > 0)), users, seed)
        kept = _kept(split.where(F.size(_KEPT) > 0))
        return HoldOut(kept.drop(HELD_OUT), kept.join(drawn, USER))
    long_enough = (F.size(ITEMS) >= MIN_HISTORY) & (F.size(_target(histories)) > 0)
    drawn = _drawn(histories.where(long_enough), users, seed)
    split = _split_by_user(histories.where(long_enough), fraction, latest=cut == LAST, seed=seed)
    kept = _kept(split)
    training = histories.where(~long_enough).drop(SEEN).unionByName(kept.drop(HELD_OUT))
    return HoldOut(training, kept.join(drawn, USER))


def _drawn(histories: DataFrame, users: int, seed: int) -> DataFrame:
    """(user), the validation users, drawn by a hash from the users of these histories."""
    drawn = histories.select(USER, F.xxhash64(F.col(USER), F.lit(seed)).alias("draw"))
    return F.broadcast(drawn.orderBy("draw", USER).limit(users).select(USER))


def _split_by_user(histories: DataFrame, fraction: float, *, latest: bool, seed: int) -> DataFrame:
    """(user, out, kept): the same share of each history is out, the latest or any items."""
    may_be_out = _may_be_out(histories)
    shuffled = F.sort_array(
        F.transform(
            _entries(),
            lambda entry: F.struct(
                (~may_be_out(entry)).alias("kept"),
                (-entry[TIMES] if latest else F.lit(0.0)).alias("age"),
                F.xxhash64(F.col(USER), entry[ITEMS], F.lit(seed)).alias("draw"),
                entry.alias("entry"),
            ),
        )
    )
    held_out = F.greatest(F.lit(1), F.round(F.size(_target(histories)) * fraction).cast("int"))
    entries = F.transform("shuffled", lambda drawn: drawn["entry"])
    return histories.select(USER, held_out.alias("count"), shuffled.alias("shuffled")).select(
        USER,
        F.slice(entries, F.lit(1), F.col("count")).alias(_OUT),
        F.sort_array(F.slice(entries, F.col("count") + 1, F.size("shuffled"))).alias(_KEPT),
    )


def _split_at_a_moment(histories: DataFrame, fraction: float) -> DataFrame:
    """(user, out, kept): the interactions after one moment are out, this share of all of them."""
    times = histories.select(F.explode(TIMES).alias("time"))
    moment = exact_quantile(times, F.col("time"), 1 - fraction)

    may_be_out = _may_be_out(histories)

    def is_after(entry: Column) -> Column:
        return F.coalesce(entry[TIMES] > F.lit(moment), F.lit(False))

    return histories.select(
        USER,
        F.filter(_entries(), lambda entry: is_after(entry) & may_be_out(entry)).alias(_OUT),
        F.filter(_entries(), lambda entry: ~is_after(entry)).alias(_KEPT),
    )


def _target(histories: DataFrame) -> str:
    """The column of the items that may be held out."""
    return SEEN if SEEN in histories.columns else ITEMS


def _may_be_out(histories: DataFrame) -> Callable[[Column], Column]:
    """Whether an entry may be held out."""
    if SEEN not in histories.columns:
        return lambda _: F.lit(True)
    return lambda entry: F.array_contains(SEEN, entry[ITEMS])


def _entries() -> Column:
    return F.arrays_zip(ITEMS, WEIGHTS, TIMES)


def _kept(split: DataFrame) -> DataFrame:
    """(user, out, kept) -> (user, items, weights, times, held_out)."""
    return split.select(
        USER,
        *(F.col(f"{_KEPT}.{name}").alias(name) for name in (ITEMS, WEIGHTS, TIMES)),
        F.col(f"{_OUT}.{ITEMS}").alias(HELD_OUT),
    )
