"""Quality on held-out interactions: the hybrid, its parts and its peers, on the same split.

    python -m benchmarks.quality RATINGS [--splits 3] [--ablation] [--mmr 0.3]
    python -m benchmarks.quality RATINGS --split time --half-life 365 --recency 730 --order 0.5
        --pseudo 0 --preferred-leg walk

Options on time are those that `benchmarks.time_options` chose on validation events. Peers need
`pip install implicit`. Their settings are the published defaults or those named below; nothing is
chosen on the test set. Ids are whole numbers, the columns those of MovieLens, or `user` and
`item`. With --test FILE the split is a given one.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from scipy import sparse

import graphrec as gr
from benchmarks.time_options import (
    NO_LEG,
    PREFERRED_LEGS,
    Options,
    fitted,
    of_known_users,
    preferring,
    recommender_with,
)
from graphrec.evaluation.metrics import ranking_metrics
from graphrec.evaluation.significance import compare
from graphrec.evaluation.summary import summarise
from graphrec.recommenders.base import Recommender
from graphrec.recommenders.model import RecommenderModel

_CUTOFF = 20
_TIMED = ", on time"
_EASE_PENALTY = 200.0
_DENSE_ITEMS = 15_000  # EASE inverts a dense matrix of items x items

Matrix = npt.NDArray[np.float64]
Lister = Callable[[sparse.csr_matrix], npt.NDArray[np.int64]]


def main() -> None:
    """Split, learn, list, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ratings", type=Path)
    parser.add_argument("--test", type=Path, help="a given test set; no split is made then")
    parser.add_argument("--split", choices=("random", "time"), default="random")
    parser.add_argument("--splits", type=int, default=1, help="random splits; users are averaged")
    parser.add_argument("--mmr", type=float, default=0.3)
    timed = parser.add_argument_group("options on time; with any, all models are shown with them")
    timed.add_argument("--half-life", type=float, help="days")
    timed.add_argument("--recency", type=float, help="days")
    timed.add_argument("--order", type=float, default=0.0, help="exponent")
    timed.add_argument("--pseudo", type=float, default=0.1, help="share")
    timed.add_argument(
        "--preferred-leg", choices=PREFERRED_LEGS, default=NO_LEG, help="leg with more weight"
    )
    parser.add_argument("--ablation", action="store_true", help="what each part gives")
    parser.add_argument("--no-peers", action="store_true")
    arguments = parser.parse_args()
    options = Options(arguments.half_life, arguments.recency, arguments.order, arguments.pseudo)
    timed_models = (options, arguments.preferred_leg) != (Options(), NO_LEG)
    spark = gr.spark_session("graphrec quality")
    measured: dict[str, list[DataFrame]] = {}
    for seed in range(arguments.splits):
        train, test = _split(spark, arguments, seed)
        hybrid = gr.HybridRecommender(weights="default", preference="binary").fit(train)
        assert isinstance(hybrid, gr.HybridRecommenderModel)
        models = {**hybrid.baselines(), "hybrid": hybrid}
        models["hybrid + MMR"] = hybrid.copy({hybrid.diversity: arguments.mmr})
        models["hybrid, learned weights"] = gr.HybridRecommender(preference="binary").fit(train)
        if timed_models:
            models |= _timed(train, options, arguments.preferred_leg)
        lists = {name: model.rankedLists(_CUTOFF, users=test) for name, model in models.items()}
        if not arguments.no_peers:
            lists |= _peers(spark, train)
        if arguments.ablation:
            ablated = _ablated(train, hybrid.value("weights"))
            lists |= {name: model.rankedLists(_CUTOFF, users=test) for name, model in ablated}
        for name, found in lists.items():
            metrics = ranking_metrics(found, test, k=_CUTOFF, metrics=["recall", "ndcg"])
            measured.setdefault(name, []).append(metrics.localCheckpoint())
        _print_diversity(models, train, test)
    reference = f"hybrid{_TIMED}" if timed_models else "hybrid"
    _print({name: _by_user(parts) for name, parts in measured.items()}, reference)


