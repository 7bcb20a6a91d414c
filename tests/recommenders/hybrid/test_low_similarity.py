"""Of low similarity are held-out items without a similar item in the history."""

from __future__ import annotations

import numpy as np
from pyspark.sql import SparkSession

from graphrec.columns import ITEMS, USER
from graphrec.cooccurrence.table import PairTable
from graphrec.recommenders.hybrid.low_similarity import LOW_SIMILARITY, mark_low_similarity

COSINES = {(0, 1): 0.9, (0, 2): 0.5, (1, 3): 0.4, (2, 3): 0.1}


def table() -> PairTable:
    """Four items with these cosines, the fifth without neighbours."""
    cosine = np.zeros((5, 5))
    for (one, other), value in COSINES.items():
        cosine[one, other] = cosine[other, one] = value
    item, neighbour = np.nonzero(cosine)
    indptr = np.searchsorted(item, np.arange(6))
    sums = cosine[item, neighbour].astype(np.float32)
    empty = np.empty(0, np.int32)
    ones = np.ones(5)
    return PairTable(
        9,
        {1.0: 1.0},
        ones,
        ones.astype(np.int64),
        {1.0: ones},
        indptr.astype(np.int64),
        neighbour.astype(np.int32),
        np.ones(item.size, np.int32),
        empty,
        {1.0: sums},
    )


def test_the_less_similar_half_is_marked(spark: SparkSession) -> None:
    validation = spark.createDataFrame(
        [
            ("a", [0], [1, 2]),  # similarities .9 and .5
            ("b", [1, 2], [3]),  # .4, by the better of the two
            ("c", [0, 1], [4]),  # has no neighbour
            ("d", [3], [1]),  # .4
        ],
        f"{USER} string, {ITEMS} array<int>, held_out array<int>",
    )
    marked = {
        row[USER]: row[LOW_SIMILARITY] for row in mark_low_similarity(validation, table()).collect()
    }
    assert marked == {"a": [], "b": [3], "c": [4], "d": [1]}  # up to .4, the median


def test_no_users_at_all(spark: SparkSession) -> None:
    schema = f"{USER} string, {ITEMS} array<int>, held_out array<int>"
    assert mark_low_similarity(spark.createDataFrame([], schema), table()).collect() == []
