"""Intra-list diversity: how dissimilar the items of one list are."""

from __future__ import annotations

from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from graphrec import columns
from graphrec.data.checks import require_columns, require_same_ids
from graphrec.data.column_types import finite_number
from graphrec.errors import ParameterError
from graphrec.evaluation.cutoffs import Cutoffs, K, at_cutoffs, distinct_cutoffs
from graphrec.evaluation.list_positions import first_positions

INTRA_LIST_DIVERSITY: Final = "intra_list_diversity"
SIMILARITY: Final = "similarity"


def intra_list_diversity(
    recommendations: DataFrame,
    *,
    neighbours: DataFrame | None = None,
    vectors: DataFrame | None = None,
    k: Cutoffs = 10,
    user: str = columns.USER,
    item: str = columns.ITEM,
    rank: str = columns.RANK,
) -> DataFrame:
    """Measure every list's diversity: 1 - the mean similarity of its pairs of items.

    The similarity comes from exactly one of two frames. From `neighbours` it is that of the pair,
    in the direction in which it is greater, and 0 where the table does not have the pair: work
    grows with the lists' pairs. From `vectors` it is the cosine, and 0 for an item without a
    vector; the pairs need not be formed, as sum over i != j of v_i v_j = |sum v|^2 - sum |v|^2.

    Args:
        recommendations: (user, item, rank), rank from 1; an item that a list repeats counts at its
            first position, see `graphrec.evaluation.list_positions`; other columns are ignored.
        neighbours: (item, neighbour, similarity), one or both directions of a pair; what is no
            finite number counts as 0.
        vectors: (item, vector array<float or double>), all of one length; of an item's several
            rows the least counts, and one that is not finite is none.
        k: one or several cutoffs.
        user: name of the user column.
        item: name of the item column in all frames.
        rank: name of the rank column.

    Returns:
        (user, k int, intra_list_diversity double), one row per list and k; null for a list of one
        item, which has no pairs; users without a list have no row.

    Raises:
        ParameterError: not exactly one of `neighbours` and `vectors`, or a k below 1.
        ColumnError: a named column is missing, or of another type in the other frame.
    """
    cutoffs = distinct_cutoffs(k)
    require_columns(recommendations, user, item, rank, of="the recommendations")
    lists = recommendations.select(
        F.col(user).alias("user"), F.col(item).alias("item"), F.col(rank).alias("rank")
    )
    lists = first_positions(lists, "user", item="item", rank="rank", longest=cutoffs[-1])
    if neighbours is not None and vectors is None:
        require_columns(neighbours, item, columns.NEIGHBOUR, SIMILARITY, of="the neighbour table")
        require_same_ids(recommendations, neighbours, item)
        similarity = _from_neighbours(lists, _pair_table(neighbours, item), cutoffs)
    elif vectors is not None and neighbours is None:
        require_columns(vectors, item, columns.VECTOR, of="the item vectors")
        require_same_ids(recommendations, vectors, item)
        similarity = _from_vectors(lists, _scaled_vectors(vectors, item), cutoffs)
    else:
        raise ParameterError(
            "similarity must come from exactly one frame",
            found="both" if neighbours is not None else "none",
            fix="give either neighbours or vectors",
        )
    lengths = at_cutoffs(lists, cutoffs, "rank").groupBy("user", K).agg(F.count("item").alias("n"))
    n, alike = F.col("n"), F.coalesce("similarity", F.lit(0.0))
    diversity = F.when(n > 1, 1 - alike / (n * (n - 1)))  # each pair is in it twice
    return lengths.join(similarity, ["user", K], "left").select(
        F.col("user").alias(user), K, diversity.alias(INTRA_LIST_DIVERSITY)
    )


def _pair_table(neighbours: DataFrame, item: str) -> DataFrame:
    """(item, neighbour, similarity) -> (first, second, similarity) with first <= second."""
    one, other = F.col(item), F.col(columns.NEIGHBOUR)
    ordered = neighbours.select(
        F.least(one, other).alias("first"),
        F.greatest(one, other).alias("second"),
        finite_number(F.col(SIMILARITY), neighbours.schema[SIMILARITY].dataType).alias(SIMILARITY),
    )
    return ordered.groupBy("first", "second").agg(F.max(SIMILARITY).alias(SIMILARITY))


def _from_neighbours(lists: DataFrame, pair_table: DataFrame, cutoffs: list[int]) -> DataFrame:
    """(user, item, rank) and (first, second, similarity) -> (user, k, similarity)."""
    first = lists.select("user", F.col("item").alias("first"), F.col("rank").alias("rank_first"))
    second = lists.select("user", F.col("item").alias("second"), F.col("rank").alias("rank_second"))
    pairs = first.join(second, "user").filter(F.col("first") < F.col("second"))
    alike = pairs.join(pair_table, ["first", "second"]).select(
        "user", F.greatest("rank_first", "rank_second").alias("rank"), SIMILARITY
    )
    sums = at_cutoffs(alike, cutoffs, "rank").groupBy("user", K)
    return sums.agg((2 * F.sum(SIMILARITY)).alias("similarity"))


def _scaled_vectors(vectors: DataFrame, item: str) -> DataFrame:
    """(item, vector) -> (item, vector, scale = 1 / its length), without null vectors."""
    vector = F.col(columns.VECTOR)
    once = vectors.groupBy(F.col(item).alias("item")).agg(F.min(vector).alias("vector"))
    length = F.sqrt(_squared(F.col("vector")))
    usable = (length > 0) & (length < float("inf"))  # NaN is larger than every other value
    scaled = once.select("item", "vector", F.when(usable, 1 / length).alias("scale"))
    return scaled.filter(F.col("scale").isNotNull())


def _from_vectors(lists: DataFrame, scaled: DataFrame, cutoffs: list[int]) -> DataFrame:
    """(user, item, rank) and (item, vector, scale) -> (user, k, similarity)."""
    ranked = at_cutoffs(lists.join(scaled, "item"), cutoffs, "rank").groupBy("user", K)
    gathered = ranked.agg(F.collect_list(F.struct("vector", "scale")).alias("listed"))  # at most k
    listed = F.col("listed")
    total = F.aggregate(
        listed,
        F.array_repeat(F.lit(0.0), F.size(F.get(listed, F.lit(0))["vector"])),
        lambda so_far, entry: F.zip_with(
            so_far, entry["vector"], lambda a, x: a + x * entry["scale"]
        ),
    )
    # Of the scaled vectors each squares to 1.
    return gathered.select("user", K, (_squared(total) - F.size(listed)).alias("similarity"))


def _squared(vector: Column) -> Column:
    return F.aggregate(vector, F.lit(0.0), lambda so_far, x: so_far + x * x)
