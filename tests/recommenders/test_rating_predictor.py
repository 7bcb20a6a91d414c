from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import graphrec as gr
from graphrec.errors import ColumnError
from tests.persisted import persisted


@pytest.fixture(scope="module")
def ratings(spark: SparkSession) -> DataFrame:
    """Ratings of 60 users and 30 items: biases, one taste, a little noise."""
    random = np.random.default_rng(3)
    user_bias, item_bias = random.normal(0, 0.5, 60), random.normal(0, 0.7, 30)
    user_taste, item_taste = random.normal(0, 1, 60), random.normal(0, 1, 30)
    rows = [
        (f"u{u}", i, float(np.clip(3 + user_bias[u] + item_bias[i] + taste + noise, 0.5, 5)))
        for u in range(60)
        for i in range(30)
        if random.random() < 0.6
        for taste, noise in [(0.7 * user_taste[u] * item_taste[i], random.normal(0, 0.1))]
    ]
    return spark.createDataFrame(rows, "user string, item int, rating double").persist()


@pytest.fixture(scope="module")
def split(ratings: DataFrame) -> tuple[DataFrame, DataFrame]:
    return gr.splits.random_per_user(ratings, test_fraction=0.2, seed=5)


@pytest.fixture(scope="module")
def model(split: tuple[DataFrame, DataFrame]) -> gr.RatingPredictorModel:
    return gr.RatingPredictor(rank=2, regParam=0.02, shrinkage=2.0).fit(split[0])


def rmse(predicted: DataFrame, by: str = "prediction") -> float:
    error = F.pow(F.col(by) - F.col("rating"), 2)
    return float(predicted.select(F.sqrt(F.avg(error))).collect()[0][0])


def test_predictions_beat_the_biases_and_those_the_mean(
    split: tuple[DataFrame, DataFrame], model: gr.RatingPredictorModel
) -> None:
    train, test = split
    mean = train.agg(F.avg("rating")).collect()[0][0]
    # so heavily regularised that the factors are 0: what is left are the biases
    biases = gr.RatingPredictor(rank=1, regParam=1e6, shrinkage=2.0).fit(train)
    by_mean = rmse(test.withColumn("prediction", F.lit(mean)))
    by_biases, by_factors = rmse(biases.transform(test)), rmse(model.transform(test))
    assert by_factors < 0.6 * by_biases
    assert by_biases < 0.95 * by_mean


def test_biases_are_the_shrunken_means(split: tuple[DataFrame, DataFrame]) -> None:
    train, test = split
    model = gr.RatingPredictor(rank=1, regParam=1e6, shrinkage=2.0).fit(train)
    frame = train.toPandas()
    mean = frame.rating.mean()
    by_item = (frame.rating - mean).groupby(frame.item)
    item_bias = by_item.sum() / (by_item.size() + 2.0)
    left = frame.rating - mean - frame.item.map(item_bias)
    by_user = left.groupby(frame.user)
    user_bias = by_user.sum() / (by_user.size() + 2.0)
    found = model.transform(test).toPandas()
    expected = mean + found.user.map(user_bias) + found.item.map(item_bias)
    low, high = frame.rating.min(), frame.rating.max()
    np.testing.assert_allclose(found.prediction, expected.clip(low, high), atol=1e-4)


def test_unknown_users_and_items_are_predicted_by_what_is_known(
    spark: SparkSession, split: tuple[DataFrame, DataFrame], model: gr.RatingPredictorModel
) -> None:
    pairs = spark.createDataFrame(
        [("u1", 1), ("nobody", 1), ("u1", -7), ("nobody", -7)], "user string, item int"
    )
    found = {(r.user, r.item): r.prediction for r in model.transform(pairs).collect()}
    mean = split[0].agg(F.avg("rating")).collect()[0][0]
    assert found["nobody", -7] == pytest.approx(mean, abs=1e-4)
    assert len(set(found.values())) == 4
    assert all(0.5 <= value <= 5.0 for value in found.values())


def test_an_id_that_is_missing_counts_as_unknown(
    spark: SparkSession, model: gr.RatingPredictorModel
) -> None:
    schema = "user_key int, user string, item int"
    rows = [(1, None, 1), (2, "u1", None), (3, None, None), (4, " ", 1), (5, None, 1)]
    rows += [(6, "nobody", 1), (7, "u1", -7), (8, "nobody", -7)]
    found = model.transform(spark.createDataFrame(rows, schema))
    assert found.columns == ["user_key", "user", "item", "prediction"]
    by_note = {row.user_key: row.prediction for row in found.collect()}
    assert None not in by_note.values()
    assert by_note[1] == by_note[4] == by_note[5] == by_note[6]
    assert (by_note[2], by_note[3]) == (by_note[7], by_note[8])


@pytest.mark.parametrize("kinds", ["user int, item int", "user string, item double"])
def test_ids_of_another_type_are_refused(
    spark: SparkSession, model: gr.RatingPredictorModel, kinds: str
) -> None:
    with pytest.raises(ColumnError, match=r"'(user|item)'.* found (int|double)"):
        model.transform(spark.createDataFrame([], kinds))


def test_a_model_predicts_the_same_after_loading(
    split: tuple[DataFrame, DataFrame], model: gr.RatingPredictorModel, tmp_path: Path
) -> None:
    model.write().save(str(tmp_path / "model"))
    loaded = gr.RatingPredictorModel.load(str(tmp_path / "model"))
    before = model.transform(split[1]).orderBy("user", "item").collect()
    assert loaded.transform(split[1]).orderBy("user", "item").collect() == before
    assert loaded.value("rank") == 2


def test_the_new_column_has_the_name_that_is_asked_for_and_replaces_none(
    split: tuple[DataFrame, DataFrame], model: gr.RatingPredictorModel
) -> None:
    named = model.copy({model.predictionCol: "stars"}).transform(split[1])
    assert sorted(named.columns) == ["item", "rating", "stars", "user"]
    assert rmse(named, by="stars") == pytest.approx(rmse(model.transform(split[1])))
    with pytest.raises(ColumnError, match="column prediction already exists"):
        model.transform(split[1].withColumn("prediction", F.lit(1)))


def test_an_estimator_is_saved_and_its_model_frees_what_it_holds(
    spark: SparkSession, split: tuple[DataFrame, DataFrame], tmp_path: Path
) -> None:
    gr.RatingPredictor(rank=1, maxIter=1).save(str(tmp_path / "predictor"))
    predictor = gr.RatingPredictor.load(str(tmp_path / "predictor"))
    before = persisted(spark)
    model = predictor.fit(split[0], {predictor.seed: 3})
    assert (model.uid, model.value("rank"), model.value("seed")) == (predictor.uid, 1, 3)
    assert len(persisted(spark) - before) == 1
    copied = model.copy()
    del model
    assert len(persisted(spark) - before) == 1
    copied.unpersist()
    assert not persisted(spark) - before
    assert copied.transform(split[1]).where("prediction is null").isEmpty()


def test_ratings_are_needed(ratings: DataFrame) -> None:
    with pytest.raises(ColumnError, match="rating column"):
        gr.RatingPredictor().fit(ratings.drop("rating"))
