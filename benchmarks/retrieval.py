"""What it costs to retrieve candidates by the neighbour legs alone, by their share of the blend.

    python -m benchmarks.retrieval TRAIN [TRAIN ...] [--users 3000]

A fifth of every history in each file (columns `user` and `item`, or MovieLens') is held out; the
default hybrid learns from the rest once. Then the blend's weights are moved between the
neighbour legs and the factor legs, each side keeping its own proportions, and lists of 20 are made
from few candidates and from the whole catalogue: what lies between them is lost in retrieval.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import graphrec as gr
from benchmarks.time_options import of_known_users
from graphrec.evaluation.metrics import ranking_metrics
from graphrec.recommenders.hybrid.model import HybridRecommenderModel
from graphrec.recommenders.hybrid.weights import DEFAULT_WEIGHTS

_CUTOFF = 20
_SHARES = (0.0, 0.02, 0.05, 0.1, 0.26, 0.5, 1.0)  # of the neighbour legs; by default .26
_FEW = (300, 1000)


def main() -> None:
    """Fit once for each set, and print a table for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("train", type=Path, nargs="+")
    parser.add_argument("--users", type=int, default=3000, help="test users, at most")
    arguments = parser.parse_args()
    spark = gr.spark_session("graphrec retrieval")
    for path in arguments.train:
        train, test = of_known_users(*gr.splits.random_per_user(_read(spark, path), 0.2, seed=0))
        users = test.select("user").distinct().orderBy(F.xxhash64("user")).limit(arguments.users)
        test = test.join(users.persist(), "user").persist()
        model = gr.HybridRecommender(weights="default").fit(train)
        assert isinstance(model, HybridRecommenderModel)
        _print(path, model, test, users)


def _print(path: Path, model: HybridRecommenderModel, test: DataFrame, users: DataFrame) -> None:
    items = model.itemPopularity.count()
    print(f"{path}: {items} items; NDCG@{_CUTOFF} (items ever listed)")
    print(f"{'share':>8} " + " ".join(f"{few:>16} cand." for few in _FEW) + f" {'all':>22}")
    for share in _SHARES:
        cells = []
        for candidates in (*_FEW, items):
            settings = {"candidates": candidates, "weights": _weights(share), "numReasons": 0}
            lists = model.setParams(**settings).rankedLists(_CUTOFF, users=users).persist()
            ndcg = ranking_metrics(lists, test, k=_CUTOFF, metrics=["ndcg"]).agg(F.avg("ndcg"))
            listed = lists.select(F.count_distinct("item"))
            cells.append(f"{ndcg.collect()[0][0]:>14.4f} ({listed.collect()[0][0]:>5})")
            lists.unpersist()
        print(f"{share:>8.2f} " + " ".join(cells), flush=True)


def _weights(share: float) -> dict[str, float]:
    """The default weights, with so much of their sum on the neighbour legs."""
    neighbours = {leg: DEFAULT_WEIGHTS[leg] for leg in ("walk", "ease")}
    factors = {leg: DEFAULT_WEIGHTS[leg] for leg in ("als", "embedding")}
    return {
        **{leg: w * share / sum(neighbours.values()) for leg, w in neighbours.items()},
        **{leg: w * (1.0 - share) / sum(factors.values()) for leg, w in factors.items()},
    }


def _read(spark: SparkSession, path: Path) -> DataFrame:
    if path.suffix == ".parquet":
        frame = spark.read.parquet(str(path))
    else:
        frame = spark.read.csv(str(path), header=True, inferSchema=True)
    user, item = (frame.columns[index] for index in (0, 1))
    return frame.select(F.col(user).alias("user"), F.col(item).alias("item"))


if __name__ == "__main__":
    main()
