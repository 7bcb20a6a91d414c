"""MLlib's own tools tune a recommender on a ranking metric, and are saved with what they tuned."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.tuning import (
    CrossValidator,
    CrossValidatorModel,
    ParamGridBuilder,
    TrainValidationSplit,
    TrainValidationSplitModel,
)
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from tests.persisted import persisted
from tests.recommenders.saved import listed

# They leave their pool of threads to the garbage collector.
without_warning = pytest.mark.filterwarnings(
    "ignore:unclosed running multiprocessing pool:ResourceWarning"
)
pytestmark = [without_warning, pytest.mark.slow]

GRID = [{"walk": 0.05, "als": 0.95}, {"walk": 1.0, "als": 0.0}]


@pytest.fixture(scope="module")
def ratings(spark: SparkSession) -> DataFrame:
    everything = gr.samples.ratings(spark)
    some = everything.where("userId like '%1'").select("userId", "movieId").coalesce(1).cache()
    assert some.count()  # so that it is in memory before anything is fitted
    return some


@dataclass(frozen=True)
class Validated:
    validator: CrossValidator
    tuned: CrossValidatorModel
    kept: int  # frames that are persisted because of it


@dataclass(frozen=True)
class Split:
    splitter: TrainValidationSplit
    tuned: TrainValidationSplitModel
    kept: int


@pytest.fixture(scope="module")
def validated(spark: SparkSession, ratings: DataFrame) -> Validated:
    ease = gr.EASERecommender(transformTopK=5)
    validator = CrossValidator(
        estimator=ease,
        estimatorParamMaps=ParamGridBuilder().addGrid(ease.neighbours, [1, 100]).build(),
        evaluator=gr.RankingEvaluator(metricName="ndcg", k=5),
        numFolds=2,
        foldCol="fold",
        parallelism=2,
    )
    folds = gr.splits.with_folds(ratings, k=2, user="userId", item="movieId")
    before = persisted(spark)
    tuned = validator.fit(folds)
    return Validated(validator, tuned, len(persisted(spark) - before))


@pytest.fixture(scope="module")
def split(spark: SparkSession, ratings: DataFrame) -> Split:
    als = gr.ALSRecommender(rank=1, maxIter=1)
    hybrid = gr.HybridRecommender([gr.RandomWalkRecommender(), als], transformTopK=5)
    splitter = TrainValidationSplit(
        estimator=hybrid,
        estimatorParamMaps=[
            {hybrid.weights: GRID[0], als.rank: 2},
            {hybrid.weights: GRID[1], als.rank: 3},
        ],
        evaluator=gr.RankingEvaluator(metricName="recall", k=5),
        seed=1,
    )
    before = persisted(spark)
    tuned = splitter.fit(ratings)
    return Split(splitter, tuned, len(persisted(spark) - before))


def test_cross_validator_chooses_how_many_neighbours(validated: Validated) -> None:
    one, best = validated.tuned.avgMetrics
    assert best > one


def test_train_validation_split_chooses_weights_and_a_legs_parameter(split: Split) -> None:
    worst, best = split.tuned.validationMetrics
    assert best > worst
    model = split.tuned.bestModel
    assert isinstance(model, gr.HybridRecommenderModel)
    assert model.getWeights() == GRID[1]
    assert model.tables.factor_legs[0].factors.rank == 3
    assert model.uid == split.splitter.getEstimator().uid


def test_nothing_stays_in_memory_but_the_best_model(validated: Validated, split: Split) -> None:
    assert (validated.kept, split.kept) == (3, 3)


def test_all_is_loaded_in_another_process_and_gives_the_same(
    ratings: DataFrame, validated: Validated, split: Split, tmp_path: Path
) -> None:
    pipeline = Pipeline(stages=[split.splitter.getEstimator()])
    folder = str(tmp_path)
    validated.validator.save(f"{folder}/validator")
    validated.tuned.save(f"{folder}/validated")
    split.splitter.save(f"{folder}/splitter")
    split.tuned.save(f"{folder}/split")
    pipeline.save(f"{folder}/pipeline")
    PipelineModel([split.tuned.bestModel]).save(f"{folder}/piped")
    ratings.write.parquet(f"{folder}/ratings")
    done = subprocess.run(
        [sys.executable, "-m", "tests.recommenders.saved", folder],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout.splitlines()[-2])
    best = listed(split.tuned.transform(ratings))
    anew = pipeline.fit(ratings, split.splitter.getEstimatorParamMaps()[1])
    assert found == {
        "validated": listed(validated.tuned.transform(ratings)),
        "validated metrics": validated.tuned.avgMetrics,
        "validator": [{"neighbours": 1}, {"neighbours": 100}],
        "split": best,
        "split metrics": split.tuned.validationMetrics,
        "splitter": [{"weights": GRID[0], "rank": 2}, {"weights": GRID[1], "rank": 3}],
        "piped": best,
        "learned anew": listed(anew.transform(ratings)),
    }
    # A session that has ended keeps nothing, and a model that is dropped then is no trouble.
    assert done.stdout.splitlines()[-1] == "dropped"
    assert "Exception" not in done.stderr
