"""Users of a hotel site: even ones go by the food, odd ones by the quiet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import graphrec as gr
from graphrec.errors import ColumnError, ParameterError

SCHEMA = "user int, item string, overall double, food double, quiet double"


@pytest.fixture(scope="module")
def stays(spark: SparkSession) -> DataFrame:
    """Food is rated from -5 to 5, the rest from 1 to 5; every tenth rating of it is missing."""
    random = np.random.default_rng(6)
    rows = []
    for user in range(20):
        for item in range(16):
            food, quiet = random.uniform(-5, 5), random.uniform(1, 5)
            liked = 0.9 * (food + 5) / 2.5 + 0.1 * quiet
            if user % 2:
                liked = 0.1 * (food + 5) / 2.5 + 0.9 * quiet
            missing = (user + item) % 10 == 0
            rows.append((user, f"i{item}", liked, None if missing else food, quiet))
    return spark.createDataFrame(rows, SCHEMA).persist()


def predictor(**settings: Any) -> gr.MultiCriteriaPredictor:
    small = {"rank": 1, "implicitRank": 1, "maxIter": 1, "allowNegative": True}
    return gr.MultiCriteriaPredictor(criteriaCols=["food", "quiet"], **small, **settings)


@pytest.fixture(scope="module")
def model(stays: DataFrame) -> gr.MultiCriteriaModel:
    return predictor(weightShrinkage=2.0, deviationCol="sd").fit(stays)


def test_what_matters_to_whom_is_found(stays: DataFrame, model: gr.MultiCriteriaModel) -> None:
    found = model.explain(stays).toPandas().pivot(index="user", columns="criterion")
    share = found["share"]
    assert share.food[::2].min() > 0.6
    assert share.food[1::2].max() < 0.4
    np.testing.assert_allclose(share.sum(axis=1), 1.0)
    strangers = stays.select((F.col("user") + 100).alias("user")).limit(1)
    told = {row.criterion: row.weight for row in model.explain(strangers).collect()}
    np.testing.assert_allclose([told["food"], told["quiet"]], model.fitted.of_all)


def test_what_the_criteria_tell_changes_the_biases_of_items_and_nothing_else(
    stays: DataFrame, model: gr.MultiCriteriaModel
) -> None:
    small = {"rank": 1, "implicitRank": 1, "maxIter": 1, "allowNegative": True}
    alone = gr.RatingPredictor(ratingCol="overall", **small).fit(stays)
    nothing = gr.MultiCriteriaPredictor(criteriaCols=["quiet"], biasWeight=0.0, **small).fit(stays)
    with_criteria, without, single = (
        one.ratings.factors.items for one in (model.fitted.overall, nothing.fitted.overall, alone)
    )
    np.testing.assert_array_equal(without, single)
    np.testing.assert_array_equal(with_criteria[:, 1:], single[:, 1:])
    assert np.abs(with_criteria[:, 0] - single[:, 0]).min() > 0


def test_a_loaded_model_predicts_all_as_the_predictors_it_is_made_of(
    spark: SparkSession, stays: DataFrame, model: gr.MultiCriteriaModel, tmp_path: Path
) -> None:
    pairs = spark.createDataFrame([(2, "i1"), (99, "i1"), (1, "nothing")], "user int, item string")
    model.write().save(str(tmp_path / "model"))
    loaded = gr.MultiCriteriaModel.load(str(tmp_path / "model"))
    predictor().save(str(tmp_path / "predictor"))
    again = gr.MultiCriteriaPredictor.load(str(tmp_path / "predictor"))
    assert again.value("criteriaCols") == ["food", "quiet"]
    mixed = loaded.copy({loaded.aggregation: 0.5})
    found = mixed.transform(pairs).toPandas().set_index(["user", "item"])
    assert list(found) == ["prediction", "sd", "prediction_food", "prediction_quiet"]
    assert not found.isna().any(axis=None)
    alone = model.fitted.overall.transform(pairs).toPandas().set_index(["user", "item"])
    fitted = model.fitted
    by_user, by_item = (dict(frame.collect()) for frame in (fitted.by_user, fitted.by_item))
    for (user, item), row in found.iterrows():
        weights = [by_user.get(user, fitted.of_all), by_item.get(item, fitted.of_all)]
        made = sum(
            weight
            * (row[f"prediction_{name}"] - one.ratings.scale.mean)
            / one.ratings.scale.deviation
            for weight, (name, one) in zip(
                np.mean(weights, axis=0), fitted.criteria.items(), strict=True
            )
        )
        scale = fitted.overall.ratings.scale
        made = np.clip(scale.mean + scale.deviation * made, scale.lowest, scale.highest)
        direct = alone.loc[(user, item), "prediction"]
        assert row.prediction == pytest.approx((made + direct) / 2, abs=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"food": None}, "column 'food' holds no rating"),
        ({"quiet": 3.0}, "ratings in the column 'quiet' are alike; found 3 everywhere"),
        ({"overall": "good"}, "column 'overall' holds no rating"),
    ],
)
def test_columns_without_anything_to_learn_are_refused(
    stays: DataFrame, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ColumnError, match=message):
        predictor().fit(stays.withColumns({name: F.lit(value) for name, value in change.items()}))


def test_columns_and_weights_that_are_none_are_refused(stays: DataFrame) -> None:
    with pytest.raises(ColumnError, match="no column 'service' for the criterion"):
        gr.MultiCriteriaPredictor(criteriaCols=["service"]).fit(stays)
    with pytest.raises(ParameterError, match="criteriaCols must name"):
        gr.MultiCriteriaPredictor().fit(stays)
    for wrong in ("food", [], ["food", "food"], [1]):
        with pytest.raises(ParameterError, match="criteriaCols must be a list"):
            gr.MultiCriteriaPredictor(criteriaCols=wrong)
    for name in ("weightShrinkage", "aggregation", "biasWeight"):
        with pytest.raises(ParameterError, match=f"{name} must be a number"):
            gr.MultiCriteriaPredictor(**{name: "much"})
    with pytest.raises(ColumnError, match="usual name for the overall rating"):
        predictor().fit(stays.withColumnRenamed("overall", "liking"))
