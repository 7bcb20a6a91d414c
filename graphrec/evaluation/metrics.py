r"""Ranking metrics: NDCG, recall, precision, MAP, MRR and hit rate of lists on a test set.

Notation: a user has the set T of distinct test items and a list whose item at position r (from 1)
is a hit when it is in T; h(r) is 1 for a hit and else 0; H = h(1) + ... + h(k).

| metric          | at k                                                                  |
|-----------------|-----------------------------------------------------------------------|
| `precision`     | H / k, however short the list is                                      |
| `recall`        | H / \|T\|                                                             |
| `ndcg`          | sum of h(r) / log2(r + 1), over its greatest value, which             |
|                 | min(k, \|T\|) hits at the first positions would give                     |
| `map`           | sum over hits of (hits up to r) / r, divided by min(k, \|T\|)         |
| `mrr`           | 1 / r of the first hit, 0 without one                                 |
| `hit_rate`      | 1 with a hit, else 0                                                  |
| `user_coverage` | 1 for a user who got a list, else 0                                   |

Recall and NDCG are those of the tables that LightGCN (He et al. 2020) and its followers publish.
MLlib's `RankingMetrics` agrees in precision, recall, NDCG and MAP at k. RecTools agrees but for
two divisors: its MAP divides by \|T\|, and its NDCG by that of k hits unless
`divide_by_achievable` is set.

An item counts at the first position that it has in a list; where it comes again, it takes up a
position and counts for nothing (`graphrec.evaluation.list_positions`). Null is no item, neither in
a list nor in the test set.

All users of the test set count: one without a list has 0 in every metric. Lists of users who are
not in the test set do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from graphrec import columns
from graphrec.data.checks import require_columns, require_same_ids
from graphrec.errors import ParameterError
from graphrec.evaluation.cutoffs import Cutoffs, K, distinct_cutoffs, with_every_cutoff
from graphrec.evaluation.list_positions import named_pairs, with_positions


class Outcome(NamedTuple):
    """The hits of one user's list, as columns."""

    hits: Column  # array<int>, the positions up to k of the items that were hit, ascending
    relevant: Column  # int, distinct test items, at least 1
    listed: Column  # boolean, whether the user got a list
    k: Column  # int


def _precision(outcome: Outcome) -> Column:
    return F.size(outcome.hits) / outcome.k


def _recall(outcome: Outcome) -> Column:
    return F.size(outcome.hits) / outcome.relevant


def _ndcg(outcome: Outcome) -> Column:
    return _dcg(outcome.hits) / _dcg(F.sequence(F.lit(1), _reachable(outcome)))


def _dcg(positions: Column) -> Column:
    return _sum(F.transform(positions, lambda position: 1 / F.log2(position + 1)))


def _average_precision(outcome: Outcome) -> Column:
    precisions = F.transform(outcome.hits, lambda position, earlier: (earlier + 1) / position)
    return _sum(precisions) / _reachable(outcome)


def _reciprocal_rank(outcome: Outcome) -> Column:
    return F.coalesce(1 / F.get(outcome.hits, F.lit(0)), F.lit(0.0))


def _hit(outcome: Outcome) -> Column:
    return (F.size(outcome.hits) > 0).cast("double")


def _listed(outcome: Outcome) -> Column:
    return outcome.listed.cast("double")


def _reachable(outcome: Outcome) -> Column:
    return F.least(outcome.k, outcome.relevant)


def _sum(values: Column) -> Column:
    return F.aggregate(values, F.lit(0.0), lambda total, value: total + value)


FORMULAS: Final[Mapping[str, Callable[[Outcome], Column]]] = MappingProxyType(
    {
        "precision": _precision,
        "recall": _recall,
        "ndcg": _ndcg,
        "map": _average_precision,
        "mrr": _reciprocal_rank,
        "hit_rate": _hit,
        "user_coverage": _listed,
    }
)


