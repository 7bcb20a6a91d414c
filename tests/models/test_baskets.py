"""New histories are read by the rules of the training: bad rows, duplicates, weights."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from graphrec.models.recommender import RecommenderModel

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
    recommender = gr.PageRankRecommender(preference=preference, duplicates=duplicates)
    return recommender.fit(spark.createDataFrame(TRAINING, SCHEMA))


def test_a_basket_is_weighed_as_the_training_was(
    spark: SparkSession, model: RecommenderModel
) -> None:
    found = lists(model.recommendForProfiles(spark.createDataFrame(ANN_AGAIN, SCHEMA), 5))
    assert found == {"basket": lists(model.recommendForAllUsers(5))["ann"]}


def test_rows_that_the_training_would_set_aside_do_not_count(
    spark: SparkSession, model: RecommenderModel
) -> None:
    bad = [
        ("basket", "cube", math.nan),
        ("basket", "dune", -1.0),
        ("basket", "eden", None),
        ("basket", None, 3.0),
        (None, "alien", 3.0),
        ("nothing good", "alien", math.inf),
    ]
    dataset = spark.createDataFrame([*ANN_AGAIN, *bad], SCHEMA)
    found = lists(model.recommendForProfiles(dataset, 5))
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
    found = lists(model.recommendForProfiles(plain, 5))
    assert found == lists(model.recommendForProfiles(rated, 5))
