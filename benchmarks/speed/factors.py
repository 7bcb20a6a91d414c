"""Alternating least squares: the same rank, iterations and cores."""

from __future__ import annotations

import numpy as np

import graphrec as gr
from benchmarks.speed.inputs import THREADS, Seconds, interactions, matrix, session, timed


def graphrec(data: str, rank: int, iterations: int) -> Seconds:
    """Our engine, with the histories at hand."""
    return _in_spark(data, rank, iterations, "block")


def mllib(data: str, rank: int, iterations: int) -> Seconds:
    """Spark's ALS, likewise."""
    return _in_spark(data, rank, iterations, "mllib")


def _in_spark(data: str, rank: int, iterations: int, engine: str) -> Seconds:
    als = gr.ALSRecommender(rank=rank, maxIter=iterations, engine=engine)
    dataset = gr.Dataset.from_interactions(interactions(session(), data))
    seconds: Seconds = {}
    with timed(seconds, "fit"):
        als.learn(dataset, None)
    return seconds


def implicit(data: str, rank: int, iterations: int) -> Seconds:
    """ALS of implicit (conjugate gradients), and lists of 20 for all users."""
    from implicit.als import AlternatingLeastSquares  # noqa: PLC0415 a peer

    rows = matrix(data)
    model = AlternatingLeastSquares(
        rank, iterations=iterations, num_threads=THREADS, random_state=0
    )
    seconds: Seconds = {}
    with timed(seconds, "fit"):
        model.fit(rows, show_progress=False)
    with timed(seconds, "lists"):
        model.recommend(np.arange(rows.shape[0]), rows, N=20)
    return seconds | {"whole": seconds["fit"] + seconds["lists"]}
