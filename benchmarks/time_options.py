"""What recency of the history and the order of watching give, on a split by time.

    python -m benchmarks.time_options RATINGS

The options are chosen on the last fifth of the training events; the test events, the last fifth of
all, are read once, with the chosen ones and without any.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

import graphrec as gr
from graphrec.evaluation.metrics import ranking_metrics
from graphrec.evaluation.significance import Comparison, compare

_CUTOFF = 20
_RECENCY = (None, 365.0, 90.0, 30.0)  # days
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
    train, test = gr.splits.by_time(events, 0.2)
    early, late = gr.splits.by_time(train, 0.2)
    found = _measured(early, late, [(r, o) for o in _ORDER for r in _RECENCY])
    best = max(found, key=lambda options: _mean(found[options]))
    for options, measured in found.items():
        print(f"validation  {_told(options):<32} NDCG@20 {_mean(measured):.4f}", flush=True)
    plain: Options = (None, 0.0)
    final = _measured(train, test, list(dict.fromkeys([plain, best])))
    for options, measured in final.items():
        print(f"test        {_told(options):<32} NDCG@20 {_mean(measured):.4f}")
    gain: Comparison = compare(final[plain], final[best], "ndcg", k=_CUTOFF)
    interval = f"{gain.ci_low:+.4f} to {gain.ci_high:+.4f}"
    print(f"gain {gain.difference:+.4f} ({interval}), {gain.users} users, p {gain.p_value:.2g}")


def _measured(train: DataFrame, test: DataFrame, asked: list[Options]) -> dict[Options, DataFrame]:
    """Metrics per user for each choice; one fit serves all recencies of an order."""
    known = test.join(train.select("user").distinct(), "user", "left_semi").persist()
    found = {}
    for order in dict.fromkeys(order for _, order in asked):
        legs = [
            gr.PageRankRecommender(orderExponent=order),
            gr.RidgeRecommender(orderExponent=order),
            gr.ALSRecommender(),
        ]
        model = gr.HybridRecommender(legs).fit(train)
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
