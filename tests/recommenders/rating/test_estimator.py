from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import graphrec as gr
from graphrec.errors import ColumnError, EmptyInputError, ParameterError
from tests.persisted import persisted

DAY = 86_400.0


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
    return gr.RatingPredictor(rank=2, implicitRank=2).fit(split[0])


@pytest.fixture(scope="module")
def moods(spark: SparkSession) -> DataFrame:
    """Each user rates ten items on a good day and ten on a bad one, from -5 to 5."""
    random = np.random.default_rng(8)
    bias = random.normal(0, 0.3, 20)
    rows = [
        (
            f"u{user}",
            int(item),
            float(mood + bias[item] + random.normal(0, 0.5)),
            day * DAY + minute,
        )
        for user in range(20)
        for day, mood in ((10, 2.0), (20, -2.0))
        for minute, item in enumerate(random.permutation(20)[:10])
    ]
    latest = pd.DataFrame(rows).drop_duplicates([0, 1], keep="last")
    return spark.createDataFrame(
        latest.values.tolist(), "user string, item int, rating double, time double"
    ).persist()


@pytest.fixture(scope="module")
def moody(moods: DataFrame) -> gr.RatingPredictorModel:
    return gr.RatingPredictor(
        rank=1, implicitRank=1, maxIter=2, driftShare=0.5, allowNegative=True, deviationCol="sd"
    ).fit(moods)


def rmse(predicted: DataFrame, by: str = "prediction") -> float:
    error = F.pow(F.col(by) - F.col("rating"), 2)
    return float(predicted.select(F.sqrt(F.avg(error))).collect()[0][0])


def test_predictions_beat_the_biases_and_intervals_hold_the_ratings(
    split: tuple[DataFrame, DataFrame], model: gr.RatingPredictorModel
) -> None:
    train, test = (part.toPandas() for part in split)
    left = train.rating - train.rating.mean()
    item_bias = left.groupby(train.item).mean()
    left -= train.item.map(item_bias)
    biases = train.rating.mean() + test.item.map(item_bias)
    biases += test.user.map(left.groupby(train.user).mean())
    unsure = model.copy({model.deviationCol: "sd"})
    found = unsure.transform(split[1]).toPandas()
    merged = found.merge(test.assign(biases=biases), on=["user", "item", "rating"])
    assert len(merged) == len(test)
    by_factors = np.sqrt(((merged.rating - merged.prediction) ** 2).mean())
    assert by_factors < 0.6 * np.sqrt(((merged.rating - merged.biases) ** 2).mean())
    inside = (merged.rating - merged.prediction).abs() < 1.645 * merged.sd
    assert 0.8 < inside.mean() < 0.99
    with pytest.raises(ParameterError, match="predictionCol and deviationCol must differ"):
        model.copy({model.deviationCol: "prediction"}).transform(split[1])


def test_unknown_users_and_items_are_predicted_by_what_is_known(
    spark: SparkSession, split: tuple[DataFrame, DataFrame], model: gr.RatingPredictorModel
) -> None:
    rows = [(user, item) for user in ("u1", "nobody") for item in (*range(30), -7)]
    pairs = spark.createDataFrame(rows, "user string, item int")
    found = {(r.user, r.item): r.prediction for r in model.transform(pairs).collect()}
    means = split[0].groupBy("item").agg(F.avg("rating").alias("mean")).toPandas()
    of_nobody = [found["nobody", item] for item in means["item"]]
    assert np.corrcoef(of_nobody, means["mean"])[0, 1] > 0.9
    assert found["nobody", -7] == pytest.approx(means["mean"].mean(), abs=0.5)
    assert found["u1", -7] != found["nobody", -7]
    assert all(0.5 <= value <= 5.0 for value in found.values())


def test_a_bias_drifts_with_the_times(moods: DataFrame, moody: gr.RatingPredictorModel) -> None:
    """On the day, between the days, and from what was before alone."""
    users = moods.select("user").distinct()
    times = [(10 * DAY + 5, "good"), (15 * DAY, "between"), (20 * DAY + 5, "bad")]
    asked = moods.sparkSession.createDataFrame(times, "time double, day string")
    pairs = users.crossJoin(asked).withColumn("item", F.lit(3))

    def means(model: gr.RatingPredictorModel) -> dict[str, float]:
        rows = model.transform(pairs).groupBy("day").agg(F.avg("prediction")).collect()
        return {row[0]: row[1] for row in rows}

    known = means(moody)
    assert known["good"] > known["between"] + 0.7 > known["bad"] + 1.4
    before = means(earlier := moody.copy({moody.onlyEarlier: True}))
    assert before["good"] < known["good"]
    assert before["bad"] > known["bad"]
    with pytest.raises(ParameterError, match="onlyEarlier needs times"):
        earlier.transform(pairs.drop("time"))


def test_users_are_folded_in_from_profiles(
    moods: DataFrame, moody: gr.RatingPredictorModel
) -> None:
    """A stranger with the ratings of a known user is predicted as that one."""
    [known, stranger] = [
        moods.where("user = 'u1'").withColumn("user", F.lit(name)) for name in ("u1", "new")
    ]
    rejected = stranger.limit(1).withColumn("rating", F.lit(float("nan")))
    profiles = stranger.unionByName(rejected)
    expected = moody.transform(known).orderBy("item").drop("user").collect()
    found = moody.predictForProfiles(stranger, profiles).orderBy("item").drop("user").collect()
    assert found == expected
    untimed = moody.predictForProfiles(stranger, profiles.drop("time")).agg(F.avg("sd")).first()
    assert untimed is not None
    assert np.isfinite(untimed[0])
    with pytest.raises(ColumnError, match="no column 'rating'"):
        moody.predictForProfiles(stranger, profiles.drop("rating"))


def test_ratings_below_0_are_a_scale_where_that_is_said(
    moods: DataFrame, moody: gr.RatingPredictorModel
) -> None:
    assert moody.ratings.scale.lowest < -2.0
    with pytest.raises(ColumnError, match=r"all ratings are alike.*found 3 x 2; name another"):
        gr.RatingPredictor().fit(moods.limit(3).withColumn("rating", F.lit(2.0)))
    with pytest.raises(EmptyInputError, match="rating is negative"):
        gr.RatingPredictor().fit(moods.withColumn("rating", F.lit(-1.0)))


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
    gr.RatingPredictor(rank=1, implicitRank=1, maxIter=1).save(str(tmp_path / "predictor"))
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