def _timed(train: DataFrame, options: Options, preferred: str) -> dict[str, RecommenderModel]:
    """The hybrid, its legs, and with weights learned on what came last in training."""
    recommender = recommender_with(options)
    hybrid = fitted(recommender, train).setParams(weights=preferring(preferred))
    learned = recommender.copy().setParams(weights="learned", validationCut="time")
    models = {**hybrid.baselines(), "hybrid": hybrid, "hybrid, learned weights": learned.fit(train)}
    return {f"{name}{_TIMED}": model for name, model in models.items() if name != "popularity"}


def _by_user(parts: list[DataFrame]) -> DataFrame:
    """The metrics of several splits as one figure per user: the splits of a user are alike."""
    means = [F.avg(metric).alias(metric) for metric in ("recall", "ndcg")]
    return reduce(DataFrame.unionByName, parts).groupBy("user", "k").agg(*means).persist()


def _print(per_user: dict[str, DataFrame], reference: str) -> None:
    difference = f"{reference} - it"
    print(f"{'':<28} {'Recall@20':>10} {'NDCG@20':>10} {'95 %':>17} {difference:>20} {'p':>8}")
    for name, measured in per_user.items():
        rows = {row["metric"]: row for row in summarise(measured).collect()}
        ndcg = rows["ndcg"]
        interval = f"{ndcg['ci_low']:.4f}-{ndcg['ci_high']:.4f}"
        line = f"{name:<28} {rows['recall']['mean']:>10.4f} {ndcg['mean']:>10.4f} {interval:>17}"
        if name != reference:
            found = compare(measured, per_user[reference], "ndcg", k=_CUTOFF)
            line += f" {found.difference:>+20.4f} {found.p_value:>8.2g}"
        print(line, flush=True)


def _print_diversity(
    models: dict[str, RecommenderModel], train: DataFrame, test: DataFrame
) -> None:
    pair = {name: models[name] for name in ("hybrid", "hybrid + MMR")}
    summary = gr.evaluate(pair, train, test, k=10).summary.toPandas()
    means = summary.set_index(["metric", "model"])["mean"].to_dict()
    for metric in ("ndcg", "intra_list_diversity", "novelty", "catalogue_coverage"):
        plain, varied = means[metric, "hybrid"], means[metric, "hybrid + MMR"]
        print(f"{metric + '@10':<28} {plain:.4f} -> {varied:.4f} ({varied / plain - 1:+.1%})")


# --- data -----------------------------------------------------------------------------------------


def _split(
    spark: SparkSession, arguments: argparse.Namespace, seed: int
) -> tuple[DataFrame, DataFrame]:
    ratings = _read(spark, arguments.ratings)
    if arguments.test is not None:
        return ratings, _read(spark, arguments.test)
    if arguments.split == "time":
        return of_known_users(*gr.splits.by_time(ratings, 0.2))
    return of_known_users(*gr.splits.random_per_user(ratings, 0.2, seed=seed))


def _read(spark: SparkSession, path: Path) -> DataFrame:
    if path.suffix == ".parquet":
        return spark.read.parquet(str(path))
    rows = spark.read.csv(str(path), header=True, inferSchema=True)
    return rows.select(
        F.col("userId").alias("user"), F.col("movieId").alias("item"), F.col("timestamp")
    )


# --- what each part gives -------------------------------------------------------------------------