def ranking_metrics(
    recommendations: DataFrame,
    test: DataFrame,
    *,
    k: Cutoffs = 10,
    metrics: Sequence[str] = tuple(FORMULAS),
    user: str = columns.USER,
    item: str = columns.ITEM,
    rank: str = columns.RANK,
) -> DataFrame:
    """Measure every test user's list, at several k and in several metrics in one pass.

    The two frames are put under each other and shuffled once, by user. An item that a list repeats
    counts at its first position, see `graphrec.evaluation.list_positions`; a repeated test row
    counts once.

    Args:
        recommendations: (user, item, rank), rank from 1; other columns are ignored.
        test: (user, item), what the lists should have found; rows that lack one of them, and other
            columns, are ignored.
        k: one or several cutoffs.
        metrics: names of the table above, all by default.
        user: name of the user column in both frames.
        item: name of the item column in both frames.
        rank: name of the rank column.

    Returns:
        (user, k int, one double column per metric), one row per test user and k.

    Raises:
        ParameterError: an unknown metric, or a k below 1.
        ColumnError: a named column is missing, or of another type in the other frame.

    Examples:
        >>> from graphrec.evaluation.metrics import ranking_metrics
        >>> lists = spark.createDataFrame(
        ...     [("ann", "tea", 1), ("ann", "milk", 2)], "user string, item string, rank int"
        ... )
        >>> test = spark.createDataFrame([("ann", "milk")], "user string, item string")
        >>> ranking_metrics(lists, test, k=2, metrics=["precision", "recall", "mrr"]).show()
        +----+---+---------+------+---+
        |user|  k|precision|recall|mrr|
        +----+---+---------+------+---+
        | ann|  2|      0.5|   1.0|0.5|
        +----+---+---------+------+---+
    """
    cutoffs = distinct_cutoffs(k)
    formulas = _formulas(metrics)
    require_columns(recommendations, user, item, rank, of="the recommendations")
    require_columns(test, user, item, of="the test frame")
    require_same_ids(recommendations, test, user, item)
    lists = recommendations.select(user, item, F.col(rank).alias("rank"))
    known = named_pairs(test.select(user, item), user, item)
    hits = _hits(lists.filter(F.col("rank") <= cutoffs[-1]), known, user, item)
    at_k = with_every_cutoff(hits, cutoffs).withColumn("hits", _up_to("hits", K))
    outcome = Outcome(F.col("hits"), F.col("relevant"), F.col("listed"), F.col(K))
    return at_k.select(user, K, *(formula(outcome).alias(m) for m, formula in formulas.items()))


def _hits(lists: DataFrame, test: DataFrame, user: str, item: str) -> DataFrame:
    """(user, item, rank) and (user, item) -> (user, hits, relevant, listed) of test users."""
    held_out = test.withColumn("rank", F.lit(None).cast(lists.schema["rank"].dataType))
    marked = lists.withColumn("held_out", F.lit(False)).unionByName(
        held_out.withColumn("held_out", F.lit(True))
    )
    # Partitioned by user, all that follows finds its rows together: one shuffle instead of three.
    ranked = with_positions(marked.repartition(user), user, item=item, rank="rank")
    pairs = named_pairs(ranked, item).groupBy(user, item)
    judged = pairs.agg(F.min("rank").alias("rank"), F.bool_or("held_out").alias("held_out"))
    return (
        judged.groupBy(user)
        .agg(
            F.sort_array(F.collect_list(F.when(F.col("held_out"), F.col("rank")))).alias("hits"),
            F.count_if("held_out").cast("int").alias("relevant"),
            (F.count("rank") > 0).alias("listed"),
        )
        .filter(F.col("relevant") > 0)
    )


def _up_to(positions: str, k: str) -> Column:
    return F.filter(positions, lambda position: position <= F.col(k))


def _formulas(metrics: Sequence[str]) -> dict[str, Callable[[Outcome], Column]]:
    unknown = [metric for metric in metrics if metric not in FORMULAS]
    if unknown or not metrics:
        raise ParameterError(
            "metrics must be names of ranking metrics",
            found=", ".join(unknown) or "none",
            fix=f"choose of {', '.join(FORMULAS)}",
        )
    return {metric: FORMULAS[metric] for metric in metrics}
