"""Lists for all users: in Spark, by the bare kernel, by MLlib and by implicit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa

import graphrec as gr
from benchmarks.generate import Shape, write
from benchmarks.speed.inputs import THREADS, Seconds, drain, interactions, matrix, session, timed
from graphrec.serving.kernel import rank_users
from graphrec.serving.kernel_types import Lists
from graphrec.serving.list_rules import list_rules
from graphrec.serving.ranking import read_histories, user_factors
from graphrec.serving.request import Request
from graphrec.serving.shared_tables import share_tables
from graphrec.serving.tables import factors_of, neighbours_of
from graphrec.spark.threads import one_thread

_LENGTH = 20
_BATCH = 1_000  # users whom a thread of the bare kernel serves at a time


def fit(data: str, model: str, rank: int) -> Seconds:
    """Learn the default hybrid and save it."""
    seconds: Seconds = {}
    hybrid = gr.HybridRecommender(weights="default").with_settings({"als.rank": rank})
    with timed(seconds, "fit"):
        hybrid.fit(interactions(session(), data)).write().overwrite().save(model)
    return seconds


def fit_generated(folder: str, users: int, items: int, rank: int) -> Seconds:
    """Make interactions on a catalogue of some size, and learn from them."""
    data = Path(folder) / "interactions.parquet"
    write(Shape(interactions=144 * users, items=items), data)
    return fit(str(data), str(Path(folder) / "model"), rank)


def graphrec(model: str) -> Seconds:
    """In Spark; the first time workers start, load the tables and the compiled code."""
    session()  # `load` takes the one that runs
    seconds: Seconds = {}
    loaded = gr.HybridRecommenderModel.load(model)
    for stage in ("first", "again"):
        with timed(seconds, stage):
            drain(loaded.rankedLists(_LENGTH))
    return seconds | {"per user": seconds["again"] / loaded.dataset.users}


def kernel(model: str) -> Seconds:
    """The compiled code in this process, without Spark between: what cannot be undercut."""
    spark = session()
    loaded = gr.HybridRecommenderModel.load(model)
    tables = share_tables(spark, loaded.tables, diversify=False).open()
    weights = loaded.value("weights")
    request = Request(tuple(weights[leg] for leg in loaded.tables.legs), True, _LENGTH)
    settings = request.settings(tables["popularity"], list_rules(tables["popularity"]))
    batches = loaded.dataset.histories.toArrow().combine_chunks().to_batches(max_chunksize=_BATCH)

    def serve(batch: pa.RecordBatch) -> Lists:
        histories = read_histories(batch, filter_seen=True)
        users = user_factors(batch, histories, tables, loaded.tables.fold_ins)
        neighbours = neighbours_of(tables)
        return rank_users(histories, neighbours, factors_of(tables, users), settings)

    seconds: Seconds = {}
    with one_thread(), ThreadPoolExecutor(THREADS) as threads:
        serve(batches[0])
        with timed(seconds, "lists"):
            list(threads.map(serve, batches))
    return seconds


def mllib(data: str, rank: int) -> Seconds:
    """`recommendForAllUsers` of MLlib's ALS, after one iteration: only the lists are timed."""
    from pyspark.ml.recommendation import ALS  # noqa: PLC0415 a peer

    frame = interactions(session(), data).selectExpr("user", "item", "1.0 AS rating")
    model = ALS(rank=rank, maxIter=1, implicitPrefs=True, seed=0).fit(frame)
    seconds: Seconds = {}
    with timed(seconds, "lists"):
        drain(model.recommendForAllUsers(_LENGTH))
    return seconds


def implicit(data: str, rank: int) -> Seconds:
    """`recommend` of implicit's ALS, after one iteration: only the lists are timed."""
    from implicit.als import AlternatingLeastSquares  # noqa: PLC0415 a peer

    rows = matrix(data)
    model = AlternatingLeastSquares(rank, iterations=1, num_threads=THREADS, random_state=0)
    model.fit(rows, show_progress=False)
    seconds: Seconds = {}
    with timed(seconds, "lists"):
        model.recommend(np.arange(rows.shape[0]), rows, N=_LENGTH)
    return seconds
