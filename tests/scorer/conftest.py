"""One saved model of the sample data, small enough to be learned in seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from graphrec.recommenders.base import RecommenderModel


@pytest.fixture(scope="module")
def ratings(spark: SparkSession) -> DataFrame:
    return gr.samples.ratings(spark)


@pytest.fixture(scope="module")
def model(ratings: DataFrame) -> Iterator[RecommenderModel]:
    legs = [gr.RandomWalkRecommender(), gr.ALSRecommender(rank=8, maxIter=2)]
    learned = gr.HybridRecommender(legs, pseudoInteractions=0.0, diversity=0.2).fit(ratings)
    yield learned
    learned.unpersist()


@pytest.fixture(scope="module")
def saved(model: RecommenderModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "model"
    model.save(str(path))
    return path
