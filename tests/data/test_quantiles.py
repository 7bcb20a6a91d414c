"""The quantile is a value of the column, the right one, whatever the passes it takes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from graphrec.data.quantiles import exact_quantile

VALUES = st.lists(
    st.one_of(
        st.integers(0, 5).map(float),
        st.floats(0, 4e9),
        st.floats(-1e-300, 1e-300),
        st.floats(1e9, 1e9 + 1e-6),
    ),
    min_size=1,
    max_size=40,
)


def frame(spark: SparkSession, values: Sequence[float | None]) -> DataFrame:
    return spark.createDataFrame(pa.table({"x": pa.array(values, pa.float64())}))


@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(values=VALUES, share=st.sampled_from([0.01, 0.2, 0.5, 0.99, 1.0]))
@example(values=[5e-324, 0.0, -5e-324, 1.0, 4e9], share=0.5)
def test_it_is_the_value_of_the_sorted_list(
    spark: SparkSession, values: list[float], share: float
) -> None:
    df = frame(spark, values)
    expected = sorted(values)[math.ceil(round(share * len(values), 6)) - 1]
    assert exact_quantile(df, F.col("x"), share, at_once=4) == expected


@pytest.mark.parametrize("share", [0.07, 0.29, 0.5, 0.999])
def test_many_values_are_narrowed_down(spark: SparkSession, share: float) -> None:
    df = spark.range(100_000, numPartitions=2).select((F.col("id") * 3.5 - 7).alias("x"))
    assert exact_quantile(df, F.col("x"), share) == (round(share * 100_000) - 1) * 3.5 - 7


def test_nulls_do_not_count(spark: SparkSession) -> None:
    df = frame(spark, [None, 3.0, None, 4.0])
    assert exact_quantile(df, F.col("x"), 0.5) == 3.0
    assert exact_quantile(df.filter("x is null"), F.col("x"), 0.5) is None
