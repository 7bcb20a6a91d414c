"""A part of some users' histories, held out to choose weights and settings by."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import ITEMS, TIMES, USER, WEIGHTS

HELD_OUT = "held_out"  # array<int>
_LEAST_HISTORY = 5  # a shorter history has nothing to spare


@dataclass(frozen=True)
class HoldOut:
    """Histories for learning the legs, and what is held out of some of them."""

    training: DataFrame  # (user, items, weights, times), all users
    validation: DataFrame  # (user, items, weights, times, held_out: array<int>), the chosen users


def hold_out(
    profiles: DataFrame,
    *,
    users: int = 2000,
    fraction: float = 0.1,
    latest: bool = False,
    seed: int = 0,
) -> HoldOut:
    """Take a part of the histories of a few users away.

    Args:
        profiles: (user, items, weights, times).
        users: how many users are asked, at most; chosen by a hash.
        fraction: share of their histories that is held out, at least one item.
        latest: take the latest items, instead of some by a hash; where there are times.
        seed: of the hashes.
    """
    profiles = profiles.select(USER, ITEMS, WEIGHTS, TIMES)
    drawn = profiles.where(F.size(ITEMS) >= _LEAST_HISTORY).select(
        USER, F.xxhash64(F.col(USER), F.lit(seed)).alias("draw")
    )
    chosen = F.broadcast(drawn.orderBy("draw", USER).limit(users).select(USER))
    shuffled = F.sort_array(
        F.transform(
            F.arrays_zip(ITEMS, WEIGHTS, TIMES),
            lambda entry: F.struct(
                (-entry[TIMES] if latest else F.lit(0.0)).alias("age"),
                F.xxhash64(F.col(USER), entry[ITEMS], F.lit(seed)).alias("draw"),
                entry.alias("entry"),
            ),
        )
    )
    spared = F.greatest(F.lit(1), F.round(F.size(ITEMS) * fraction).cast("int"))
    entries = F.transform("shuffled", lambda drawn: drawn["entry"])
    split = (
        profiles.join(chosen, USER)
        .select(USER, spared.alias("spared"), shuffled.alias("shuffled"))
        .select(
            USER,
            F.slice(entries, F.lit(1), F.col("spared")).alias("out"),
            F.sort_array(F.slice(entries, F.col("spared") + 1, F.size("shuffled"))).alias("kept"),
        )
    )
    kept = split.select(
        USER,
        *(F.col(f"kept.{name}").alias(name) for name in (ITEMS, WEIGHTS, TIMES)),
        F.col(f"out.{ITEMS}").alias(HELD_OUT),
    )
    others = profiles.join(chosen, USER, "left_anti")
    training = others.unionByName(kept.drop(HELD_OUT))
    return HoldOut(training, kept)
