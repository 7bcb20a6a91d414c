"""Ratings of ml-latest-small in the order of time: a stream against batch models, as a picture.

    python -m benchmarks.streaming_ratings RATINGS.csv docs/_static/streaming-ratings.svg

All models begin with the first four fifths and predict the last one, each rating from what was
there before it, or before its batch: a model that is fitted once and folds users in, one that is
fitted again after every twentieth of the ratings, and a stream that learns from batches.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import vl_convert
from pyspark.sql import SparkSession

import graphrec as gr
from graphrec.kernels.types import Vector, read_only
from graphrec.recommenders.rating.streaming.recursion import descend
from graphrec.reports.charts.prequential import curves

_BEGIN: Final = 0.8  # of the ratings
_REFIT: Final = 0.05
_WINDOW: Final = 1000
_BATCHES: Final = (1, 10, 100)
_ONE: Final = read_only(np.array([0, 1]))
_TIME: Final = ["timestamp", "userId", "movieId"]
_PAIR: Final = ["userId", "movieId"]


def main() -> None:
    """Print the RMSE of each, and draw how it goes on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ratings", type=Path)
    parser.add_argument("picture", type=Path)
    arguments = parser.parse_args()
    ratings = pd.read_csv(arguments.ratings).sort_values(_TIME, ignore_index=True)
    ratings = ratings.astype({"userId": str, "movieId": str})
    ratings["userId"], ratings["movieId"] = "u" + ratings["userId"], "m" + ratings["movieId"]
    spark = gr.spark_session("streaming-ratings")
    cuts = [round(share * len(ratings)) for share in np.arange(_BEGIN, 1.0 + 1e-9, _REFIT)]
    models = [_fit(spark, ratings[:cut]) for cut in cuts[:-1]]
    found = {
        "fitted once": _folded_in(spark, models[0], ratings, cuts[0], cuts[-1]),
        "fitted again every 5 %": np.concatenate(
            [
                _folded_in(spark, model, ratings, *between)
                for model, between in zip(models, pairwise(cuts), strict=True)
            ]
        ),
    }
    for batch in _BATCHES:
        name = f"stream, batches of {batch}"
        found[name] = _streamed(models[0], ratings, cuts[0], batch)
    actual = ratings["rating"].to_numpy()[cuts[0] :]
    errors = pd.DataFrame({name: predicted - actual for name, predicted in found.items()})
    print((errors**2).mean() ** 0.5)
    spec = curves(errors, window=_WINDOW)
    arguments.picture.write_text(vl_convert.vegalite_to_svg(spec), encoding="utf-8")
    spark.stop()


def _fit(spark: SparkSession, ratings: pd.DataFrame) -> gr.RatingPredictorModel:
    return gr.RatingPredictor(onlyEarlier=True).fit(spark.createDataFrame(ratings))


def _folded_in(
    spark: SparkSession, model: gr.RatingPredictorModel, ratings: pd.DataFrame, begin: int, end: int
) -> Vector:
    """Predictions of some ratings, each from all earlier ones of its user."""
    asked = spark.createDataFrame(ratings[begin:end].drop(columns="rating"))
    predicted = model.predictForProfiles(asked, spark.createDataFrame(ratings[:end]))
    return _in_order(predicted.toPandas(), ratings[begin:end])


def _streamed(
    model: gr.RatingPredictorModel, ratings: pd.DataFrame, begin: int, batch: int
) -> Vector:
    """Predictions of batches, each from all batches before it, by the stream's own recursion.

    On the driver, for 20,000 batches of one rating are too many for Spark; a test holds the
    predictor to the same bits.
    """
    stream = gr.StreamingRatingPredictor(model)
    scale, settings = stream.scale, read_only(stream.settings)
    states = {row[0]: np.array(row[1]) for one in stream.states[:2] for row in one.collect()}
    nobody, nothing = (np.array(one) for one in (stream.states.nobody, stream.states.nothing))
    rows = list(ratings[[*_PAIR, "rating"]].itertuples(index=False))
    predicted = []
    for first in range(begin, len(rows), batch):
        frozen = [
            (user, item, states.get(user, nobody), states.get(item, nothing), rating)
            for user, item, rating in rows[first : first + batch]
        ]
        for *_, user, item, _ in frozen:
            score = user[0] + item[0] + user[1:] @ item[1:]
            mean = scale.mean + scale.deviation * score
            predicted.append(min(max(mean, scale.lowest), scale.highest))
        moved: dict[str, Vector] = {}
        for user, item, of_user, of_item, rating in frozen:
            scaled = read_only(np.array([(rating - scale.mean) / scale.deviation]))
            for name, own, other in ((user, of_user, of_item), (item, of_item, of_user)):
                start = moved.get(name, own)
                [moved[name]] = descend(
                    read_only(start[None]), _ONE, read_only(other[None]), scaled, settings
                )
        states |= moved
    return np.array(predicted)


def _in_order(predicted: pd.DataFrame, rows: pd.DataFrame) -> Vector:
    found = rows[_PAIR].merge(predicted[[*_PAIR, "prediction"]], on=_PAIR, how="left")
    return found["prediction"].to_numpy()


if __name__ == "__main__":
    main()
