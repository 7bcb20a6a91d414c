"""Figures of pairs against the same made in Python, and a fingerprint of the data alone."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from graphrec.data.figures import InteractionFigures

ROWS = [
    ("ann", 1, 0.4), ("ann", 2, 5.0), ("ben", 1, 4.5), ("ben", 3, -2.0), ("cas", 2, 12.0),
    ("cas", 3, 14.9), ("dan", 1, 99.0), ("eve", 1, 100.0), ("fay", 1, 1000.0), ("gus", 2, 5.2),
]  # fmt: skip


def figures(frame: DataFrame) -> InteractionFigures:
    with gr.Dataset.from_interactions(frame) as dataset:
        assert dataset.figures is not None
        return dataset.figures


def test_ratings_are_counted_between_fixed_bounds(spark: SparkSession) -> None:
    found = figures(spark.createDataFrame(ROWS, "user string, item int, rating double"))
    expected = [(0.0, 1), (4.5, 1), (5.0, 2), (10.0, 2), (95.0, 1), (100.0, 1), (1000.0, 1)]
    assert list(found.histogram) == expected
    assert (found.interactions, found.dislikes) == (9, 1)
    assert found.ratings is not None
    taken = [rating for *_, rating in ROWS if rating >= 0]
    assert (found.ratings.lowest, found.ratings.highest) == (0.4, 1000.0)
    assert found.ratings.mean == round(sum(taken) / len(taken), 6)


def test_the_fingerprint_is_of_the_data_alone(spark: SparkSession) -> None:
    """Neither partitions, order and repeats nor the width of ids change it, any figure does."""
    one = figures(spark.createDataFrame(ROWS, "user string, item int, rating double"))
    turned = spark.createDataFrame(ROWS[::-1] + ROWS[:1], "user string, item long, rating double")
    assert figures(turned.repartition(5)).fingerprint == one.fingerprint
    assert len(one.fingerprint) == 16
    changed = [(*ROWS[0][:2], 0.5), *ROWS[1:]]
    other = spark.createDataFrame(changed, "user string, item int, rating double")
    assert figures(other).fingerprint != one.fingerprint