def _ablated(train: DataFrame, whole: Mapping[str, float]) -> list[tuple[str, RecommenderModel]]:
    """Hybrids that lack one thing each, with the weights of the whole one."""
    walk, ease, als = gr.RandomWalkRecommender, gr.EASERecommender, gr.ALSRecommender
    embedding = gr.EmbeddingRecommender
    variants: dict[str, tuple[list[Recommender] | None, dict[str, Any]]] = {
        "without the walk": ([ease(), als(), embedding()], {}),
        "without EASE": ([walk(), als(), embedding()], {}),
        "without ALS": ([walk(), ease(), embedding()], {}),
        "without the embeddings": ([walk(), ease(), als()], {}),
        "ALS of rank 64": ([walk(), ease(), als(rank=64), embedding()], {}),
        "embeddings of rank 64": ([walk(), ease(), als(), embedding(rank=64)], {}),
        "no denoising": ([walk(), ease(denoising=0.0), als(), embedding()], {}),
        "users of equal weight": ([walk(), ease(userExponent=0.0), als(), embedding()], {}),
        "200 neighbours": (None, {"maxNeighbours": 200}),
        "100 candidates": (None, {"candidates": 100}),
        "1000 candidates": (None, {"candidates": 1000}),
        "a walk that does not decay": (None, {"decayBeyond": {}}),
        "legs learned once": (None, {"pseudoInteractions": 0.0}),
    }
    fitted = []
    for name, (legs, values) in variants.items():
        names = {leg.leg for leg in legs} if legs else set(whole)
        weights = {leg: weight for leg, weight in whole.items() if leg in names}
        kept = {"weights": weights} | values
        fitted.append((name, gr.HybridRecommender(legs, preference="binary", **kept).fit(train)))
    return fitted


# --- peers ----------------------------------------------------------------------------------------


def _peers(spark: SparkSession, train: DataFrame) -> dict[str, DataFrame]:
    pairs = train.select("user", "item").distinct().toPandas()  # peers live in one process
    users, user_index = np.unique(pairs["user"], return_inverse=True)
    items, item_index = np.unique(pairs["item"], return_inverse=True)
    ones = np.ones(len(pairs), np.float32)
    matrix = sparse.csr_matrix((ones, (user_index, item_index)), (users.size, items.size))
    listers: dict[str, Lister] = {
        "implicit ALS, 128 factors": _implicit_als,
        "implicit BM25, K 100": _implicit_bm25,
    }
    if items.size <= _DENSE_ITEMS:
        listers[f"EASE, penalty {_EASE_PENALTY:g}"] = _ease
    return {name: _frame(spark, users, items, lister(matrix)) for name, lister in listers.items()}


def _frame(
    spark: SparkSession,
    users: npt.NDArray[np.int64],
    items: npt.NDArray[np.int64],
    listed: npt.NDArray[np.int64],
) -> DataFrame:
    """(users, k) item indices -> (user, item, rank)."""
    length = listed.shape[1]
    return spark.createDataFrame(
        pa.table(
            {
                "user": np.repeat(users, length),
                "item": items[listed.reshape(-1)],
                "rank": np.tile(np.arange(1, length + 1, dtype=np.int32), users.size),
            }
        )
    )


def _implicit_als(matrix: sparse.csr_matrix) -> npt.NDArray[np.int64]:
    from implicit.als import AlternatingLeastSquares  # noqa: PLC0415 - a peer, not a dependency

    model = AlternatingLeastSquares(factors=128, iterations=15, random_state=0)
    model.fit(matrix, show_progress=False)
    return model.recommend(np.arange(matrix.shape[0]), matrix, N=_CUTOFF)[0]


def _implicit_bm25(matrix: sparse.csr_matrix) -> npt.NDArray[np.int64]:
    from implicit.nearest_neighbours import BM25Recommender  # noqa: PLC0415 - likewise

    model = BM25Recommender(K=100)
    model.fit(matrix, show_progress=False)
    return model.recommend(np.arange(matrix.shape[0]), matrix, N=_CUTOFF)[0]


def _ease(matrix: sparse.csr_matrix) -> npt.NDArray[np.int64]:
    """Steck (2019), in closed form on the whole Gram matrix."""
    gram = np.asarray((matrix.T @ matrix).todense(), np.float64)
    inverse = np.linalg.inv(gram + _EASE_PENALTY * np.eye(gram.shape[0]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    scores = matrix @ weights
    scores[matrix.nonzero()] = -np.inf
    return np.argsort(-scores, axis=1, kind="stable")[:, :_CUTOFF]


if __name__ == "__main__":
    main()
