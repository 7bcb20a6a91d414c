from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrec.graph.degrees import degree_table, gini, power_law_table
from graphrec.graph.size import size_table
from tests.graph.small_graph import Small


def test_degrees_size_and_density(small: Small) -> None:
    table = degree_table(small.graph)
    assert table.dtypes == [
        ("type", "string"),
        ("degree", "bigint"),
        ("vertices", "bigint"),
        ("at_least", "double"),
    ]
    rows = table.collect()
    degree = dict(small.oracle.degree())
    for kind, names in (("user", small.users), ("item", small.items)):
        counts = Counter(degree[name] for name in names)
        assert {row.degree: row.vertices for row in rows if row.type == kind} == counts
        for row in rows:
            if row.type == kind:
                tail = sum(degree[name] >= row.degree for name in names)
                assert row.at_least == pytest.approx(tail / len(names))
    size = size_table(small.graph, table).first()
    assert size is not None
    edges, users, items = small.oracle.size(), len(small.users), len(small.items)
    assert (size.users, size["items"], size.interactions) == (users, items, edges)
    assert size.density == pytest.approx(edges / (users * items))
    of_users = [degree[name] for name in small.users]
    assert size.user_median == np.median(of_users)
    assert size.user_mean == pytest.approx(np.mean(of_users))
    assert size.item_max == max(degree[name] for name in small.items)
    laws = {row.type: row for row in power_law_table(table).collect()}
    assert laws["user"].vertices == users
    assert laws["item"].alpha > 1


@given(values=st.lists(st.integers(1, 50), min_size=1, max_size=30))
@settings(max_examples=50)
def test_gini_is_the_mean_difference_over_twice_the_mean(values: list[int]) -> None:
    data = np.array(values)
    found = gini(*np.unique(data, return_counts=True))
    difference = np.abs(data[:, None] - data).mean()
    assert found == pytest.approx(difference / (2 * data.mean()), abs=1e-12)
