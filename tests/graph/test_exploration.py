"""What was planted in the sample data is found, and found again."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import DataFrame

from graphrec.cooccurrence.measures import MEASURES
from graphrec.graph.exploration import COLUMNS, TABLES
from graphrec.graph.headline import headline
from tests.graph.small_graph import Explored

pytestmark = pytest.mark.slow


def adjusted_rand(planted: list[str], found: list[int]) -> float:
    """Hubert and Arabie 1985."""

    def pairs(counts: Counter[tuple[str, int]] | Counter[str] | Counter[int]) -> float:
        return sum(count * (count - 1) / 2 for count in counts.values())

    both = pairs(Counter(zip(planted, found, strict=True)))
    first, second = pairs(Counter(planted)), pairs(Counter(found))
    expected = first * second / (len(planted) * (len(planted) - 1) / 2)
    return (both - expected) / ((first + second) / 2 - expected)


def test_the_planted_communities_are_found(explored: Explored) -> None:
    label = {row.item: row.community for row in explored.tables["item_roles"].collect()}
    films = [film for film, truth in explored.truth.items() if truth["role"] == "community"]
    planted = [explored.truth[film]["community"] for film in films]
    assert adjusted_rand(planted, [label[film] for film in films]) >= 0.9
    assert explored.tables["communities"].count() == 6


def test_the_hub_and_the_bridges_take_part_in_more_communities_than_any_other_film(
    explored: Explored,
) -> None:
    roles = explored.tables["item_roles"].orderBy("participation", ascending=False).collect()
    planted_roles = [explored.truth[row.item]["role"] for row in roles]
    assert planted_roles[:9] == ["hub"] + ["bridge"] * 8
    home = {row.item: row.community for row in roles}
    names = Counter(
        (explored.truth[film]["community"], number)
        for film, number in home.items()
        if explored.truth[film]["role"] == "community"
    )
    name_of = {number: name for (name, number), _ in reversed(names.most_common())}
    for row in roles[1:9]:
        film = explored.truth[row.item]
        assert name_of[row.community] in (film["community"], film["second"])


def test_the_names_of_all_columns_are_listed(explored: Explored) -> None:
    named = {name for table in explored.tables.values() for name in table.columns}
    assert named - {"user", "item"} == COLUMNS


def test_the_edges_have_the_measures_of_the_counts(explored: Explored) -> None:
    edges = explored.tables["item_edges"].toPandas()
    counts = [edges[name].to_numpy(float) for name in ("together", "support_item")]
    neighbour = edges["support_neighbour"].to_numpy(float)
    for name, measure in MEASURES.items():
        np.testing.assert_array_equal(edges[name], measure(*counts, neighbour, 598.0))
    support = {row.item: row.support for row in explored.tables["item_roles"].collect()}
    assert (edges["item"].map(support) == edges["support_item"]).all()
    assert (edges["support_item"] >= edges["support_neighbour"]).all()
    assert edges["together"].min() >= 2


def test_the_headline(explored: Explored) -> None:
    figures = headline(explored.tables)
    json.dumps(figures)  # it goes into _run.json
    assert (figures["users"], figures["items"], figures["interactions"]) == (598, 400, 17_902)
    assert figures["density"] == pytest.approx(17_902 / (598 * 400))
    assert (figures["components"], figures["reachable_catalogue"]) == (1, 1.0)
    assert figures["item_max"] == 512  # the hub
    assert figures["innermost_core"].keys() == {"core", "users", "items"}
    assert figures["communities"] == 6
    assert figures["modularity"] > 0.7
    assert 0.9 < figures["popularity_correlation"] < 1
    assert figures["median_pool_share"] > 0.9
    assert figures["power_laws"].keys() == {"user", "item"}


def in_order(table: DataFrame) -> pa.Table:
    arrow = table.toArrow()
    return arrow.sort_by([(name, "ascending") for name in arrow.column_names])


def test_another_run_gives_the_same_bits(explored: Explored) -> None:
    again = explored.again()
    assert tuple(sorted(again)) == tuple(sorted(TABLES))
    for name in TABLES:
        assert in_order(again[name]).equals(in_order(explored.tables[name])), name
