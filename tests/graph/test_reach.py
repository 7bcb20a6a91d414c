from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrec.graph.reach import _bits_in, reach_table
from tests.graph.small_graph import Small


def pools(small: Small) -> dict[str, int]:
    return {
        user: sum(
            hops == 3
            for hops in nx.single_source_shortest_path_length(small.oracle, user, 3).values()
        )
        for user in small.users
    }


def test_the_pool_is_what_is_three_steps_away(small: Small) -> None:
    table = reach_table(small.graph.histories, small.graph.items)
    assert table.dtypes == [
        ("user", "string"),
        ("history", "int"),
        ("pool", "double"),
        ("share", "double"),
    ]
    rows = table.collect()
    expected = pools(small)
    assert {row.user: row.pool for row in rows} == expected
    for row in rows:
        assert row.history == small.oracle.degree(row.user)
        assert row.share == pytest.approx(expected[row.user] / (small.graph.items - row.history))


def test_a_sample_of_the_items_is_scaled_up(small: Small) -> None:
    """Every other item has a bit."""
    rows = reach_table(small.graph.histories, small.graph.items, targets=16).collect()
    expected = pools(small)
    apart = [abs(row.pool - expected[row.user]) for row in rows]
    assert 0 < max(apart) <= 6
    assert all(row.pool <= small.graph.items - row.history for row in rows)


@given(word=st.integers(0, 2**64 - 1))
def test_bits_are_counted(word: int) -> None:
    assert _bits_in(np.uint64(word)) == word.bit_count()
