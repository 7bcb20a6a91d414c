"""Draws follow the distribution they claim, and depend on ids and seed alone."""

from __future__ import annotations

from collections import Counter

import numpy as np
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from scipy import stats

from graphrec.data.hashing import seeded_hash, seeded_poisson, seeded_uniform


def test_uniform_draws_are_uniform_and_independent_between_seeds(spark: SparkSession) -> None:
    draws = spark.range(20_000).select(
        seeded_uniform(0, F.col("id")).alias("one"), seeded_uniform(1, F.col("id")).alias("other")
    )
    one, other = np.array(draws.collect()).T
    assert stats.kstest(one, "uniform").pvalue > 1e-3
    assert stats.pearsonr(one, other).pvalue > 1e-3
    assert one.min() >= 0
    assert one.max() < 1


def test_poisson_draws_are_poisson(spark: SparkSession) -> None:
    draws = spark.range(20_000).select(seeded_poisson(0, F.col("id")).alias("times"))
    times = Counter(row.times for row in draws.collect())
    observed = [times[n] for n in range(5)]
    expected = [20_000 * float(stats.poisson.pmf(n, 1)) for n in range(5)]
    observed.append(20_000 - sum(observed))
    expected.append(20_000 - sum(expected))
    assert stats.chisquare(observed, expected).pvalue > 1e-3


def test_the_text_of_an_id_is_what_counts(spark: SparkSession) -> None:
    row = (
        spark.range(1)
        .select(
            seeded_hash(5, F.lit(7)).alias("int"),
            seeded_hash(5, F.lit("7")).alias("string"),
            seeded_hash(5, F.lit(None), F.lit(7)).alias("null_first"),
            seeded_hash(5, F.lit(None)).alias("null"),
            seeded_hash(6, F.lit(7)).alias("other_seed"),
        )
        .first()
    )
    assert row is not None
    assert row.int == row.string == row.null_first
    assert len({row.int, row.null, row.other_seed, None}) == 4
