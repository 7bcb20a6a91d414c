from __future__ import annotations

import networkx as nx
import pytest

from graphrec.graph.components import component_table, connected_components
from tests.graph.small_graph import Small


def test_components_are_those_of_networkx(small: Small) -> None:
    with connected_components(small.graph) as components:
        rows = component_table(components, items=small.graph.items).collect()
    expected = {
        (
            sum(node.startswith("u") for node in part),
            sum(node.startswith("i") for node in part),
            small.oracle.subgraph(part).size(),
        )
        for part in nx.connected_components(small.oracle)
    }
    assert len(expected) == 2
    assert {(row.users, row["items"], row.interactions) for row in rows} == expected
    assert sum(row.item_share for row in rows) == pytest.approx(1.0)
