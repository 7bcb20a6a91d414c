"""The stream of ratings: exact, whatever the order of rows, in a real stream, and saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import graphrec as gr
from graphrec.errors import ColumnError, ParameterError
from graphrec.recommenders.rating.streaming.sides import STATE
from tests.recommenders.rating.streaming.test_recursion import one_by_one

KIND = "userId string, movieId string, rating double, timestamp long"
NEW = [("u1", "m1", 5.0, 900), ("u1", "m9", 4.0, 902)]


@pytest.fixture(scope="module")
def model(spark: SparkSession) -> gr.RatingPredictorModel:
    rows = [
        (f"u{user}", f"m{item}", float(1 + (user * item + item) % 5), 100 * user + item)
        for user in range(8)
        for item in range(6)
        if (user + item) % 3
    ]
    return gr.RatingPredictor(rank=2, implicitRank=2, maxIter=2).fit(
        spark.createDataFrame(rows, KIND)
    )


@pytest.fixture
def stream(model: gr.RatingPredictorModel) -> gr.StreamingRatingPredictor:
    return gr.StreamingRatingPredictor(model, stepSize=0.1, factorStepSize=0.05)


def states(stream: gr.StreamingRatingPredictor) -> dict[str, Any]:
    """The states by id."""
    users, items = (frame.collect() for frame in stream.states[:2])
    return {row[0]: np.array(row[STATE]) for row in (*users, *items)}


def batch(spark: SparkSession, rows: list[tuple[Any, ...]]) -> DataFrame:
    return spark.createDataFrame(rows, KIND)


def test_one_rating_at_a_time_is_sequential_descent_to_the_bit(
    spark: SparkSession, stream: gr.StreamingRatingPredictor
) -> None:
    expected, scale = states(stream), stream.scale
    for user, item, rating, _ in NEW:
        u = expected.get(user, np.array(stream.states.nobody))
        i = expected.get(item, np.array(stream.states.nothing))
        scaled = np.array([(rating - scale.mean) / scale.deviation])
        expected |= {user: one_by_one(u, i[None], scaled), item: one_by_one(i, u[None], scaled)}
    for row in NEW:
        assert stream.update(batch(spark, [row])) == {}
    found = states(stream)
    assert found.keys() == expected.keys()
    for name, state in expected.items():
        assert found[name].tolist() == state.tolist(), name


def test_the_order_of_rows_does_not_matter_and_bad_rows_are_counted(
    spark: SparkSession, model: gr.RatingPredictorModel
) -> None:
    alike = [("u1", f"m{item}", 1.0 + item % 4, 900) for item in range(12)]
    bad = [(None, "m1", 3.0, 900), ("u1", "m1", -3.0, 900)]
    one, other = (gr.StreamingRatingPredictor(model) for _ in range(2))
    assert one.update(batch(spark, alike)) == {}
    turned = batch(spark, [*bad, *alike[::-1]]).repartition(3)
    assert other.update(turned) == {"user id is missing": 1, "rating is negative": 1}
    before, after = states(one), states(other)
    assert {name: state.tolist() for name, state in before.items()} == {
        name: state.tolist() for name, state in after.items()
    }


def test_a_stream_of_files_updates_it_and_it_survives_saving(
    spark: SparkSession, stream: gr.StreamingRatingPredictor, tmp_path: Path
) -> None:
    pair = batch(spark, [("new", "m1", 0.0, 900), ("nobody", "nothing", 0.0, 900)])
    first = {row.userId: row.prediction for row in stream.transform(pair).collect()}
    batch(spark, [("new", "m1", 5.0, 900), ("new", "m2", 5.0, 901)]).write.json(f"{tmp_path}/in")
    query = (
        spark.readStream.schema(KIND)
        .json(f"{tmp_path}/in")
        .writeStream.foreachBatch(lambda rows, number: stream.update(rows, number) and None)
        .option("checkpointLocation", f"{tmp_path}/checkpoint")
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination(60)
    assert query.exception() is None
    then = {row.userId: row.prediction for row in stream.transform(pair).collect()}
    assert then["new"] > first["new"]
    assert then["nobody"] == first["nobody"]
    assert all(1.0 <= prediction <= 5.0 for prediction in then.values())
    stream.write().overwrite().save(f"{tmp_path}/saved")
    loaded = gr.StreamingRatingPredictor.load(f"{tmp_path}/saved")
    assert loaded.value("stepSize") == 0.1
    assert {row.userId: row.prediction for row in loaded.transform(pair).collect()} == then
    _assert_batch_0_is_known(loaded, pair)


def _assert_batch_0_is_known(stream: gr.StreamingRatingPredictor, rows: DataFrame) -> None:
    before = stream.states
    assert stream.update(rows, batchId=0) == {}
    assert stream.states is before
    stream.update(rows.limit(0), batchId=3)
    assert stream.lastBatch == 3


def test_what_it_cannot_use_is_refused(
    spark: SparkSession, stream: gr.StreamingRatingPredictor
) -> None:
    with pytest.raises(ParameterError, match="starts from a fitted RatingPredictor"):
        gr.StreamingRatingPredictor()
    with pytest.raises(ColumnError, match="rating"):
        stream.update(batch(spark, NEW).drop("rating"))
    with pytest.raises(ColumnError, match="user"):
        stream.update(batch(spark, NEW).withColumn("userId", F.lit(1.5)))
    with pytest.raises(ColumnError, match="prediction"):
        stream.transform(batch(spark, NEW).withColumn("prediction", F.lit(1)))
    for number in (-1, "first"):
        with pytest.raises(ParameterError, match="batchId must be a whole number"):
            stream.update(batch(spark, NEW), number)  # type: ignore[arg-type]
    before = stream.states
    assert stream.update(batch(spark, [])) == {}
    assert stream.states is before
