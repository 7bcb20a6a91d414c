from __future__ import annotations

from math import log

import pytest
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from graphrec.errors import ParameterError
from graphrec.recommenders.model import RecommenderModel

SCHEMA = "user string, item string, timestamp double"


def interactions(spark: SparkSession) -> DataFrame:
    """Of 40 interactions the last 8 are recent: "old" has none of them, "steady" 4, "new" 4."""
    rows = [(f"u{n}", "old", 1.0 + n) for n in range(16)]
    rows += [(f"u{n}", "steady", 17.0 + n) for n in range(16)]
    rows += [(f"u{n}", "steady", 100.0 + n) for n in range(16, 20)]
    rows += [(f"u{n}", "new", 200.0 + n) for n in range(4)]
    return spark.createDataFrame(rows, SCHEMA)


@pytest.fixture(scope="module")
def model(spark: SparkSession) -> RecommenderModel:
    return gr.TrendRecommender(recentShare=0.2).fit(interactions(spark))


def test_a_score_is_the_logarithm_of_what_is_new_over_what_is_expected(
    model: RecommenderModel,
) -> None:
    lists = model.copy({model.filterSeen: False}).rankedLists(3).collect()
    scores = {(row.user, row["rank"]): (row["item"], row.score) for row in lists}
    # A fifth of 16, 20 and 4 interactions is expected among the recent ones.
    expected = [("new", log(5 / 1.8)), ("steady", log(5 / 5)), ("old", log(1 / 4.2))]
    for rank, (item, score) in enumerate(expected, start=1):
        assert scores["u7", rank] == (item, pytest.approx(score, abs=1e-6))


def test_seen_items_are_hidden_and_all_users_have_the_same_order(model: RecommenderModel) -> None:
    lists = {row.user: row["item"] for row in model.rankedLists(1).collect()}
    assert {lists[f"u{n}"] for n in range(4, 20)} == {"new"}
    assert "u2" not in lists  # has had everything


def test_without_times_it_says_what_it_needs(spark: SparkSession) -> None:
    untimed = interactions(spark).drop("timestamp")
    with pytest.raises(ParameterError, match="the trend needs times"):
        gr.TrendRecommender().fit(untimed)


def test_interactions_at_one_moment_have_no_trend(spark: SparkSession) -> None:
    rows = [(f"u{n}", f"i{(n + m) % 5}", 7.0) for n in range(6) for m in range(2)]
    model = gr.TrendRecommender().fit(spark.createDataFrame(rows, SCHEMA))
    assert not model.tables.factor_legs[0].factors.vector.any()


def test_in_a_hybrid_it_is_learned_only_where_a_weight_asks_for_it(spark: SparkSession) -> None:
    legs = [gr.RandomWalkRecommender(), gr.TrendRecommender(recentShare=0.2)]
    plain = gr.HybridRecommender(legs).fit(interactions(spark))
    assert plain.legs == ("walk",)
    rising = gr.HybridRecommender(legs, weights={"walk": 0.2, "trend": 0.8}).fit(
        interactions(spark)
    )
    assert rising.legs == ("walk", "trend")
    row = next(row for row in rising.rankedLists(1).collect() if row.user == "u7")
    assert row["item"] == "new"
    assert row.trend > 0.0
