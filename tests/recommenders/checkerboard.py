"""Two groups of users: one likes the even films, one the odd ones."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from graphrec.recommenders.base import Recommender

USERS, FILMS = 24, 24
COLUMNS = {"userCol": "viewer", "itemCol": "film", "ratingCol": "stars", "timestampCol": "day"}
Row = tuple[str | None, int | None, float | None, float | None]

SCHEMA = pa.schema(
    {"viewer": pa.string(), "film": pa.int32(), "stars": pa.float64(), "day": pa.float64()}
)


def viewer(number: int) -> str:
    return f"v{number:02}"


def held_out(number: int) -> list[int]:
    """Two films of the own group that a viewer has not seen."""
    group, position = number % 2, number // 2
    return sorted((2 * ((position + step) % (FILMS // 2)) + group) for step in (0, 5))


def seen(number: int) -> list[int]:
    """What a viewer has seen; every fourth one has not got round to all of it."""
    group = range(number % 2, FILMS, 2)
    reach = FILMS if number % 4 else FILMS - 6
    return [film for film in group if film not in held_out(number) and film < reach]


def history() -> dict[str, list[int]]:
    """All histories: the groups, one who has nearly everything, and one who has one film."""
    histories = {viewer(number): seen(number) for number in range(USERS)}
    histories["v98-hub"] = list(range(2, FILMS))
    histories["v99-one"] = [6]
    return histories


def rows() -> list[Row]:
    return [
        (name, film, 1.0 + (position + film) % 5, 1e9 + 3600.0 * position)
        for name, films in history().items()
        for position, film in enumerate(films)
    ]


def messy_rows() -> list[Row]:
    """The same, with rows that must be rejected, and older duplicates."""
    bad: list[Row] = [
        (None, 3, 4.0, 1e9),
        ("v00", None, 4.0, 1e9),
        ("v00", 3, math.nan, 1e9),
        ("v00", 3, 2e9, 1e9),
        ("v00", 3, 4.0, 1e13),
        ("v97-rejected", 3, None, 1e9),
    ]
    older = [(name, film, 1.0, 9e8) for name, film, _, _ in rows()[::5]]
    return [*bad, *older, *rows()]


def frame(spark: SparkSession, data: list[Row], schema: pa.Schema = SCHEMA) -> DataFrame:
    cells = [dict(zip(schema.names, row, strict=True)) for row in data]
    return spark.createDataFrame(pa.Table.from_pylist(cells, schema))


def made_of_settings() -> dict[str, Recommender]:
    """One of each kind that needs no session to be made, small enough for these data."""
    return {
        "popularity": gr.PopularityRecommender(**COLUMNS),
        "p3": gr.RandomWalkRecommender(**COLUMNS, popularityExponent=0.25),
        "pagerank": gr.RandomWalkRecommender(**COLUMNS, method="pagerank"),
        "knn": gr.ItemKNNRecommender(**COLUMNS, shrinkage=2.0),
        "ease": gr.EASERecommender(**COLUMNS, regParam=2.0),
        "als": gr.ALSRecommender(**COLUMNS, rank=4, maxIter=3),
        "embedding": gr.EmbeddingRecommender(**COLUMNS, rank=4),
        "neural": gr.NeuralRecommender(**COLUMNS, rank=4, hiddenLayers=[8]),
        "trend": gr.TrendRecommender(**COLUMNS, recentShare=0.3),
        "mllib": gr.ALSRecommender(**COLUMNS, rank=4, maxIter=3, engine="mllib"),
        "hybrid": gr.HybridRecommender(
            [*legs(), gr.EmbeddingRecommender(rank=4)], trendHalfLife=None, **COLUMNS
        ),
        "learned-once": gr.HybridRecommender(
            legs(), pseudoInteractions=0.0, trendHalfLife=None, **COLUMNS
        ),
    }


def recommenders(spark: SparkSession) -> dict[str, Recommender]:
    """One of each kind."""
    made_of_frames = {"given": given, "content": content, "demographic": demographic}
    return made_of_settings() | {name: make(spark) for name, make in made_of_frames.items()}


def given(spark: SparkSession) -> gr.PretrainedFactorsRecommender:
    """Factors that separate the two tastes."""
    tastes = [(film, [1.0 + film / 100, 0.1][:: 1 - 2 * (film % 2)]) for film in range(FILMS)]
    factors = spark.createDataFrame(tastes, "id int, features array<float>")
    return gr.PretrainedFactorsRecommender(factors, None, **COLUMNS)


def groups(spark: SparkSession, *others: tuple[int, str | None]) -> DataFrame:
    """(film, group) of all films, and of others that nobody has seen."""
    known = [(film, "odd" if film % 2 else "even") for film in range(FILMS)]
    return spark.createDataFrame([*known, *others], "film int, group string")


def content(spark: SparkSession) -> gr.ContentRecommender:
    """Factors of films whose group is known."""
    return gr.ContentRecommender(groups(spark), **COLUMNS, rank=4, maxIter=3)


def profiles(spark: SparkSession, *others: tuple[str, str | None]) -> DataFrame:
    """(viewer, taste) of all viewers, and of others who have seen nothing."""
    known = [(viewer(number), "odd" if number % 2 else "even") for number in range(USERS)]
    last = [("v98-hub", "even"), ("v99-one", "even")]
    return spark.createDataFrame([*known, *last, *others], "viewer string, taste string")


def demographic(spark: SparkSession) -> gr.DemographicRecommender:
    """Tastes that are known beside the histories."""
    return gr.DemographicRecommender(profiles(spark), **COLUMNS, regParam=1.0)


def legs(**als: Any) -> list[Any]:
    return [
        gr.RandomWalkRecommender(),
        gr.EASERecommender(regParam=2.0),
        gr.ALSRecommender(**{"rank": 4, "maxIter": 3} | als),
    ]
