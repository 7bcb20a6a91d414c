"""Pairs of items and the regression on them, beside products of sparse matrices."""

from __future__ import annotations

import numpy as np

import graphrec as gr
from benchmarks.speed.inputs import THREADS, Seconds, interactions, matrix, session, timed
from graphrec.cooccurrence.table import count_pairs


def graphrec(data: str) -> Seconds:
    """The pair table of the hybrid, and EASE on it."""
    ease = gr.EASERecommender()
    seconds: Seconds = {}
    with timed(seconds, "histories"):
        dataset = gr.Dataset.from_interactions(interactions(session(), data))
    with timed(seconds, "pairs"):
        pairs = count_pairs(dataset, ease.pair_spec(ease.exponents()))
    with timed(seconds, "ease"):
        ease.learn(dataset, pairs)
    return seconds


def sparse_dot_topn(data: str) -> Seconds:
    """The product of the matrix with itself, the best neighbours of each item alone."""
    from sparse_dot_topn import sp_matmul_topn  # noqa: PLC0415 a peer

    by_user = matrix(data)
    by_user.data /= np.sqrt(np.repeat(np.diff(by_user.indptr), np.diff(by_user.indptr)))
    by_item = by_user.T.tocsr()
    neighbours = gr.EASERecommender().pair_spec().neighbours_kept(by_user.shape[1])
    seconds: Seconds = {}
    with timed(seconds, "pairs"):
        sp_matmul_topn(by_item, by_user, top_n=neighbours + 1, n_threads=THREADS)
    return seconds


def scipy(data: str) -> Seconds:
    """The whole product; nothing is selected. One thread: SciPy has no more."""
    by_user = matrix(data)
    by_item = by_user.T.tocsr()
    seconds: Seconds = {}
    with timed(seconds, "pairs"):
        by_item @ by_user
    return seconds


def implicit_bm25(data: str, neighbours: int) -> Seconds:
    """BM25 of implicit: item pairs, and the lists of all users from them."""
    from implicit.nearest_neighbours import BM25Recommender  # noqa: PLC0415 a peer

    rows = matrix(data)
    model = BM25Recommender(K=neighbours, num_threads=THREADS)
    seconds: Seconds = {}
    with timed(seconds, "pairs"):
        model.fit(rows, show_progress=False)
    with timed(seconds, "lists"):
        model.recommend(np.arange(rows.shape[0]), rows, N=20)
    return seconds
