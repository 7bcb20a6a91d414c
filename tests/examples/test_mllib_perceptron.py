"""MLlib's perceptron learns from vectors which pairs are likely."""

from __future__ import annotations

import math

import pytest
from pyspark.sql import DataFrame, SparkSession

from examples.mllib_perceptron import fit_perceptron

ITEMS = 16


@pytest.fixture(scope="module")
def vectors(spark: SparkSession) -> DataFrame:
    """Items around a circle."""
    angles = [(item, 2.0 * math.pi * item / ITEMS) for item in range(ITEMS)]
    rows = [(item, [math.cos(angle), math.sin(angle)]) for item, angle in angles]
    return spark.createDataFrame(rows, "film int, vector array<float>").coalesce(1)


def test_pairs_of_one_side_of_the_circle_are_likely(
    spark: SparkSession, vectors: DataFrame
) -> None:
    """Each user has five of eight neighbouring items; the other three are as likely."""
    own = {user: [(2 * user + step) % ITEMS for step in range(8)] for user in range(8)}
    taken = [(user, items[step]) for user, items in own.items() for step in (0, 1, 3, 5, 7)]
    pairs = spark.createDataFrame(taken, "user int, item int").coalesce(1)
    scorer = fit_perceptron(pairs, vectors, hidden=[8], negatives=3, iterations=30)
    asked = [(user, item, 1.5) for user in own for item in (*range(ITEMS), 99)]
    found = scorer.score(spark.createDataFrame(asked, "user int, item int, score double"))
    assert found.columns == ["user", "item", "score", "probability"]
    likely = {(row.user, row.item): row.probability for row in found.collect()}
    assert likely.keys() == {(user, item) for user in own for item in range(ITEMS)}
    best = sorted(likely, key=lambda pair: -likely[pair])[: 8 * len(own)]
    assert sum(item in own[user] for user, item in best) > 0.85 * len(best)  # by chance .5
