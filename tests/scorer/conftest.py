"""One saved model of the sample data, small enough to be learned in seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from graphrec.recommenders.base import RecommenderModel
from tests.small_model import small_model


@pytest.fixture(scope="session")
def model(spark: SparkSession) -> Iterator[RecommenderModel]:
    learned = small_model(spark)
    yield learned
    learned.unpersist()


@pytest.fixture(scope="session")
def saved(model: RecommenderModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "model"
    model.save(str(path))
    return path
