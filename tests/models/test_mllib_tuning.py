"""MLlib's own tools tune a recommender on a ranking metric."""

from __future__ import annotations

import pytest
from pyspark.ml.tuning import CrossValidator, ParamGridBuilder, TrainValidationSplit
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr

# They leave their pool of threads to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed running multiprocessing pool:ResourceWarning"
)


@pytest.fixture(scope="module")
def ratings(spark: SparkSession) -> DataFrame:
    everything = gr.samples.ratings(spark)
    return everything.where("userId like '%1'").select("userId", "movieId").coalesce(1).cache()


def test_cross_validator_chooses_how_many_partners(ratings: DataFrame) -> None:
    ridge = gr.RidgeRecommender(transformTopK=5)
    validator = CrossValidator(
        estimator=ridge,
        estimatorParamMaps=ParamGridBuilder().addGrid(ridge.partners, [1, 100]).build(),
        evaluator=gr.RankingEvaluator(metricName="ndcg", k=5),
        numFolds=2,
        foldCol="fold",
    )
    folds = gr.splits.with_folds(ratings, k=2, user="userId", item="movieId")
    tuned = validator.fit(folds)
    one, best = tuned.avgMetrics
    assert best > one


def test_train_validation_split_chooses_the_weights_of_a_blend(ratings: DataFrame) -> None:
    hybrid = gr.HybridRecommender(
        [gr.PageRankRecommender(), gr.ALSRecommender(rank=1, iterations=1)], transformTopK=5
    )
    grid = [{"walk": 0.05, "als": 0.95}, {"walk": 1.0, "als": 0.0}]
    splitter = TrainValidationSplit(
        estimator=hybrid,
        estimatorParamMaps=ParamGridBuilder().addGrid(hybrid.weights, grid).build(),
        evaluator=gr.RankingEvaluator(metricName="recall", k=5),
        seed=1,
    )
    tuned = splitter.fit(ratings)
    assert tuned.validationMetrics[1] > tuned.validationMetrics[0]
    assert tuned.bestModel.value("weights") == grid[1]
