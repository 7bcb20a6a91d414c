"""Sums come out the same in any order, and right."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from graphrec.kernels.exact_sums import exact_sum


def test_the_order_and_the_partitions_do_not_matter(spark: SparkSession) -> None:
    rng = np.random.default_rng(3)
    numbers = (rng.choice([1e-9, 1.0, 1e9], 4000) * rng.normal(size=4000)).tolist()
    frame = spark.createDataFrame([(number,) for number in numbers], "x double")
    dealt = [
        frame,
        frame.orderBy("x").coalesce(1),
        frame.repartition(7),
        frame.orderBy(-F.col("x")),
    ]
    sums = {layout.agg(exact_sum(F.col("x"))).first()[0] for layout in dealt}  # type: ignore[index]
    assert len(sums) == 1
    # each number is cut off at 2^-60
    assert sums.pop() == pytest.approx(math.fsum(numbers), rel=1e-15, abs=4000 * 2.0**-60)


def test_negative_and_missing_numbers(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(-0.75,), (0.5,), (None,)], "x double")
    assert frame.agg(exact_sum(F.col("x"))).first() == (-0.25,)
    assert frame.where("x > 9").agg(exact_sum(F.col("x"))).first() == (None,)
