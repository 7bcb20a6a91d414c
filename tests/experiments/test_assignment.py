"""Arms by a hash: stable, as large as planned, independent, and the same in Spark and in Python."""

from __future__ import annotations

from collections import Counter

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from scipy import stats

from graphrec.errors import ParameterError
from graphrec.experiments.assignment import arm_column, assign, shares
from graphrec.experiments.independence import chi_square


def test_the_arm_of_a_user_never_changes() -> None:
    """Computed by hand with `printf 'salt\\x1flist\\x1fu1' | sha256sum`."""
    assert assign("u1", "list", ["old", "new"]) == "old"
    arms = ["a", "b", "c"]
    assert [assign(user, "list", arms, [1, 1, 2], "salt") for user in range(8)] == [
        assign(str(user), "list", arms, [0.25, 0.25, 0.5], "salt") for user in range(8)
    ]


def test_a_million_ids_have_the_planned_shares_and_experiments_are_independent() -> None:
    arms, weights = ["a", "b"], [0.3, 0.7]
    counts = Counter(
        (assign(user, "one", arms, weights), assign(user, "two", arms)) for user in range(1_000_000)
    )
    table = [[counts[one, two] for two in arms] for one in arms]
    first = [sum(row) for row in table]
    assert stats.chisquare(first, [300_000, 700_000]).pvalue > 0.01
    assert stats.chisquare([sum(column) for column in zip(*table, strict=True)]).pvalue > 0.01
    assert chi_square(table).p_value > 0.01


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


@pytest.mark.parametrize(
    ("arms", "weights", "message"),
    [
        (["a"], None, "at least two arms; found a$"),
        (["a", "a"], None, "named once"),
        (["a", "b"], [1.0], "2 arms, weights 1"),
        (["a", "b"], [1.0, 0.0], "above 0"),
        (["a", "b"], [1.0, float("inf")], "above 0"),
    ],
)
def test_what_is_no_experiment_is_refused(
    arms: list[str], weights: list[float] | None, message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        shares(arms, weights)
