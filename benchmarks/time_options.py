"""What recency of the history and the order of watching give, on a split by time.

    python -m benchmarks.time_options RATINGS

The options are chosen by rolling origin (Tashman 2000) in the first four fifths of the events: the
models learn what came before each origin and list for the next tenth, and the users of all origins
count together, for hardly any user is on both sides of one. The test events, the last fifth of all,
are read once, with the chosen options and without any.
"""

from __future__ import annotations

import argparse
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

import graphrec as gr
from graphrec.evaluation.metrics import ranking_metrics
from graphrec.evaluation.significance import Comparison, compare
from graphrec.models.recommender import Recommender

_CUTOFF = 20
_ORIGINS = (0.3, 0.4, 0.5, 0.6, 0.7)  # shares of all events
_WINDOW = 0.1  # likewise
_RECENCY = (None, 730.0, 365.0, 180.0, 90.0, 30.0)  # days
_ORDER = (0.0, 0.5, 1.0)

Options = tuple[float | None, float]  # (recency, order)


def main() -> None:
    """Choose on the validation events, and tell what that gives on the test events."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ratings", type=Path)
    path = str(parser.parse_args().ratings)
    spark = gr.spark_session("graphrec time options")
    rows = spark.read.csv(path, header=True, inferSchema=True)
    named = {"userId": "user", "movieId": "item", "timestamp": "timestamp"}
    events = rows.select(*(F.col(old).alias(new) for old, new in named.items()))
    asked = [(recency, order) for order in _ORDER for recency in _RECENCY]
    windows = [_measured(*_window(events, origin), asked) for origin in _ORIGINS]
    found = {
        options: reduce(DataFrame.unionByName, [measured[options] for measured in windows])
        for options in asked
    }
    best = max(found, key=lambda options: _mean(found[options]))
    for options, measured in found.items():
        users = measured.count()
        told = f"validation  {_told(options):<32} NDCG@20 {_mean(measured):.4f}, {users} users"
        print(told, flush=True)
    plain: Options = (None, 0.0)
    train, test = gr.splits.by_time(events, 0.2)
    final = _measured(train, test, list(dict.fromkeys([plain, best])))
    for options, measured in final.items():
        print(f"test        {_told(options):<32} NDCG@20 {_mean(measured):.4f}")
    gain: Comparison = compare(final[plain], final[best], "ndcg", k=_CUTOFF)
    interval = f"{gain.ci_low:+.4f} to {gain.ci_high:+.4f}"
    print(f"gain {gain.difference:+.4f} ({interval}), {gain.users} users, p {gain.p_value:.2g}")


def legs_in_order(exponent: float) -> list[Recommender]:
    """The hybrid's legs; those that can know what is watched after what."""
    return [
        gr.PageRankRecommender(orderExponent=exponent),
        gr.RidgeRecommender(orderExponent=exponent),
        gr.ALSRecommender(),
    ]


def _window(events: DataFrame, origin: float) -> tuple[DataFrame, DataFrame]:
    """What came before an origin, and the next tenth of all events."""
    until, _ = gr.splits.by_time(events, 1 - origin - _WINDOW)
    return gr.splits.by_time(until, _WINDOW / (origin + _WINDOW))


def _measured(train: DataFrame, test: DataFrame, asked: list[Options]) -> dict[Options, DataFrame]:
    """Metrics per user for each choice; one fit serves all recencies of an order."""
    known = test.join(train.select("user").distinct(), "user", "left_semi").persist()
    found = {}
    for order in dict.fromkeys(order for _, order in asked):
        model = gr.HybridRecommender(legs_in_order(order)).fit(train)
        for recency in [recency for recency, other in asked if other == order]:
            lists = model.copy({model.recencyHalfLife: recency}).rankedLists(_CUTOFF, users=known)
            metrics = ranking_metrics(lists, known, k=_CUTOFF, metrics=["ndcg"])
            found[recency, order] = metrics.persist()
    return found


def _mean(measured: DataFrame) -> float:
    mean: float = measured.agg(F.avg("ndcg")).collect()[0][0]
    return mean


def _told(options: Options) -> str:
    recency, order = options
    return f"recency {recency or 'none'}, order {order:g}"


if __name__ == "__main__":
    main()
