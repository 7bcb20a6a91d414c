from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, Row, SparkSession

from graphrec.data.catalogue import Catalogue
from graphrec.data.histories import build_histories
from graphrec.errors import ParameterError
from graphrec.graph.bipartite import UserItemGraph
from graphrec.recommenders.popularity import PopularityRecommender

Interaction = tuple[object, object, float, float | None]

FILMS: list[Interaction] = [
    ("ann", "alien", 5.0, 10.0),
    ("ann", "blade", 3.0, 20.0),
    ("bob", "blade", 1.5, None),
    ("bob", "cube", 4.0, 30.0),
    ("cat", "blade", 2.0, 0.0),
    ("dan", "dune", 4.5, 40.0),  # nobody else has seen it, and he has seen nothing else
]


def graph_of(
    spark: SparkSession,
    interactions: Iterable[Interaction],
    users: str = "string",
    items: str = "string",
) -> UserItemGraph:
    frame = spark.createDataFrame(
        list(interactions), f"user {users}, item {items}, weight double, timestamp double"
    )
    catalogue = Catalogue.from_interactions(frame)
    return UserItemGraph.from_histories(build_histories(frame, catalogue), catalogue)


@pytest.fixture(scope="module")
def films(spark: SparkSession) -> UserItemGraph:
    return graph_of(spark, FILMS)


def named(graph: UserItemGraph, edges: DataFrame) -> list[Row]:
    """Edges from users to items, with the names of both ends."""
    user = graph.user_vertices.withColumnRenamed("id", "src")
    item = graph.item_vertices.withColumnRenamed("id", "dst")
    return edges.join(user, "src").join(item, "dst").collect()


def test_vertices_are_users_and_then_items_by_popularity(films: UserItemGraph) -> None:
    assert films.vertices.dtypes == [
        ("id", "bigint"),
        ("type", "string"),
        ("user", "string"),
        ("item", "string"),
        ("degree", "bigint"),
    ]
    rows = films.vertices.orderBy("id").collect()
    assert [row.id for row in rows] == list(range(8))
    assert (films.users, films.items) == (4, 4)
    assert {(row.type, row.user, row.item, row.degree) for row in rows[:4]} == {
        ("user", "ann", None, 2),
        ("user", "bob", None, 2),
        ("user", "cat", None, 1),
        ("user", "dan", None, 1),
    }
    assert [(row.type, row.user, row.item, row.degree) for row in rows[4:]] == [
        ("item", None, "blade", 3),
        ("item", None, "alien", 1),
        ("item", None, "cube", 1),
        ("item", None, "dune", 1),
    ]


def test_edges_are_the_interactions(films: UserItemGraph) -> None:
    assert films.edges.dtypes == [
        ("src", "bigint"),
        ("dst", "bigint"),
        ("weight", "double"),
        ("timestamp", "double"),
    ]
    found = [(row.user, row.item, row.weight, row.timestamp) for row in named(films, films.edges)]
    assert sorted(found, key=str) == sorted(FILMS, key=str)


@given(
    kind=st.sampled_from(["string", "int", "bigint"]),
    pairs=st.sets(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1, max_size=40),
)
@settings(max_examples=4)
def test_any_interactions_of_any_ids(
    spark: SparkSession, kind: str, pairs: set[tuple[int, int]]
) -> None:
    as_id = str if kind == "string" else int
    expected = {(as_id(user), as_id(item)) for user, item in pairs}
    interactions = [(user, item, 1.0, None) for user, item in expected]
    with graph_of(spark, interactions, kind, kind) as graph:
        one_way = [(row.src, row.dst) for row in graph.one_way.edges.collect()]
        both_ways = [(row.src, row.dst) for row in graph.both_ways.edges.collect()]
        names = named(graph, graph.edges)
        vertices = graph.one_way.vertices.collect()
    assert Counter((row.user, row.item) for row in names) == Counter(expected)
    assert all(src < graph.users <= dst < graph.users + graph.items for src, dst in one_way)
    assert Counter(both_ways) == Counter(one_way) + Counter((dst, src) for src, dst in one_way)
    assert Counter({row.id: row.degree for row in vertices}) == Counter(
        end for edge in one_way for end in edge
    )


