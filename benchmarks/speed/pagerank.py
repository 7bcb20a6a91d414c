"""Personalized PageRank: seconds per user that it is personalized to."""

from __future__ import annotations

import numpy as np
from scipy import sparse

import graphrec as gr
from benchmarks.speed.inputs import Seconds, drain, interactions, matrix, session, timed
from graphrec.recommenders.walks.graphframes_pagerank import user_pagerank

_RESTART = 0.5
_TOLERANCE = 1e-3


def graphrec(data: str) -> Seconds:
    """A vector for each item serves all users; learning it and all lists are counted."""
    spark = session()
    rows = interactions(spark, data)
    seconds: Seconds = {}
    with timed(seconds, "fit"):
        model = gr.RandomWalkRecommender(method="pagerank", restartProbability=_RESTART).fit(rows)
    with timed(seconds, "lists"):
        drain(model.rankedLists(20))
    whole = seconds["fit"] + seconds["lists"]
    return seconds | {"per source": whole / model.dataset.users}


def graphframes(data: str, sources: int) -> Seconds:
    """GraphFrames' parallelPersonalizedPageRank from some users."""
    rows = interactions(session(), data)
    graph = gr.RandomWalkRecommender().fit(rows).graph
    users = rows.select("user").distinct().orderBy("user").limit(sources)
    seconds: Seconds = {}
    with timed(seconds, "ranks"):
        drain(user_pagerank(graph, users, restart_probability=_RESTART, tolerance=_TOLERANCE))
    return seconds | {"per source": seconds["ranks"] / sources}


def scipy(data: str) -> Seconds:
    """Power iteration on the whole graph, dense in the sources, to the same tolerance."""
    rows = matrix(data)
    users, items = rows.shape
    degree = 1 / np.maximum(np.asarray(rows.sum(axis=1)).ravel(), 1)
    to_item = (sparse.diags(degree) @ rows).tocsr()
    support = 1 / np.maximum(np.asarray(rows.sum(axis=0)).ravel(), 1)
    to_user = (sparse.diags(support) @ rows.T).tocsr()
    iterations = int(np.ceil(np.log(_TOLERANCE) / np.log(1 - _RESTART)))
    at_user, at_item = np.eye(users), np.zeros((users, items))
    seconds: Seconds = {}
    with timed(seconds, "ranks"):
        for _ in range(iterations):
            next_user = (1 - _RESTART) * (at_item @ to_user) + _RESTART * np.eye(users)
            at_item = (1 - _RESTART) * (at_user @ to_item)
            at_user = next_user
    return seconds | {"per source": seconds["ranks"] / users}
