"""New histories are read by the rules of the training: bad rows, duplicates, weights."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from graphrec.errors import ColumnError
from graphrec.recommenders.model import RecommenderModel

SCHEMA = "user string, item string, rating double"
TRAINING = [
    ("ann", "alien", 4.0),
    ("ann", "blade", 1.0),
    ("ann", "alien", 2.0),
    ("bob", "alien", 1.0),
    ("bob", "cube", 5.0),
    ("cat", "blade", 3.0),
    ("cat", "cube", 1.0),
    ("cat", "dune", 2.0),
    ("dan", "dune", 2.0),
    ("dan", "eden", 0.5),
]
ANN_AGAIN = [("basket", item, rating) for user, item, rating in TRAINING if user == "ann"]


def lists(frame: DataFrame) -> dict[str, list[tuple[Any, ...]]]:
    return {row.user: [tuple(entry) for entry in row.recommendations] for row in frame.collect()}


@pytest.fixture(
    scope="module", params=[("weight", "sum"), ("weight", "mean"), ("binary", "sum")], ids=" ".join
)
def model(request: pytest.FixtureRequest, spark: SparkSession) -> RecommenderModel:
    preference, duplicates = request.param
    recommender = gr.RandomWalkRecommender(preference=preference, duplicates=duplicates)
    return recommender.fit(spark.createDataFrame(TRAINING, SCHEMA))


def test_a_basket_is_weighed_as_the_training_was(
    spark: SparkSession, model: RecommenderModel
) -> None:
    found = lists(model.recommendForHistories(spark.createDataFrame(ANN_AGAIN, SCHEMA), 5))
    assert found == {"basket": lists(model.recommendForAllUsers(5))["ann"]}


def test_rows_that_the_training_would_set_aside_do_not_count(
    spark: SparkSession, model: RecommenderModel
) -> None:
    bad = [
        ("basket", "cube", math.nan),
        ("basket", "eden", None),
        ("basket", None, 3.0),
        (None, "alien", 3.0),
        ("nothing good", "alien", math.inf),
    ]
    dataset = spark.createDataFrame([*ANN_AGAIN, *bad], SCHEMA)
    found = lists(model.recommendForHistories(dataset, 5))
    assert found.keys() == {"basket", "nothing good"}
    assert found["basket"] == lists(model.recommendForAllUsers(5))["ann"]
    popular = [item for item, _ in found["nothing good"]]
    assert popular == ["alien", "blade", "cube", "dune", "eden"]


def test_a_basket_without_ratings_weighs_one_each(
    spark: SparkSession, model: RecommenderModel
) -> None:
    plain = spark.createDataFrame(
        [("basket", "alien"), ("basket", "blade")], "user string, item string"
    )
    rated = spark.createDataFrame([("basket", "alien", 1.0), ("basket", "blade", 1.0)], SCHEMA)
    found = lists(model.recommendForHistories(plain, 5))
    assert found == lists(model.recommendForHistories(rated, 5))


def test_columns_in_other_letters_are_not_passed_over(
    spark: SparkSession, model: RecommenderModel
) -> None:
    """Without a word, a basket's ratings would count 1, and what one is denied, all would be."""
    basket = spark.createDataFrame(ANN_AGAIN, SCHEMA)
    with pytest.raises(ColumnError, match=r"no column 'rating' .* did you mean 'Rating'"):
        model.recommendForHistories(basket.withColumnRenamed("rating", "Rating"), 5)
    denied = basket.select("user", "item").withColumnRenamed("user", "USER")
    with pytest.raises(ColumnError, match=r"no column 'user' .* did you mean 'USER'"):
        model.rankedLists(5, deny=denied)


# --- times ----------------------------------------------------------------------------------------

DAY = 86_400.0
TIMED = "user string, item string, rating double, timestamp double"
EVENTS = [
    ("ann", "alien", 5.0, 1e9),
    ("ann", "alien", 1.0, 1e9 + 30 * DAY),  # rated anew, lower
    ("ann", "blade", 3.0, 1e9 + 10 * DAY),
    *((*row, 1e9 + number * DAY) for number, row in enumerate(TRAINING) if row[0] != "ann"),
]


@pytest.fixture(
    scope="module",
    params=[("weight", "last", None), ("weight", "sum", 7.0), ("binary", "last", 7.0)],
    ids=str,
)
def timed(request: pytest.FixtureRequest, spark: SparkSession) -> RecommenderModel:
    preference, duplicates, half_life = request.param
    recommender = gr.RandomWalkRecommender(
        preference=preference, duplicates=duplicates, halfLife=half_life
    )
    return recommender.fit(spark.createDataFrame(EVENTS, TIMED))


def basket_of(name: str) -> list[tuple[Any, ...]]:
    return [("basket", *event[1:]) for event in EVENTS if event[0] == name]


def test_the_latest_rating_and_decay_are_those_of_the_training(
    spark: SparkSession, timed: RecommenderModel
) -> None:
    """All baskets of a frame, or one alone: what a basket gets depends on no other."""
    expected = lists(timed.recommendForAllUsers(5))
    for name in ("ann", "cat"):
        frame = spark.createDataFrame(basket_of(name), TIMED)
        assert lists(timed.recommendForHistories(frame, 5)) == {"basket": expected[name]}
    everybody = spark.createDataFrame(EVENTS, TIMED)
    assert lists(timed.recommendForHistories(everybody, 5)) == expected


def test_an_explanation_of_a_basket_weighs_it_as_the_lists_do(
    spark: SparkSession, timed: RecommenderModel
) -> None:
    frame = spark.createDataFrame(basket_of("ann"), TIMED)
    found = timed.explain("basket", "dune", histories=frame).contributions.collect()
    assert found == timed.explain("ann", "dune").contributions.collect()


def test_what_is_newer_than_the_training_does_not_weigh_more(
    spark: SparkSession, timed: RecommenderModel
) -> None:
    latest = max(event[3] for event in EVENTS)
    frames = [
        spark.createDataFrame(
            [("basket", item, 2.0, latest + age) for item in ("alien", "cube")], TIMED
        )
        for age in (0.0, 365 * DAY)
    ]
    assert lists(timed.recommendForHistories(frames[0], 5)) == lists(
        timed.recommendForHistories(frames[1], 5)
    )


def test_a_row_without_a_time_is_set_aside_as_in_the_training(
    spark: SparkSession, timed: RecommenderModel
) -> None:
    bad = [("basket", "cube", 5.0, None), ("basket", "dune", 5.0, 1e13), (" ", "cube", 5.0, 1e9)]
    frame = spark.createDataFrame([*basket_of("ann"), *bad], TIMED)
    expected = lists(timed.recommendForAllUsers(5))["ann"]
    assert lists(timed.recommendForHistories(frame, 5)) == {"basket": expected}
