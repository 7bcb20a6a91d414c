"""A small graph of which networkx knows everything, and the sample data explored once."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from graphrec.data.catalogue import Catalogue
from graphrec.data.dataset import Dataset
from graphrec.data.histories import build_histories
from graphrec.graph.bipartite import UserItemGraph
from graphrec.graph.exploration import explore
from tests.graph.small_graph import Explored, Interaction, Small, SmallOf

SAMPLE = Path(__file__).parents[2] / "sample_data"


@pytest.fixture(scope="session")
def small_of(spark: SparkSession) -> SmallOf:
    def make(interactions: Iterable[Interaction]) -> Small:
        rows = list(interactions)
        frame = spark.createDataFrame(rows, "user string, item string, weight double")
        frame = frame.selectExpr("*", "cast(null as double) as timestamp")
        catalogue = Catalogue.from_interactions(frame)
        graph = UserItemGraph.from_histories(build_histories(frame, catalogue), catalogue)
        oracle: nx.Graph[Any] = nx.Graph()
        oracle.add_weighted_edges_from(rows)
        return Small(graph, catalogue, oracle)

    return make


@pytest.fixture(scope="session")
def small(small_of: SmallOf) -> Small:
    """40 users and 30 items of uneven degrees, and a component apart: a path of two users."""
    random = np.random.RandomState(5)
    rows = []
    for user in range(40):
        appeal = 1.0 / np.arange(1, 31)
        count = 1 + min(int(random.pareto(1.2) * 2), 20)
        chosen = random.choice(30, count, replace=False, p=appeal / appeal.sum())
        rows += [(f"u{user:02d}", f"i{item:02d}", float(random.randint(1, 6))) for item in chosen]
    rows += [("ux", "ix", 1.0), ("ux", "iy", 2.0), ("uy", "iy", 3.0)]
    return small_of(rows)


@pytest.fixture(scope="package")
def explored(spark: SparkSession) -> Explored:
    """Frames are kept as they are on the driver: the sample is small."""
    with (SAMPLE / "truth" / "films.csv").open(encoding="utf-8", newline="") as file:
        truth = {row["movieId"]: row for row in csv.DictReader(file)}
    ratings = gr.samples.ratings(spark)

    def run(partitions: int) -> dict[str, DataFrame]:
        dataset = Dataset.from_interactions(ratings.repartition(partitions), preference="weight")
        with UserItemGraph.from_histories(dataset.histories, dataset.catalogue) as graph:
            return explore(graph, dataset.catalogue, lambda _, table: kept(spark, table))

    return Explored(run(3), truth, lambda: run(7))


def kept(spark: SparkSession, table: DataFrame) -> DataFrame:
    """The same rows, computed once."""
    return spark.createDataFrame(table.toArrow())
