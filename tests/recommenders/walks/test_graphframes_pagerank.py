"""GraphFrames' PageRank for real, against networkx and against the item-sourced table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from graphrec.data.catalogue import Catalogue
from graphrec.data.histories import build_histories
from graphrec.errors import ColumnError, EmptyInputError, ParameterError
from graphrec.graph.bipartite import UserItemGraph
from graphrec.recommenders.model import RecommenderModel
from graphrec.recommenders.walks.estimator import RandomWalkRecommender
from graphrec.recommenders.walks.graphframes_pagerank import (
    MAX_SOURCES,
    item_pagerank_rows,
    iterations_within,
    user_pagerank,
)

RESTART = 0.5
TOLERANCE = 1e-3
ROUNDING = 1e-6  # of scores that are kept as floats

# a hub (h), users with one item, a triangle of tastes; and apart from them a path, on which
# GraphX is slowest
HISTORIES = {
    "u0": "habc",
    "u1": "hab",
    "u2": "h",
    "u3": "hcd",
    "u4": "de",
    "u5": "e",
    "u6": "hade",
    "v0": "x",
    "v1": "xy",
    "v2": "yz",
    "v3": "z",
}
PAIRS = [(user, item) for user, items in HISTORIES.items() for item in items]
ITEMS = sorted({item for _, item in PAIRS})
Scores = dict[tuple[str, str], float]


@pytest.fixture(scope="module")
def interactions(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame(PAIRS, "user string, item string")


@pytest.fixture(scope="module")
def by_table(interactions: DataFrame) -> RecommenderModel:
    return everything(tolerance=1e-9).fit(interactions)


def everything(**values: object) -> RandomWalkRecommender:
    """PageRank of which nothing is cut off, and lists that hold all that is reached."""
    return RandomWalkRecommender(
        method="pagerank",
        restartProbability=RESTART,
        leastMass=0.0,
        filterSeen=False,
        **values,
    )


def graph_of(spark: SparkSession, rows: list[tuple[str, str, float]]) -> UserItemGraph:
    frame = spark.createDataFrame(rows, "user string, item string, weight double")
    frame = frame.selectExpr("*", "cast(null as double) as timestamp")
    catalogue = Catalogue.from_interactions(frame)
    return UserItemGraph.from_histories(build_histories(frame, catalogue), catalogue)


def exact(source: str) -> dict[str, float]:
    """networkx' PageRank of the items that a source reaches."""
    ranks = nx.pagerank(
        nx.Graph(PAIRS), alpha=1 - RESTART, personalization={source: 1.0}, tol=1e-14, max_iter=1000
    )
    return {item: ranks[item] for item in ITEMS if ranks[item] > 1e-9}


def as_graphx_has_it(
    graph: nx.Graph[Any], sources: Sequence[object], restart: float, iterations: int
) -> npt.NDArray[np.float64]:
    """What GraphX does, with its delays: (vertices, sources)."""
    walk = nx.to_numpy_array(graph)
    walk /= walk.sum(axis=1, keepdims=True)
    columns = [list(graph).index(source) for source in sources]
    start = np.eye(len(graph))[:, columns]
    rank, passed_on = start, start
    for _ in range(iterations):
        before, rank = rank, (1 - restart) * walk.T @ passed_on + restart * start
        changed = [_differs(old, new) for old, new in zip(before, rank, strict=True)]
        passed_on = np.where(np.array(changed)[:, None], rank, passed_on)
    return np.asarray(rank / rank.sum(axis=0))


def _differs(old: npt.NDArray[np.float64], new: npt.NDArray[np.float64]) -> bool:
    """Whether two sparse vectors differ before the shorter of them ends."""
    pairs = zip(np.flatnonzero(old), np.flatnonzero(new), strict=False)
    return any(a != b or old[a] != new[b] for a, b in pairs)


def listed(model: RecommenderModel, users: DataFrame) -> Scores:
    lists = model.rankedLists(len(ITEMS), users=users).collect()
    return {(row.user, row.item): row.score for row in lists if row.score > 0}


