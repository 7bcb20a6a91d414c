"""Neural collaborative filtering by its Estimator: tasks, settings, a place in the hybrid."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import SparkSession

import graphrec as gr
from graphrec.errors import ParameterError
from graphrec.kernels.csr import CSR
from graphrec.recommenders.embedding.softmax import Training
from graphrec.recommenders.neural.on_tasks import learn_on_tasks
from graphrec.recommenders.neural.training import NetworkTraining, learn_network
from tests.recommenders.neural.planted import ITEMS, histories

ROWS: CSR = histories(300, 1)
TRAINING = NetworkTraining(Training(rank=4, epochs=2, batch_users=300), (8,))


def test_two_tasks_learn_what_one_does_to_the_bit(spark: SparkSession) -> None:
    found = learn_on_tasks(spark, ROWS, ITEMS, TRAINING, 2)
    alone = learn_network(ROWS, ITEMS, TRAINING)
    assert found.vector.tobytes() == alone.vector.tobytes()
    assert [[array.tobytes() for array in layer] for layer in found.layers] == [
        [array.tobytes() for array in layer] for layer in alone.layers
    ]


def test_more_tasks_than_run_at_once_are_refused(spark: SparkSession) -> None:
    with pytest.raises(
        ParameterError, match=r"trainingTasks must be .*; found 999 tasks, and \d+ at once"
    ):
        learn_on_tasks(spark, ROWS, ITEMS, TRAINING, 999)


@pytest.mark.parametrize(
    "values",
    [{"hiddenLayers": 8}, {"hiddenLayers": [8, 0]}, {"hiddenLayers": "8"}, {"trainingTasks": 0}],
)
def test_settings_out_of_their_range_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match=f"{next(iter(values))} must be a"):
        gr.NeuralRecommender(**values)
