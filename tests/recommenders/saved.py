"""Loads what MLlib's tools were saved with: run by `test_mllib_tuning.py` in another process."""

from __future__ import annotations

import gc
import json
import sys
from typing import Any

from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.tuning import (
    CrossValidator,
    CrossValidatorModel,
    TrainValidationSplit,
    TrainValidationSplitModel,
)
from pyspark.sql import DataFrame

import graphrec as gr
from tests.quick_spark import QUICK


def listed(lists: DataFrame) -> dict[str, list[str]]:
    """The lists by user, of what `transform` gives with `transformTopK`."""
    return {row.userId: row.prediction for row in lists.collect()}


def main(folder: str) -> None:
    spark = gr.spark_session("another", config=QUICK)
    ratings = spark.read.parquet(f"{folder}/ratings")
    validated = CrossValidatorModel.load(f"{folder}/validated")
    split = TrainValidationSplitModel.load(f"{folder}/split")
    splitter = TrainValidationSplit.load(f"{folder}/splitter")
    settings = splitter.getEstimatorParamMaps()
    pipeline = Pipeline.load(f"{folder}/pipeline")
    anew: Any = pipeline.fit(ratings, settings[1])
    found = {
        "validated": listed(validated.transform(ratings)),
        "validated metrics": validated.avgMetrics,
        "validator": by_name(CrossValidator.load(f"{folder}/validator").getEstimatorParamMaps()),
        "split": listed(split.transform(ratings)),
        "split metrics": split.validationMetrics,
        "splitter": by_name(settings),
        "piped": listed(PipelineModel.load(f"{folder}/piped").transform(ratings)),
        "learned anew": listed(anew.transform(ratings)),
    }
    print(json.dumps(found))
    spark.stop()
    del anew
    gc.collect()
    print("dropped")


def by_name(maps: list[dict[Any, Any]]) -> list[dict[str, Any]]:
    return [{param.name: value for param, value in one.items()} for one in maps]


if __name__ == "__main__":
    main(sys.argv[1])
