"""A part of some users' or of everybody's histories, held out to choose weights and settings by.

What some users give up is still known from all others, pair by pair, and what reads pairs best wins
by that: on Gowalla EASE alone is 4 % above the blend when a fifth of the users give
up a tenth, and 1 % below it, as on a test split, when everybody does. So settings are chosen by a
part of everybody's histories. Weights are learned by a part of some, because the legs can then be
kept as they are.

What comes next is another question than what is missing, so the part may also be everybody's last
items, or all that came after one moment, which is how a model is used: it learns what was before,
and knows nothing of what others did since.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from graphrec.columns import ITEMS, TIMES, USER, WEIGHTS
from graphrec.data.quantiles import exact_quantile

HELD_OUT = "held_out"  # array<int>

RANDOM = "random"
LAST = "last"
TIME = "time"
CUTS = (RANDOM, LAST, TIME)

_LEAST_HISTORY = 5  # a shorter history has nothing to spare
_OUT, _KEPT = "out", "kept"  # array<struct<items, weights, times>>


@dataclass(frozen=True)
class HoldOut:
    """Histories for learning the legs, and what is held out of some of them."""

    training: DataFrame  # (user, items, weights, times), of all users who keep anything
    validation: DataFrame  # the same and held_out: array<int>, of those who are asked


def hold_out(
    histories: DataFrame,
    *,
    users: int = 2000,
    fraction: float = 0.1,
    cut: str = RANDOM,
    everyone: bool = False,
    seed: int = 0,
) -> HoldOut:
    """Take a part of the histories of a few users, or of all, away.

    Args:
        histories: (user, items, weights, times).
        users: how many users are asked, at most; chosen by a hash of those who give up anything.
        fraction: share that is held out, of each of their histories, at least one item; with "time"
            of all interactions.
        cut: what is held out. "random": items by a hash; "last": the latest items of a history;
            "time": what came after one moment, of everybody. The latter two where there are times.
        everyone: all users give up a part, also those who are not asked; always so with "time".
        seed: of the hashes.
    """
    histories = histories.select(USER, ITEMS, WEIGHTS, TIMES)
    if cut == TIME:
        parted = _parted_at_a_moment(histories, fraction)
        asked = _drawn(parted.where((F.size(_OUT) > 0) & (F.size(_KEPT) > 0)), users, seed)
        kept = _kept(parted.where(F.size(_KEPT) > 0))
        return HoldOut(kept.drop(HELD_OUT), kept.join(asked, USER))
    can_spare = F.size(ITEMS) >= _LEAST_HISTORY
    asked = _drawn(histories.where(can_spare), users, seed)
    giving = histories.where(can_spare) if everyone else histories.join(asked, USER)
    others = histories.where(~can_spare) if everyone else histories.join(asked, USER, "left_anti")
    kept = _kept(_parted_by_user(giving, fraction, latest=cut == LAST, seed=seed))
    training = others.unionByName(kept.drop(HELD_OUT))
    return HoldOut(training, kept.join(asked, USER) if everyone else kept)


def _drawn(histories: DataFrame, users: int, seed: int) -> DataFrame:
    """(user), some of those who can be asked."""
    drawn = histories.select(USER, F.xxhash64(F.col(USER), F.lit(seed)).alias("draw"))
    return F.broadcast(drawn.orderBy("draw", USER).limit(users).select(USER))


def _parted_by_user(histories: DataFrame, fraction: float, *, latest: bool, seed: int) -> DataFrame:
    """(user, out, kept): the same share of each history is out, the latest or any items."""
    shuffled = F.sort_array(
        F.transform(
            _entries(),
            lambda entry: F.struct(
                (-entry[TIMES] if latest else F.lit(0.0)).alias("age"),
                F.xxhash64(F.col(USER), entry[ITEMS], F.lit(seed)).alias("draw"),
                entry.alias("entry"),
            ),
        )
    )
    spared = F.greatest(F.lit(1), F.round(F.size(ITEMS) * fraction).cast("int"))
    entries = F.transform("shuffled", lambda drawn: drawn["entry"])
    return histories.select(USER, spared.alias("spared"), shuffled.alias("shuffled")).select(
        USER,
        F.slice(entries, F.lit(1), F.col("spared")).alias(_OUT),
        F.sort_array(F.slice(entries, F.col("spared") + 1, F.size("shuffled"))).alias(_KEPT),
    )


def _parted_at_a_moment(histories: DataFrame, fraction: float) -> DataFrame:
    """(user, out, kept): what came after the moment before which the other share lies is out."""
    times = histories.select(F.explode(TIMES).alias("time"))
    moment = exact_quantile(times, F.col("time"), 1 - fraction)

    def is_after(entry: Column) -> Column:
        return F.coalesce(entry[TIMES] > F.lit(moment), F.lit(False))

    return histories.select(
        USER,
        F.filter(_entries(), is_after).alias(_OUT),
        F.filter(_entries(), lambda entry: ~is_after(entry)).alias(_KEPT),
    )


def _entries() -> Column:
    return F.arrays_zip(ITEMS, WEIGHTS, TIMES)


def _kept(parted: DataFrame) -> DataFrame:
    """(user, out, kept) -> (user, items, weights, times, held_out)."""
    return parted.select(
        USER,
        *(F.col(f"{_KEPT}.{name}").alias(name) for name in (ITEMS, WEIGHTS, TIMES)),
        F.col(f"{_OUT}.{ITEMS}").alias(HELD_OUT),
    )
