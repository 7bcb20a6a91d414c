"""The arms of a DataFrame are those of plain Python."""

from __future__ import annotations

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from graphrec.experiments.arm_column import arm_column
from graphrec.experiments.assignment import assign


def test_spark_gives_the_same_arms(spark: SparkSession) -> None:
    users = spark.createDataFrame(
        [(f"ü{n}",) for n in range(300)] + [("7",), (None,)], "user string"
    )
    weights, arms = [0.1, 0.2, 0.7], ["a", "b", "c"]
    arm = arm_column(F.col("user"), "list", arms, weights, salt="s")
    rows = users.select("user", arm.alias("arm")).collect()
    assert {row.arm for row in rows} == {*arms, None}
    for user, found in rows:
        assert found == (assign(user, "list", arms, weights, "s") if user else None)
    numbers = spark.createDataFrame([(7,)], "user long")
    [[of_number]] = numbers.select(arm).collect()
    assert of_number == assign("7", "list", arms, weights, "s")
