"""A row per item gives every user's PageRank, and states what it lacks."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from graphrec.cooccurrence.table import PairTable
from graphrec.kernels.csr import CSR
from graphrec.kernels.types import read_only
from graphrec.recommenders.walks.p3 import stay_probability, walk_weights
from graphrec.recommenders.walks.pagerank import item_pagerank, push_from
from tests.cooccurrence.brute_force import (
    Histories,
    Matrix,
    chain_pagerank,
    dense,
    histories_of,
    pair_table,
    random_histories,
)

EDGES = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6), st.sampled_from([0.1, 1.0, 1.0, 2.5, 40.0])),
    min_size=1,
    max_size=30,
    unique_by=lambda edge: edge[:2],
)
HUB = [(0, i, 1.0 + i) for i in range(7)] + [(u, u, 0.5) for u in range(1, 7)]
STAR = [(u, 0, 1.0) for u in range(5)]
PAIR = [(0, 0, 3.0)]
TWO_COMPONENTS = [(0, 0, 1.0), (0, 1, 2.0), (1, 2, 1.0), (1, 3, 0.1), (2, 3, 5.0)]


def pushed(
    table: PairTable,
    restart: float,
    *,
    tolerance: float = 1e-10,
    least_mass: float = 0.0,
    max_entries: int = 1000,
) -> CSR:
    """Rows of the two-step chain whose bipartite walk restarts with this probability."""
    return push_from(
        read_only(np.arange(table.items, dtype=np.int32)),
        walk_weights(table),
        read_only(stay_probability(table).astype(np.float32)),
        1.0 - (1.0 - restart) ** 2,
        tolerance,
        least_mass,
        max_entries,
    )


def user_pagerank(histories: Histories, rows: CSR, restart: float) -> Matrix:
    """The users' PageRank on the items by linearity, (users, items)."""
    scale = (1.0 - restart) * restart / (1.0 - (1.0 - restart) ** 2)
    return scale * histories.scaled(1.0) @ dense(rows)


def networkx_pagerank(histories: Histories, restart: float) -> Matrix:
    graph: nx.Graph[tuple[str, int]] = nx.Graph()
    for user, item in zip(*np.nonzero(histories.has), strict=True):
        graph.add_edge(("user", user), ("item", item), weight=histories.weight[user, item])
    found = np.zeros(histories.has.shape)
    for user in range(histories.has.shape[0]):
        ranks = nx.pagerank(
            graph,
            alpha=1.0 - restart,
            personalization={("user", user): 1.0},
            tol=1e-12,
            max_iter=2000,
        )
        found[user] = [ranks["item", item] for item in range(histories.items)]
    return found


@given(edges=EDGES, restart=st.sampled_from([0.1, 0.15, 0.5, 0.85]))
@example(edges=HUB, restart=0.15)
@example(edges=STAR, restart=0.15)
@example(edges=PAIR, restart=0.5)
@example(edges=TWO_COMPONENTS, restart=0.1)
@settings(max_examples=25)
def test_users_scores_equal_networkx(edges: list[tuple[int, int, float]], restart: float) -> None:
    histories = histories_of(edges)
    rows = pushed(pair_table(histories), restart)
    np.testing.assert_allclose(
        user_pagerank(histories, rows, restart), networkx_pagerank(histories, restart), atol=1e-6
    )


@given(
    edges=EDGES,
    restart=st.sampled_from([0.1, 0.5, 0.9]),
    tolerance=st.sampled_from([1e-9, 1e-3, 0.1, 0.9, 1.0]),
    least_mass=st.sampled_from([0.0, 1e-3, 0.05, 0.5]),
    max_entries=st.integers(1, 8),
    cut=st.integers(0, 2**32 - 1),
)
@settings(max_examples=100)
def test_the_distance_to_the_exact_rows_is_what_is_missing(
    edges: list[tuple[int, int, float]],
    restart: float,
    tolerance: float,
    least_mass: float,
    max_entries: int,
    cut: int,
) -> None:
    histories = histories_of(edges)
    keep = np.random.default_rng(cut).random((histories.items, histories.items)) < 0.7
    table = pair_table(histories, keep=keep)
    limits = {"tolerance": tolerance, "least_mass": least_mass}
    rows = dense(pushed(table, restart, max_entries=max_entries, **limits))
    exact = chain_pagerank(histories, 1.0 - (1.0 - restart) ** 2)
    assert np.all(rows <= exact + 1e-6)  # an entry is only ever too low
    np.testing.assert_allclose(np.abs(exact - rows).sum(axis=1), 1.0 - rows.sum(axis=1), atol=2e-6)
    assert np.all((rows > 0).sum(axis=1) <= max_entries)


@pytest.mark.parametrize("tolerance", [0.3, 0.01, 1e-4])
def test_no_more_than_the_tolerance_is_left_where_nothing_else_is_cut(tolerance: float) -> None:
    histories = random_histories(3, binary=True)
    rows = dense(pushed(pair_table(histories), 0.2, tolerance=tolerance))
    missing = 1.0 - rows.sum(axis=1)
    assert np.all(missing <= tolerance + 1e-6)
    assert np.all(missing > 0.2 * tolerance)  # it does not work on for nothing


def test_residuals_too_small_to_be_pushed_are_missing_at_most() -> None:
    """The work is bounded: a push settles the restart's share of the least mass, at least."""
    histories = random_histories(3, binary=True)
    table = pair_table(histories)
    missing = [
        1.0 - dense(pushed(table, 0.2, least_mass=least)).sum(axis=1)
        for least in (0.0, 1e-3, 1e-2, 1.1)
    ]
    assert np.all(missing[0] < 1e-6)
    assert np.all(np.diff([m.mean() for m in missing]) > 0)
    waiting = 1.0 - (1.0 - 0.2) ** 2
    np.testing.assert_allclose(missing[-1], 1.0 - waiting, atol=1e-6)  # it stays where it starts


def test_the_largest_entries_are_kept() -> None:
    histories = random_histories(3, binary=True)
    exact = dense(pushed(pair_table(histories), 0.3))
    rows = dense(pushed(pair_table(histories), 0.3, max_entries=5))
    fifth = np.sort(exact, axis=1)[:, -5:].min(axis=1, keepdims=True)
    np.testing.assert_array_equal(rows, np.where(exact >= fifth, exact, 0.0))


def test_spark_pushes_from_every_item(spark: SparkSession) -> None:
    histories = random_histories(4, binary=True)
    table = pair_table(histories)
    limits = {"tolerance": 1e-8, "least_mass": 0.0}
    found = item_pagerank(spark, table, restart_probability=0.3, max_entries=1000, **limits)
    exact = chain_pagerank(histories, 1.0 - 0.7**2)
    np.testing.assert_allclose(dense(found.rows), exact, atol=1e-6)
    assert found.missing.max() < 1e-6
    expected = pushed(table, 0.3, **limits)
    assert found.rows.data.tobytes() == expected.data.tobytes()


def test_spark_states_what_each_row_is_missing(spark: SparkSession) -> None:
    histories = random_histories(4, binary=True)
    keep = histories.cosine() > 0.3
    found = item_pagerank(
        spark,
        pair_table(histories, keep=keep),
        restart_probability=0.3,
        tolerance=0.01,
        max_entries=8,
    )
    exact = chain_pagerank(histories, 1.0 - 0.7**2)
    distance = np.abs(exact - dense(found.rows)).sum(axis=1)
    np.testing.assert_allclose(found.missing, distance, atol=1e-6)
    assert distance.min() > 0.05  # there was something to be missed
