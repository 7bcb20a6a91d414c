"""Rating prediction: our own factors with biases, MLlib's ALS and the mean, on the same folds.

    python -m benchmarks.ratings RATINGS [--folds 5]

RMSE and MAE over all held-out ratings, with 95 % intervals over the users. Nothing is chosen on the
test folds: ours runs with its defaults, with
the times of the ratings and without, MLlib's ALS with its own and with rank 32 and λ .1.
"""

from __future__ import annotations

import argparse
from functools import reduce
from typing import Any

from pyspark.ml.recommendation import ALS
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

import graphrec as gr
from graphrec.evaluation.rating_metrics import rating_errors

_COLUMNS: dict[str, Any] = {"userCol": "user", "itemCol": "item", "ratingCol": "rating"}


def main() -> None:
    """Predict every rating once, by models that have not seen it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ratings")
    parser.add_argument("--folds", type=int, default=5)
    arguments = parser.parse_args()
    spark = gr.spark_session("graphrec ratings")
    rows = spark.read.csv(arguments.ratings, header=True, inferSchema=True)
    ratings = rows.select(
        F.col("userId").alias("user"),
        F.col("movieId").alias("item"),
        F.col("rating"),
        F.col("timestamp"),
    )
    folds = gr.splits.k_fold(ratings, arguments.folds)
    predicted: dict[str, list[DataFrame]] = {}
    for train, test in folds:
        for name, found in _predictions(train.persist(), test.persist()).items():
            predicted.setdefault(name, []).append(found.select("user", "rating", "prediction"))
    for name, parts in predicted.items():
        everything = reduce(DataFrame.unionByName, parts)
        measured = {
            row["metric"]: row for row in rating_errors(everything, rating="rating").collect()
        }
        figures = "  ".join(
            f"{metric} {row['mean']:.4f} ({row['ci_low']:.4f}-{row['ci_high']:.4f})"
            for metric, row in measured.items()
        )
        print(f"{name:<34} {figures}", flush=True)


def _predictions(train: DataFrame, test: DataFrame) -> dict[str, DataFrame]:
    """(user, rating, prediction) of one fold by each model."""
    timed = gr.RatingPredictor(**_COLUMNS)
    ours = gr.RatingPredictor(**_COLUMNS, timestampCol="")
    theirs = ALS(**_COLUMNS, seed=0)
    stronger = ALS(**_COLUMNS, rank=32, maxIter=10, regParam=0.1, seed=0)
    mean = train.agg(F.avg("rating").alias("prediction"))
    return {
        "mean of all ratings": test.crossJoin(F.broadcast(mean)),
        "MLlib ALS, its defaults (rank 10)": theirs.fit(train).transform(test),
        "MLlib ALS, rank 32, λ .1": stronger.fit(train).transform(test),
        "graphrec RatingPredictor": ours.fit(train).transform(test),
        "graphrec RatingPredictor, times": timed.fit(train).transform(test),
    }


if __name__ == "__main__":
    main()
