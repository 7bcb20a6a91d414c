"""Cutting a table down is the same as counting it with fewer neighbours."""

from __future__ import annotations

import numpy as np
from pyspark.sql import SparkSession

from graphrec.cooccurrence.prune import prune_neighbours
from graphrec.cooccurrence.table import build_pair_table
from tests.cooccurrence.brute_force import random_histories


def test_a_cut_table_is_the_one_that_is_counted_so(spark: SparkSession) -> None:
    histories = random_histories(3, users=60, items=20, binary=False)
    histories = histories.histories(spark)
    options = {"exponents": (0.5,), "ordered": True}
    wide = build_pair_table(histories, 20, max_neighbours=20, **options)  # type: ignore[arg-type]
    narrow = build_pair_table(histories, 20, max_neighbours=4, **options)  # type: ignore[arg-type]
    cut = prune_neighbours(wide, 4)
    for name in ("indptr", "indices", "together", "after"):
        np.testing.assert_array_equal(getattr(cut, name), getattr(narrow, name))
    for exponent, sums in narrow.sums.items():
        np.testing.assert_array_equal(cut.sums[exponent], sums)
