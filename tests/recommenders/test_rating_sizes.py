"""Ratings as weights: whatever their size, what is learned and listed is finite, or refused."""

from __future__ import annotations

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import graphrec as gr
from graphrec.errors import ColumnError
from tests.recommenders.checkerboard import COLUMNS, frame, rows
from tests.recommenders.checkerboard import legs as small_legs


def rated(spark: SparkSession, ratings: list[float]) -> DataFrame:
    """The checkerboard, with some of its first row's ratings replaced."""
    changed = list(rows())
    for row, rating in enumerate(ratings):
        viewer, film, _, day = changed[row]
        changed[row] = (viewer, film, rating, day)
    return frame(spark, changed)


def test_a_rating_that_no_sum_can_hold_is_set_aside(spark: SparkSession) -> None:
    hybrid = gr.HybridRecommender(small_legs(rank=4), preference="weight", **COLUMNS)
    model = hybrid.fit(rated(spark, [1e308, 1e39, 0.0, 1e-300]))
    assert model.figures is not None
    assert model.figures.rejected == {"rating is beyond a billion": 2}
    lists = model.rankedLists(5)
    numbers = [name for name, kind in lists.dtypes if kind in ("float", "double")]
    assert numbers[0] == "score"
    strange = [F.count_if(F.isnan(name) | (F.abs(name) == float("inf"))) for name in numbers]
    assert not any(lists.agg(*strange).collect()[0])
    assert np.isfinite(model.tables.neighbours.data).all()


def test_weights_whose_squares_cannot_be_summed_up_are_refused(spark: SparkSession) -> None:
    large = rated(spark, [9e8])
    message = r"ratings are too large to be weights; found 9e\+08 among \d+ interactions; divide"
    with pytest.raises(ColumnError, match=message):
        gr.PopularityRecommender(preference="weight", **COLUMNS).fit(large)
    gr.PopularityRecommender(**COLUMNS).fit(large)  # where they do not weigh, they do no harm