def test_degrees_are_supports_one_way_and_twice_that_both_ways(films: UserItemGraph) -> None:
    expected = {row.id: row.degree for row in films.vertices.collect()}
    assert dict(map(tuple, films.one_way.degrees.collect())) == expected
    assert dict(map(tuple, films.both_ways.degrees.collect())) == {
        vertex: 2 * degree for vertex, degree in expected.items()
    }
    assert {vertex for vertex, _ in films.one_way.outDegrees.collect()} == set(range(4))


def test_a_path_between_users_exists_both_ways_only(films: UserItemGraph) -> None:
    start, end = "user = 'ann'", "user = 'cat'"
    paths = films.both_ways.bfs(start, end, maxPathLength=2).collect()
    assert [(row["from"].user, row.v1.item, row.to.user) for row in paths] == [
        ("ann", "blade", "cat")
    ]
    assert films.one_way.bfs(start, end, maxPathLength=2).isEmpty()


def test_connected_components_are_those_that_were_planted(spark: SparkSession) -> None:
    planted = {f"u{part}-{n}": part for part in range(3) for n in range(4)}
    interactions = [
        (user, f"i{part}-{(n + step) % 4}", 1.0, None)
        for n, (user, part) in enumerate(planted.items())
        for step in range(2)
    ]
    with graph_of(spark, interactions) as graph:
        found = graph.one_way.connectedComponents()
        rows = found.collect()
        found.unpersist()
    parts = {(row.component, (row.user or row.item)[1]) for row in rows}
    assert len(rows) == 24
    assert sorted(part for _, part in parts) == ["0", "1", "2"]
    assert len({component for component, _ in parts}) == 3


def test_a_view_is_made_once(films: UserItemGraph) -> None:
    assert films.one_way is films.one_way
    assert films.both_ways is films.both_ways
    assert films.one_way is not films.both_ways


def test_vertex_of(spark: SparkSession, films: UserItemGraph) -> None:
    ids = {row.user or row.item: row.id for row in films.vertices.collect()}
    assert films.vertex_of(user="bob") == ids["bob"]
    assert films.vertex_of(item="dune") == ids["dune"] == 7
    numbers = graph_of(spark, [(7, 3, 1.0, None), (8, 3, 1.0, None)], "bigint", "int")
    assert numbers.vertex_of(user=7) < 2
    assert numbers.vertex_of(item=3) == 2
    with pytest.raises(ParameterError, match="no such item; found 7"):
        numbers.vertex_of(item=7)
    for wrong in ("7", "ann", True, 7.0):
        with pytest.raises(ParameterError, match=r"user must be an id of the model's type, bigint"):
            numbers.vertex_of(user=wrong)


@pytest.mark.parametrize("names", [{}, {"user": "ann", "item": "alien"}])
def test_vertex_of_needs_one_name(films: UserItemGraph, names: dict[str, str]) -> None:
    with pytest.raises(ParameterError, match="needs a user or an item"):
        films.vertex_of(**names)


def test_usable_after_unpersist(spark: SparkSession) -> None:
    graph = graph_of(spark, FILMS)
    before, view = set(named(graph, graph.edges)), graph.one_way
    graph.unpersist()
    assert graph.one_way is not view
    assert set(named(graph, graph.one_way.edges)) == before


def test_every_model_has_its_graph(spark: SparkSession) -> None:
    rated = [row[:3] for row in FILMS]
    ratings = spark.createDataFrame(rated, "userId string, movieId string, rating double")
    model = PopularityRecommender(preference="weight").fit(ratings)
    assert model.graph is model.graph
    found = [(row.user, row.item, row.weight) for row in named(model.graph, model.graph.edges)]
    assert sorted(found) == sorted(rated)
    assert model.graph.both_ways.edges.count() == 2 * len(FILMS)