def test_users_in_batches_equal_networkx_and_the_table(
    spark: SparkSession, by_table: RecommenderModel
) -> None:
    users = spark.createDataFrame([("u1",), ("u5",), ("v0",), ("u1",)], "user string")
    ranks = user_pagerank(
        by_table.graph, users, restart_probability=RESTART, tolerance=TOLERANCE, batch=2
    )
    assert ranks.dtypes == [("user", "string"), ("item", "string"), ("score", "double")]
    rows = ranks.collect()
    found = {(row.user, row.item): row.score for row in rows}
    assert len(found) == len(rows)
    oracle = {
        (user, item): rank for user in ("u1", "u5", "v0") for item, rank in exact(user).items()
    }
    assert found == pytest.approx(oracle, rel=0, abs=TOLERANCE)
    assert found == pytest.approx(listed(by_table, users), rel=0, abs=TOLERANCE + ROUNDING)


def test_graphx_is_late_as_described(spark: SparkSession, by_table: RecommenderModel) -> None:
    path = nx.Graph([pair for pair in PAIRS if pair[0].startswith("v")])
    iterations = iterations_within(0.1, RESTART)
    simulated = as_graphx_has_it(path, ["v0"], RESTART, iterations)[:, 0]
    expected = {
        item: rank for item, rank in zip(path, simulated, strict=True) if item in ITEMS and rank > 0
    }
    users = spark.createDataFrame([("v0",)], "user string")
    ranks = user_pagerank(
        by_table.graph, users, restart_probability=RESTART, tolerance=0.1
    ).collect()
    found = {row.item: row.score for row in ranks}
    assert found == pytest.approx(expected, rel=1e-9)
    error = max(abs(found.get(item, 0.0) - rank) for item, rank in exact("v0").items())
    assert (1 - RESTART) ** iterations < error < 0.1


def test_item_rows_equal_networkx(by_table: RecommenderModel) -> None:
    graph = by_table.graph
    rows = item_pagerank_rows(
        graph, restart_probability=RESTART, tolerance=TOLERANCE, max_entries=3, batch=5
    )
    name = by_table.dataset.catalogue.ids.to_pylist()
    for index in range(graph.items):
        row = slice(rows.indptr[index], rows.indptr[index + 1])
        oracle = exact(name[index])
        assert np.all(np.diff(rows.indices[row]) > 0)
        assert rows.indices[row].size == min(3, len(oracle))
        found = [oracle[name[neighbour]] for neighbour in rows.indices[row]]
        assert rows.data[row] == pytest.approx(found, rel=0, abs=TOLERANCE + ROUNDING)
        least = sorted(oracle.values())[-len(found)]
        assert min(found) >= least - 2 * TOLERANCE  # the best ones were kept


def test_the_engine_of_a_model(
    spark: SparkSession, interactions: DataFrame, by_table: RecommenderModel
) -> None:
    model = everything(engine="graphframes", tolerance=TOLERANCE).fit(interactions)
    users = spark.createDataFrame([(user,) for user in HISTORIES], "user string")
    expected = listed(by_table, users)
    assert listed(model, users) == pytest.approx(expected, rel=0, abs=TOLERANCE + ROUNDING)
    assert {user for user, _ in expected} == set(HISTORIES)
    baskets = spark.createDataFrame([("new", "a"), ("new", "e")], "user string, item string")
    (basket,) = model.recommendForHistories(baskets, len(ITEMS)).collect()
    (oracle,) = by_table.recommendForHistories(baskets, len(ITEMS)).collect()
    scores = {row.item: row.rating for row in basket.recommendations}
    assert scores == pytest.approx(
        {row.item: row.rating for row in oracle.recommendations}, rel=0, abs=TOLERANCE + ROUNDING
    )


def test_unknown_users_are_named(spark: SparkSession, by_table: RecommenderModel) -> None:
    users = spark.createDataFrame([("u1",), ("nobody",)], "user string")
    with pytest.raises(ParameterError, match="1 unknown, such as 'nobody'"):
        user_pagerank(by_table.graph, users)
    with pytest.raises(ColumnError, match="found bigint, where the model has string"):
        user_pagerank(by_table.graph, spark.createDataFrame([(1,)], "user bigint"))
    with pytest.raises(ParameterError, match="1 unknown, such as None"):
        user_pagerank(by_table.graph, spark.createDataFrame([(None,)], "user string"))


