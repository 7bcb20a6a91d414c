"""The evaluator by itself, and at work in MLlib's tuning tools with a real recommender."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyspark.ml import Estimator, Model
from pyspark.ml.param import Param, Params, TypeConverters
from pyspark.ml.tuning import CrossValidator, ParamGridBuilder, TrainValidationSplit
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from graphrec.data.splits import with_folds
from graphrec.errors import ColumnError, EmptyInputError, ParameterError
from graphrec.evaluation.evaluator import RankingEvaluator
from graphrec.evaluation.metrics import FORMULAS, ranking_metrics

Table = Callable[..., DataFrame]

# MLlib's tuning tools leave their pool of threads to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed running multiprocessing pool:ResourceWarning"
)


class Popular(Estimator["PopularModel"]):
    """Everybody gets the items with the greatest sum of weight ** power."""

    power: Param[float] = Param(
        Params._dummy(), "power", "exponent of the weight", typeConverter=TypeConverters.toFloat
    )

    def __init__(self) -> None:
        super().__init__()
        self._setDefault(power=0.0)

    def _fit(self, dataset: DataFrame) -> PopularModel:
        score = F.sum(F.pow("weight", F.lit(self.getOrDefault(self.power))))
        return PopularModel(dataset.groupBy("item").agg(score.alias("score")))


class PopularModel(Model):
    """`transform` gives each user of the dataset the best three and the items held out."""

    def __init__(self, scores: DataFrame) -> None:
        super().__init__()
        self.scores = scores

    def _transform(self, dataset: DataFrame) -> DataFrame:
        best = self.scores.orderBy(F.desc("score"), "item").limit(3)
        ranked = F.sort_array(F.collect_list(F.struct(-F.col("score"), "item")))
        top = best.agg(F.transform(ranked, lambda entry: entry["item"]).alias("prediction"))
        held_out = dataset.groupBy("user").agg(F.collect_set("item").alias("label"))
        return held_out.crossJoin(top)  # one list for all


@pytest.fixture(scope="module")
def ratings(table: Table) -> DataFrame:
    """Many users like x, y and z a little; a few adore other films: power 0 ranks best."""
    liked = [(u, item, 1.0) for u in range(30) for item in "xyz"]
    adored = [(u, item, 5.0) for u in range(12) for item in "abc"]
    return table("user item weight", *liked, *adored).coalesce(1).cache()


def test_it_measures_nested_lists(table: Table) -> None:
    dataset = table(
        "prediction label",
        (["a", "b", "c"], ["b", "z", "b"]),
        (None, ["a"]),
        ([], ["a"]),
        (["a"], []),  # nothing held out: does not count
        (["a"], None),
    )
    measured = {
        metric: RankingEvaluator(metricName=metric, k=2).evaluate(dataset) for metric in FORMULAS
    }
    assert measured["recall"] == pytest.approx(1 / 2 / 3)
    assert measured["precision"] == pytest.approx(1 / 2 / 3)
    assert measured["mrr"] == pytest.approx(1 / 2 / 3)
    assert measured["user_coverage"] == pytest.approx(1 / 3)
    assert RankingEvaluator(metricName="hit_rate", k=1).evaluate(dataset) == 0


def test_it_agrees_with_the_metrics_of_long_frames(oracle: Callable[[str], DataFrame]) -> None:
    recommendations, test = oracle("recommendations"), oracle("test")
    ranked = F.sort_array(F.collect_list(F.struct("rank", "item")))
    lists = recommendations.groupBy("user").agg(
        F.transform(ranked, lambda entry: entry["item"]).alias("prediction")
    )
    nested = (
        test.groupBy("user").agg(F.collect_list("item").alias("label")).join(lists, "user", "left")
    )
    means = ranking_metrics(recommendations, test, k=5).agg(*(F.avg(m).alias(m) for m in FORMULAS))
    (expected,) = means.collect()
    evaluator = RankingEvaluator(k=5)
    for metric in FORMULAS:
        measured = evaluator.evaluate(nested, {evaluator.metricName: metric})
        assert measured == pytest.approx(expected[metric]), metric


def test_params(spark: SparkSession, tmp_path: Path) -> None:  # saving needs a session
    evaluator = RankingEvaluator(metricName="recall", predictionCol="list")
    assert (evaluator.getMetricName(), evaluator.getK()) == ("recall", 10)
    assert evaluator.isLargerBetter()
    evaluator.setK(5).setMetricName("map").setLabelCol("seen").setPredictionCol("shown")
    assert evaluator.setParams(k=7) is evaluator
    evaluator.write().overwrite().save(str(tmp_path / "evaluator"))
    loaded = RankingEvaluator.load(str(tmp_path / "evaluator"))
    assert loaded.extractParamMap() == evaluator.extractParamMap()
    assert (loaded.getMetricName(), loaded.getK()) == ("map", 7)
    assert (loaded.getLabelCol(), loaded.getPredictionCol()) == ("seen", "shown")


@pytest.mark.parametrize(
    "wrong",
    [{"metricName": "auc"}, {"metricName": 5}, {"k": 0}, {"k": True}, {"k": 1.5}, {"k": "10"}],
)
def test_params_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="must be"):
        RankingEvaluator(**wrong)


def test_bad_datasets_are_refused(table: Table) -> None:
    with pytest.raises(ColumnError, match="'label'"):
        RankingEvaluator().evaluate(table("user prediction", (1, ["a"])))
    with pytest.raises(ColumnError, match=r"found struct<.*prediction:double.*set transformTopK"):
        RankingEvaluator().evaluate(table("user prediction label", (1, 0.5, ["a"])))
    with pytest.raises(ColumnError, match="held-out items 'label' of one type"):
        RankingEvaluator().evaluate(table("prediction label", (["a"], "a")))
    with pytest.raises(ColumnError, match="held-out items 'label' of one type"):
        RankingEvaluator().evaluate(table("prediction label", (["7"], [7])))
    with pytest.raises(EmptyInputError, match="no user has a held-out item"):
        RankingEvaluator().evaluate(
            table("prediction label", (["a"], None)).selectExpr(
                "prediction", "cast(label as array<string>) as label"
            )
        )


def test_cross_validator_tunes_on_a_ranking_metric(ratings: DataFrame) -> None:
    popular = Popular()
    validator = CrossValidator(
        estimator=popular,
        estimatorParamMaps=ParamGridBuilder().addGrid(popular.power, [2.0, 0.0]).build(),
        evaluator=RankingEvaluator(metricName="recall", k=3),
        numFolds=2,
        foldCol="fold",
    )
    folds = with_folds(ratings, k=2)
    tuned = validator.fit(folds)
    by_weight, by_users = tuned.avgMetrics
    assert by_users > by_weight
    best = tuned.bestModel.transform(ratings).first()
    assert best is not None
    assert set(best.prediction) == {"x", "y", "z"}
    # What it reports is the mean over the folds of what the evaluator says of each.
    train, test = folds.filter("fold = 0"), folds.filter("fold = 1")
    by_hand = [
        validator.getEvaluator().evaluate(popular.fit(one).transform(other))
        for one, other in ((train, test), (test, train))
    ]
    assert by_users == pytest.approx(sum(by_hand) / 2)


def test_train_validation_split_tunes_on_a_ranking_metric(ratings: DataFrame) -> None:
    popular = Popular()
    tuned = TrainValidationSplit(
        estimator=popular,
        estimatorParamMaps=ParamGridBuilder().addGrid(popular.power, [2.0, 0.0]).build(),
        evaluator=RankingEvaluator(metricName="ndcg", k=3),
        trainRatio=0.5,
        seed=1,
    ).fit(ratings)
    by_weight, by_users = tuned.validationMetrics
    assert by_users > by_weight
