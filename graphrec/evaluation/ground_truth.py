"""The ground truth of an evaluation: which interactions of a test set count as relevant items.

A pair (user, item) that is in the training set, too, is never listed by a model that leaves out
what was seen (`filterSeen`): it is left out of the ground truth. An item that the training set does
not have cannot be listed either, unless its features are known, but it is what the user chose: it
stays, and counts as missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import ITEM, USER
from graphrec.errors import EmptyInputError
from graphrec.spark.checkpoints import checkpointed

_ROWS: Final = "rows"
_SEEN: Final = "seen"
_KNOWN: Final = "known"


@dataclass(frozen=True)
class GroundTruthFigures:
    """How many interactions of a test set are in the ground truth, and why others are not.

    Attributes:
        rows: of the test set, that name a user and an item.
        interactions: distinct pairs of a user and an item among them.
        seen: interactions that are in the training set, too.
        seen_left_out: whether these are left out, because a model leaves out what was seen.
        unknown: interactions with items that are not in the training set; they count as missed.
        users: who are in the test set.
        unreachable_users: users none of whose interactions could be listed.
        unmeasured_users: of these, those whose interactions were all left out: they do not count.
            The others have 0 in all metrics of accuracy.
    """

    rows: int
    interactions: int
    seen: int
    seen_left_out: bool
    unknown: int
    users: int
    unreachable_users: int
    unmeasured_users: int


def ground_truth(
    train: DataFrame, test: DataFrame, items: DataFrame, *, filter_seen: bool
) -> tuple[DataFrame, GroundTruthFigures]:
    """The distinct pairs of a test set that count, and figures of the others.

    Args:
        train: (user, item), what was learned from.
        test: (user, item), what was held out.
        items: (item), all that could be listed, each once.
        filter_seen: whether a model leaves out what is in the training set.

    Returns:
        (user, item), computed, and the figures.

    Raises:
        EmptyInputError: nobody is left.
    """
    seen = train.distinct().withColumn(_SEEN, F.lit(True))
    known = items.select(ITEM, F.lit(True).alias(_KNOWN))
    pairs = test.groupBy(USER, ITEM).agg(F.count(F.lit(1)).alias(_ROWS))
    judged = checkpointed(
        pairs.join(seen, [USER, ITEM], "left")
        .join(known, ITEM, "left")
        .fillna(False, [_SEEN, _KNOWN])
    )
    counts = F.lit(True) if not filter_seen else ~F.col(_SEEN)
    per_user = judged.groupBy(USER).agg(
        F.sum(_ROWS).alias(_ROWS),
        F.count(F.lit(1)).alias("interactions"),
        F.count_if(_SEEN).alias(_SEEN),
        F.count_if(~F.col(_KNOWN)).alias("unknown"),
        F.count_if(counts).alias("counting"),
        F.count_if(counts & F.col(_KNOWN)).alias("reachable"),
    )
    sums = (F.coalesce(F.sum(n), F.lit(0)) for n in (_ROWS, "interactions", _SEEN, "unknown"))
    row = per_user.agg(
        *sums,
        F.count(F.lit(1)),
        F.count_if(F.col("reachable") == 0),
        F.count_if(F.col("counting") == 0),
    ).collect()[0]
    figures = GroundTruthFigures(
        rows=row[0],
        interactions=row[1],
        seen=row[2],
        seen_left_out=filter_seen,
        unknown=row[3],
        users=row[4],
        unreachable_users=row[5],
        unmeasured_users=row[6],
    )
    _require_anybody(figures)
    return judged.where(counts).select(USER, ITEM), figures


def _require_anybody(figures: GroundTruthFigures) -> None:
    if not figures.users:
        raise EmptyInputError("nobody is in the test set", fix="hold more rows out")
    if figures.unmeasured_users == figures.users:
        raise EmptyInputError(
            "nothing in the test set can be listed",
            found=f"all {figures.interactions} interactions in the training set, too",
            fix="split by graphrec.data.splits, or set filterSeen=False",
        )
