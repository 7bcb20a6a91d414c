"""How a model was learned: its Estimator, in the model's own metadata.

An Estimator of its own directory takes a job for each of its parts; beside a model it is a few
lines of the metadata that are written anyway. Frames that it was given (features of items and
users, factors) become tables of the model's directory.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Final

from pyspark.ml.util import DefaultParamsReader, DefaultParamsWriter
from pyspark.sql import DataFrame, SparkSession

from graphrec.recommenders.learning_estimator import LearningEstimator
from graphrec.recommenders.saved_directory import restore_params

_KEPT: Final = ("class", "uid", "sparkVersion", "paramMap", "defaultParamMap")


def describe_estimator(
    spark: SparkSession, estimator: LearningEstimator[Any]
) -> tuple[dict[str, Any], dict[str, DataFrame]]:
    """An Estimator as JSON, and the frames it was given by the names of their tables.

    Args:
        spark: the running session.
        estimator: perhaps made of others.
    """
    frames: dict[str, DataFrame] = {}
    return _described(spark, estimator, frames, count()), frames


def _described(
    spark: SparkSession,
    estimator: LearningEstimator[Any],
    frames: dict[str, DataFrame],
    numbers: Iterator[int],
) -> dict[str, Any]:
    metadata = json.loads(DefaultParamsWriter._get_metadata_to_save(estimator, spark))
    described = {name: metadata[name] for name in _KEPT} | {"frames": {}, "parts": {}}
    for name, value in estimator.given().items():
        if isinstance(value, DataFrame):
            table = f"given_{next(numbers)}"
            described["frames"][name] = table
            frames[table] = value
        else:
            described["parts"][name] = [_described(spark, part, frames, numbers) for part in value]
    return described


def estimator_of(described: dict[str, Any], read: Callable[[str], DataFrame]) -> Any:
    """The inverse of `describe_estimator`.

    Args:
        described: the JSON.
        read: gives a table of the model's directory by its name.
    """
    cls = DefaultParamsReader._DefaultParamsReader__get_class(described["class"])  # type: ignore[attr-defined]
    given: dict[str, Any] = {name: read(table) for name, table in described["frames"].items()}
    for name, parts in described["parts"].items():
        given[name] = [estimator_of(part, read) for part in parts]
    estimator = cls(**given)
    restore_params(estimator, described)
    return estimator
