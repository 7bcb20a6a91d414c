"""Estimators take parameter maps of their own and of their parts, and are saved with all of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyspark.ml import Pipeline
from pyspark.ml.feature import StringIndexer
from pyspark.ml.param import Param
from pyspark.ml.util import MLReadable, MLWritable
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from graphrec.errors import OutputExistsError, ParameterError, UnreadableInputError
from graphrec.params import DefaultParams
from graphrec.recommenders.base import Recommender

CLASSES = [getattr(gr, name) for name in gr.__all__ if isinstance(getattr(gr, name), type)]
OURS = [cls for cls in CLASSES if issubclass(cls, DefaultParams)]


def hybrid_and_als() -> tuple[gr.HybridRecommender, gr.ALSRecommender]:
    als = gr.ALSRecommender(rank=3, maxIter=1)
    return gr.HybridRecommender([gr.RandomWalkRecommender(), als], maxHistory=50), als


# --- parameters of parts --------------------------------------------------------------------------


def test_a_parameter_map_reaches_the_legs() -> None:
    hybrid, als = hybrid_and_als()
    copied = hybrid.copy({als.rank: 2, hybrid.candidates: 7})
    assert [leg.uid for leg in copied.legs] == [leg.uid for leg in hybrid.legs]
    assert (copied.setting("als.rank"), als.getRank()) == (2, 3)
    assert (copied.getCandidates(), hybrid.getCandidates()) == (7, 300)
    assert copied.copy({copied.legs[1].rank: 5}).setting("als.rank") == 5
    inner = gr.HybridRecommender([hybrid]).copy({als.rank: 2}).legs[0]
    assert isinstance(inner, gr.HybridRecommender)
    assert inner.setting("als.rank") == 2


@pytest.mark.usefixtures("spark")  # an indexer is the JVM's
def test_a_pipeline_hands_each_stage_the_parameters_of_all() -> None:
    hybrid, als = hybrid_and_als()
    indexer = StringIndexer(inputCol="a", outputCol="b")
    copied = Pipeline(stages=[indexer, hybrid]).copy({als.rank: 2, indexer.handleInvalid: "keep"})
    found: Any = copied.getStages()[1]
    assert found.setting("als.rank") == 2


@pytest.mark.parametrize("name", ["maxNeighbours", "userCol", "numReasons", "predictionCol"])
def test_a_legs_parameter_that_is_taken_from_the_hybrid_is_refused(name: str) -> None:
    hybrid, als = hybrid_and_als()
    message = f"^{name} of a leg has no effect: it is taken from the hybrid; set the hybrid's own"
    with pytest.raises(ParameterError, match=message):
        hybrid.copy({als.getParam(name): als.value(name)})
    with pytest.raises(ParameterError, match=message):
        hybrid.with_settings({f"als.{name}": als.value(name)})


def test_a_parameter_of_something_else_is_refused(spark: SparkSession) -> None:
    hybrid, als = hybrid_and_als()
    nobodys = gr.ALSRecommender().rank
    message = f"has no part that the parameter rank is of; found {nobodys}; its parts are Hyb.*ALS"
    for params in ({nobodys: 2}, [{als.rank: 2}, {nobodys: 2}]):
        with pytest.raises(ParameterError, match=message):
            hybrid.fit(spark.range(1), params)
    with pytest.raises(ParameterError, match="RatingPredictor has no part that"):
        gr.RatingPredictor().fit(spark.range(1), {nobodys: 2})
    by_name: Any = {"rank": 2}
    with pytest.raises(ParameterError, match="must be Params; found 'rank'"):
        hybrid.fit(spark.range(1), by_name)


@pytest.mark.parametrize("cls", OURS, ids=lambda cls: cls.__name__)
def test_every_parameter_is_read_and_set_by_methods_of_its_own(cls: Any) -> None:
    names = [name for name in dir(cls) if isinstance(getattr(cls, name), Param)]
    assert len(names) >= 5
    for name in names:
        capital = name[0].upper() + name[1:]
        assert f"`{name}`" in getattr(cls, f"get{capital}").__doc__
        assert f"Set `{name}`" in getattr(cls, f"set{capital}").__doc__
    needs_more = (gr.PretrainedFactorsRecommender, gr.StreamingRatingPredictor)
    if not cls.__name__.endswith("Model") and cls not in needs_more:
        estimator = cls()
        assert estimator.setUserCol("who") is estimator
        assert estimator.getUserCol() == "who"
        assert estimator.setUserCol(None).getUserCol() is None


# --- on disk --------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", OURS, ids=lambda cls: cls.__name__)
def test_everything_can_be_saved(cls: Any) -> None:
    assert issubclass(cls, MLWritable)
    assert issubclass(cls, MLReadable)


def vectors(spark: SparkSession, rows: list[tuple[Any, list[float]]]) -> DataFrame:
    return spark.createDataFrame(rows, ["an id", "v"])


def test_a_hybrid_is_saved_with_its_legs_and_their_frames(
    spark: SparkSession, tmp_path: Path
) -> None:
    given = gr.PretrainedFactorsRecommender(
        vectors(spark, [(1, [1.0, 2.0]), (2, [3.0, 4.0])]), alpha=2.0
    )
    both = gr.PretrainedFactorsRecommender(
        vectors(spark, [(1, [1.0])]), vectors(spark, [("u", [2.0])])
    )
    legs: list[Recommender] = [gr.ALSRecommender(rank=3), given]
    inner = gr.HybridRecommender([both], weights="learned")
    hybrid = gr.HybridRecommender([*legs, inner], recencyHalfLife=2.5, weights={"als": 2.0})
    path = str(tmp_path / "hybrid")
    hybrid.save(path)
    loaded = Recommender.load(path)
    assert type(loaded) is gr.HybridRecommender
    found = list(loaded._all_parts())
    assert [part.uid for part in found] == [part.uid for part in hybrid._all_parts()]
    for one, other in zip(found, hybrid._all_parts(), strict=True):
        assert type(one) is type(other)
        assert one.extractParamMap() == other.extractParamMap()
        assert all(one.isSet(param) == other.isSet(param) for param in other.params)
    first, second = loaded.legs[1], loaded.legs[2].legs[0]
    assert first.itemFactors.columns == ["an id", "v"]
    assert sorted(map(tuple, first.itemFactors.collect())) == [(1, [1.0, 2.0]), (2, [3.0, 4.0])]
    assert first.userFactors is None
    assert [tuple(row) for row in second.userFactors.collect()] == [("u", [2.0])]
    with pytest.raises(OutputExistsError, match=r"write\(\).overwrite\(\)"):
        hybrid.save(path)
    loaded.setCandidates(11).write().overwrite().save(path)  # where it was read from
    again = gr.HybridRecommender.load(path)
    assert again.getCandidates() == 11
    assert again.legs[1].itemFactors.count() == 2
    gr.ALSRecommender(rank=9).write().overwrite().save(path)
    assert gr.ALSRecommender.load(path).getRank() == 9
    with pytest.raises(UnreadableInputError, match="is not a HybridRecommender; found ALSRecom"):
        gr.HybridRecommender.load(path)
