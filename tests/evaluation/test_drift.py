"""New interactions against a model's own: nothing where they are alike, and what was planted."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from graphrec.errors import EmptyInputError, ParameterError
from graphrec.evaluation.drift import Drift, DriftCheck
from graphrec.recommenders.base import RecommenderModel

DAY = 86_400
KIND = "user string, item string, rating double, time long"


def rows(
    seed: int, first_day: int, days: int, *, favourite: float = 0.0, harsh: bool = False
) -> list[tuple[str, str, float, int]]:
    """Interactions of 60 users a day with 40 items; on each day some users are new."""
    random = np.random.default_rng(seed)
    popular = 1.0 / np.arange(1, 41)
    popular /= popular.sum()
    taken = []
    for day in range(first_day, first_day + days):
        for _ in range(60):
            user = random.integers(10 * day, 10 * day + 300)
            items = random.choice(40, size=2, replace=False, p=popular)
            if random.random() < favourite:
                items[0] = 39
            stars = random.choice([1.0, 2.0, 4.0, 5.0], p=[0.45, 0.45, 0.05, 0.05] if harsh
                                  else [0.1, 0.1, 0.4, 0.4])  # fmt: skip
            taken += [(f"u{user}", f"m{item}", float(stars), day * DAY + 1) for item in items]
    return taken


@pytest.fixture(scope="module")
def model(spark: SparkSession) -> RecommenderModel:
    frame = spark.createDataFrame(rows(0, 20_000, 30), KIND).coalesce(2)
    model = gr.PopularityRecommender().fit(frame)
    model.metrics += (gr.Metric("NDCG@20", 0.9, 0.89, 0.91, users=1000),)
    return model


def found(model: RecommenderModel, frame: DataFrame) -> dict[str, DriftCheck]:
    return {one.name: one for one in gr.drift(model, frame).checks}


def test_what_goes_on_as_before_is_no_drift(spark: SparkSession, model: RecommenderModel) -> None:
    later = spark.createDataFrame(rows(1, 20_030, 5), KIND).coalesce(2)
    checks = found(model, later)
    assert list(checks) == [
        *("item shares", "ratings", "activity", "new users", "new items", "NDCG@20")
    ]
    assert [name for name, one in checks.items() if one.drifted] == ["NDCG@20"]  # .9 was made up
    assert all(one.p_value > 0.001 for name, one in checks.items() if name != "NDCG@20")
    assert checks["new users"].old == pytest.approx(checks["new users"].new, abs=0.15)


def test_what_was_planted_is_found(spark: SparkSession, model: RecommenderModel) -> None:
    planted = rows(2, 20_030, 5, favourite=0.6, harsh=True)
    drifted = gr.drift(model, spark.createDataFrame(planted, KIND).coalesce(2)).drifted
    assert drifted == ["item shares", "ratings", "NDCG@20"]
    strangers = [(f"new{user}", f"new{item}", *rest) for user, item, *rest in rows(3, 20_030, 3)]
    checks = found(model, spark.createDataFrame(strangers, KIND).coalesce(2))
    assert checks["new users"].new == checks["new items"].new == 1.0
    assert checks["new users"].drifted
    assert checks["new items"].drifted
    assert "NDCG@20" not in checks  # nobody is known


def test_without_times_newcomers_are_only_stated(
    spark: SparkSession, model: RecommenderModel
) -> None:
    later = spark.createDataFrame(rows(1, 20_030, 2), KIND).drop("time").coalesce(2)
    checks = found(model, later)
    for name in ("activity", "new users", "new items"):
        assert math.isnan(checks[name].p_value)
        assert not checks[name].drifted


def test_what_cannot_be_compared_is_refused(spark: SparkSession, model: RecommenderModel) -> None:
    nothing = spark.createDataFrame([(None, "m1", 3.0, 1)], KIND)
    with pytest.raises(EmptyInputError, match="no new row"):
        gr.drift(model, nothing)
    with pytest.raises(ParameterError, match="falseAlarms"):
        gr.drift(model, nothing, falseAlarms=0.0)
    assert Drift([], 0).drifted == []
