from __future__ import annotations

import networkx as nx
import pytest

from graphrec.graph.distances import distance_table
from graphrec.graph.importance import importance_table
from tests.graph.small_graph import Small


def test_pagerank_is_that_of_networkx(small: Small) -> None:
    rows = importance_table(small.graph, small.catalogue).collect()
    exact = nx.pagerank(small.oracle, alpha=0.85, tol=1e-14, max_iter=1000, weight=None)
    mean = len(small.oracle)
    assert {row.item for row in rows} == set(small.items)
    for row in rows:
        assert row.pagerank == pytest.approx(exact[row.item] * mean, rel=0.01)
        assert row.support == small.oracle.degree(row.item)
        assert float(f"{row.pagerank:.5e}") == row.pagerank
    total = sum(exact[item] for item in small.items)
    for row in rows:
        fair = row.support / small.oracle.size()
        assert row.lift == pytest.approx(exact[row.item] / total / fair, rel=0.02)
    ranks = sorted(rows, key=lambda row: row.pagerank_rank)
    assert [row.pagerank_rank for row in ranks] == list(range(1, len(rows) + 1))
    assert [row.pagerank for row in ranks] == sorted((row.pagerank for row in rows), reverse=True)


def test_distances_are_those_of_networkx(small: Small) -> None:
    rows = distance_table(small.graph, landmarks=2).collect()
    popular = [small.catalogue.ids[index].as_py() for index in range(2)]
    for item in popular:
        hops = nx.single_source_shortest_path_length(small.oracle, item)
        expected = {}
        for node, distance in hops.items():
            users, items = expected.get(distance, (0, 0))
            user = node.startswith("u")
            expected[distance] = (users + user, items + (not user))
        found = {row.distance: (row.users, row["items"]) for row in rows if row.item == item}
        assert found == expected
    assert {row.item for row in rows} == set(popular)
