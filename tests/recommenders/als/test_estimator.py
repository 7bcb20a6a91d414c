"""The rank that is taken where none is set."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from graphrec.recommenders.als.estimator import ALSRecommender, default_rank
from tests.recommenders.checkerboard import COLUMNS, frame, history, rows


@pytest.mark.parametrize(
    ("interactions", "rank"),
    [(0, 1), (1, 1), (400, 10), (80_672, 142), (262_144, 256), (10**9, 256)],
)
def test_few_interactions_get_few_dimensions(interactions: int, rank: int) -> None:
    assert default_rank(interactions) == rank


def test_a_fit_takes_the_rank_that_fits_its_interactions(spark: SparkSession) -> None:
    model = ALSRecommender(**COLUMNS).fit(frame(spark, rows()))
    interactions = sum(len(items) for items in history().values())
    assert model.tables.factor_legs[0].factors.rank == default_rank(interactions)
