from __future__ import annotations

from collections import Counter
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrec.graph.cores import core_table, h_indices, shell_table, user_numbers
from tests.graph.small_graph import Small, SmallOf


@pytest.mark.parametrize("one_task_entries", [10_000, 0], ids=["one task", "rounds"])
def test_core_numbers_are_those_of_networkx(small: Small, one_task_entries: int) -> None:
    table = core_table(small.graph.histories, small.catalogue, one_task_entries=one_task_entries)
    assert [name for name, _ in table.dtypes] == ["type", "user", "item", "degree", "core"]
    rows = table.collect()
    assert {row.user or row.item: row.core for row in rows} == nx.core_number(small.oracle)
    assert {row.user or row.item: row.degree for row in rows} == dict(small.oracle.degree())
    assert {row.type for row in rows if row.user} == {"user"}
    shells = {(row.core, row.users, row["items"]) for row in shell_table(table).collect()}
    users = Counter(row.core for row in rows if row.user)
    items = Counter(row.core for row in rows if row.item)
    assert shells == {(core, users[core], items[core]) for core in users | items}


def h_index(values: list[int]) -> int:
    return max(h for h in range(len(values) + 1) if sum(value >= h for value in values) >= h)


@given(histories=st.lists(st.lists(st.integers(0, 5), unique=True), min_size=1, max_size=8))
@settings(max_examples=40)
def test_h_indices_both_ways(histories: list[list[int]]) -> None:
    numbers = np.array([0, 1, 2, 2, 3, 7], np.int32)
    indptr = np.concatenate(([0], np.cumsum([len(history) for history in histories])))
    item = np.array([item for history in histories for item in history], np.int32)
    users = user_numbers(indptr, item, numbers)
    assert users.tolist() == [h_index(numbers[history].tolist()) for history in histories]
    begin = np.concatenate(([0], np.cumsum(numbers, dtype=np.int64)))
    counts = np.zeros(begin[-1], np.int64)
    of: dict[int, list[Any]] = {item: [] for item in range(6)}
    for user, history in zip(users, histories, strict=True):
        for one in history:
            of[one].append(int(user))
            if least := min(user, numbers[one]):
                counts[begin[one] + least - 1] += 1
    expected = [min(h_index(of[item]), int(numbers[item])) for item in range(6)]
    assert h_indices(begin, counts).tolist() == expected


@pytest.mark.parametrize("side", [3, 5])
def test_a_complete_graph_is_its_own_core(side: int, small_of: SmallOf) -> None:
    complete = small_of((f"u{u}", f"i{i}", 1.0) for u in range(side) for i in range(side))
    rows = core_table(complete.graph.histories, complete.catalogue).collect()
    assert {row.core for row in rows} == {side}
