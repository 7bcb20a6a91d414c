from __future__ import annotations

import numpy as np
import pytest
from pyspark.sql import SparkSession
from scipy import sparse

from graphrec.graph.bridges import item_roles, participation
from graphrec.graph.communities import Communities, community_table, find_communities
from graphrec.graph.item_graph import ItemGraph, item_graph
from tests.graph.small_graph import Small, SmallOf


def test_participation_by_hand() -> None:
    towards = sparse.csr_array(
        np.array([[4.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0, 2.0], [0.0, 0.0, 0.0]])
    )
    assert participation(towards).tolist() == [0.0, 0.5, 0.625, 0.0]


@pytest.fixture(scope="module")
def items(small: Small) -> ItemGraph:
    return item_graph(small.graph.histories, small.catalogue, neighbours=4)


def test_the_item_graph_joins_each_item_to_its_best_neighbours(
    spark: SparkSession, small: Small, items: ItemGraph
) -> None:
    ids = small.catalogue.ids.to_pylist()
    users_of = [set(small.oracle[item]) for item in ids]
    discount = {user: 1.0 / small.oracle.degree(user) for user in small.users}

    def shared(a: int, b: int) -> float:
        return sum(discount[user] for user in users_of[a] & users_of[b])

    expected = {}
    for a in range(len(ids)):
        cosines = {
            b: shared(a, b) / np.sqrt(shared(a, a) * shared(b, b))
            for b in range(len(ids))
            if a != b and len(users_of[a] & users_of[b]) >= 2
        }
        for b in sorted(cosines, key=lambda b: (-np.float32(cosines[b]), b))[:4]:
            expected[min(a, b), max(a, b)] = cosines[b]
    edges = {
        (ids.index(row.item), ids.index(row.neighbour)): row.weight
        for row in items.to_frame(spark).collect()
    }
    assert edges == pytest.approx(expected, rel=1e-6)
    assert (items.weights != items.weights.T).nnz == 0


def test_roles_and_communities_add_up(spark: SparkSession, small: Small, items: ItemGraph) -> None:
    communities = find_communities(items)
    rows = {row.item: row for row in item_roles(spark, items, communities).collect()}
    alone = {item for item, row in rows.items() if row.neighbours == 0}
    assert alone
    assert {item for item, row in rows.items() if row.community is None} == alone
    assert {item for item, row in rows.items() if row.participation is None} == alone
    table = {row.community: row for row in community_table(spark, items, communities).collect()}
    assert sorted(table) == list(range(1, communities.count + 1))
    sizes = [table[number]["items"] for number in sorted(table)]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(row.modularity for row in table.values()) == pytest.approx(communities.modularity)
    for number, row in table.items():
        own = [role for role in rows.values() if role.community == number]
        assert row["items"] == len(own)
        assert row.support == sum(role.support for role in own)
        share = sum(role.inside for role in own) / sum(role.strength for role in own)
        assert row.inside == pytest.approx(share)
        z = np.array([role.within_z for role in own])
        assert z.mean() == pytest.approx(0.0, abs=1e-9)
        assert z.std() == pytest.approx(1.0) or not z.any()


def test_without_any_pair_there_is_no_community(spark: SparkSession, small_of: SmallOf) -> None:
    lonely = small_of([("u1", "i1", 1.0), ("u2", "i2", 1.0)])
    items = item_graph(lonely.graph.histories, lonely.catalogue)
    communities = find_communities(items)
    assert communities == Communities(communities.label, 0.0)
    assert communities.count == 0
    assert community_table(spark, items, communities).isEmpty()
    assert [row.community for row in item_roles(spark, items, communities).collect()] == [None] * 2