def test_sources_that_cannot_be(spark: SparkSession, by_table: RecommenderModel) -> None:
    graph = by_table.graph
    with pytest.raises(EmptyInputError, match="needs a user"):
        user_pagerank(graph, spark.createDataFrame([], "user string"))
    with pytest.raises(ColumnError, match="'user'"):
        user_pagerank(graph, spark.createDataFrame([("u1",)], "userId string"))
    many = spark.range(MAX_SOURCES + 1).selectExpr("cast(id as string) as user")
    with pytest.raises(ParameterError, match="at most 1,000 users"):
        user_pagerank(graph, many)
    with pytest.raises(ParameterError, match="batch must be at least 1"):
        user_pagerank(graph, spark.createDataFrame([("u1",)], "user string"), batch=0)


def test_weights_are_refused(spark: SparkSession) -> None:
    graph = graph_of(spark, [("u", "a", 1.0), ("u", "b", 0.5)])
    with pytest.raises(ParameterError, match="cannot weigh interactions"):
        user_pagerank(graph, spark.createDataFrame([("u",)], "user string"))


def test_large_catalogues_are_refused(spark: SparkSession) -> None:
    rows = [("u", f"item {number}", 1.0) for number in range(MAX_SOURCES + 1)]
    with pytest.raises(ParameterError, match="at most 1,000 items; found 1,001"):
        item_pagerank_rows(graph_of(spark, rows), restart_probability=0.5)


def test_the_engine_knows_one_walk(interactions: DataFrame) -> None:
    with pytest.raises(ParameterError, match="found method='p3'"):
        RandomWalkRecommender(engine="graphframes").fit(interactions)


@st.composite
def connected_graphs(draw: st.DrawFn) -> nx.Graph[Any]:
    """Paths with a few edges more."""
    size = draw(st.integers(2, 14))
    graph: nx.Graph[Any] = nx.path_graph(size)
    for one, other in draw(st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)))):
        if (one - other) % 2:  # bipartite
            graph.add_edge(one, other)
    return graph


@given(
    graph=connected_graphs(),
    data=st.data(),
    restart=st.floats(0.3, 0.95),
    tolerance=st.floats(1e-5, 1.0),
)
def test_no_rank_is_off_by_more_than_the_tolerance(
    graph: nx.Graph[Any], data: st.DataObject, restart: float, tolerance: float
) -> None:
    sources = data.draw(st.lists(st.sampled_from(list(graph)), unique=True, min_size=1, max_size=4))
    found = as_graphx_has_it(graph, sources, restart, iterations_within(tolerance, restart))
    walk = nx.to_numpy_array(graph)
    walk /= walk.sum(axis=1, keepdims=True)
    oracle = np.linalg.inv(np.eye(len(graph)) - (1 - restart) * walk) * restart
    for column, source in enumerate(sources):
        assert np.abs(found[:, column] - oracle[source]).max() <= tolerance


@pytest.mark.parametrize(
    ("tolerance", "restart", "iterations"),
    [(1.0, 0.5, 3), (0.01, 0.5, 20), (0.001, 0.5, 30), (0.001, 0.15, 165), (0.0001, 0.7, 21)],
)
def test_iterations_within(tolerance: float, restart: float, iterations: int) -> None:
    assert iterations_within(tolerance, restart) == iterations


def test_too_many_iterations() -> None:
    with pytest.raises(ParameterError, match="more than 200 iterations"):
        iterations_within(1e-4, 0.15)


@pytest.mark.parametrize(
    ("tolerance", "restart"), [(0.0, 0.5), (1.5, 0.5), (0.1, 0.0), (0.1, 1.0), (float("nan"), 0.5)]
)
def test_iterations_of_nonsense(tolerance: float, restart: float) -> None:
    with pytest.raises(ParameterError, match="must be above 0"):
        iterations_within(tolerance, restart)
