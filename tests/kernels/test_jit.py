"""What travels to the workers, and what each of them would have to compile again."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark import cloudpickle
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.group_ops import PandasGroupedOpsMixin
from pyspark.sql.pandas.map_ops import PandasMapOpsMixin

import graphrec as gr
from graphrec.graph.bipartite import UserItemGraph
from graphrec.graph.cores import core_table
from graphrec.graph.item_graph import item_graph
from graphrec.graph.reach import reach_table
from graphrec.graph.similar_users import similar_users


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The functions that Spark is given to ship while the test runs, pickled."""
    found: list[bytes] = []
    for mixin, name in ((PandasMapOpsMixin, "mapInArrow"), (PandasGroupedOpsMixin, "applyInArrow")):
        plain = getattr(mixin, name)

        def noted(self: Any, func: Any, *rest: Any, plain: Any = plain, **named: Any) -> DataFrame:
            found.append(cloudpickle.dumps(func))
            frame: DataFrame = plain(self, func, *rest, **named)
            return frame

        monkeypatch.setattr(mixin, name, noted)
    return found


def test_no_compiled_function_travels(
    spark: SparkSession, shipped: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numba pickles its functions as source: a worker that is sent one compiles it anew."""
    monkeypatch.setattr("graphrec.spark.parallelism.memory_bytes", lambda: 0)  # nothing fits there
    ratings = spark.createDataFrame(
        [(user, item, 3.0 + user % 2) for user in range(8) for item in range(user, user + 4)],
        "user int, item int, rating double",
    )
    legs = [
        gr.RandomWalkRecommender(method="pagerank"),
        gr.ItemKNNRecommender(),
        gr.EASERecommender(),
        gr.ALSRecommender(rank=4, maxIter=1),
    ]
    model = gr.HybridRecommender(legs=legs, weights={"walk": 1.0, "als": 1.0}).fit(ratings)
    model.recommendForAllUsers(2).collect()
    model.transform(ratings).collect()
    model.watchedTogether(2).collect()
    gr.RatingPredictor(rank=2, maxIter=1).fit(ratings).transform(ratings).collect()
    assert len(shipped) > 12
    assert not [function for function in shipped if b"numba" in function]


def test_no_compiled_function_travels_when_a_graph_is_explored(
    spark: SparkSession, shipped: list[bytes]
) -> None:
    ratings = spark.createDataFrame(
        [(user, item) for user in range(8) for item in range(user, user + 4)], "user int, item int"
    )
    dataset = gr.Dataset.from_interactions(ratings)
    catalogue, histories = dataset.catalogue, dataset.histories
    for entries in (0, 1000):
        core_table(histories, catalogue, one_task_entries=entries).collect()
    reach_table(histories, catalogue.size).collect()
    similar_users(UserItemGraph.from_histories(histories, catalogue), catalogue).collect()
    item_graph(histories, catalogue).to_frame(spark).collect()
    assert len(shipped) > 6
    assert not [function for function in shipped if b"numba" in function]
