"""A module of PyTorch is trained by PySpark's TorchDistributor, and its vectors join a hybrid."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession

import graphrec as gr
from graphrec.errors import MissingExtraError, ParameterError
from graphrec.recommenders.neural.torch_distributor import TrainedModule
from graphrec.recommenders.neural.torch_training import TorchTraining

GROUP = 8  # items of each of two groups

needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
pytestmark = [
    pytest.mark.filterwarnings("ignore:Failed to initialize NumPy:UserWarning"),  # needs no bridge
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),  # TorchDistributor's pipe
]


@pytest.fixture(scope="module")
def dataset(spark: SparkSession) -> Iterator[gr.Dataset]:
    """Users have half of the items of one of two groups."""
    rng = np.random.default_rng(3)
    rows = [
        (f"u{user}", f"i{user % 2 * GROUP + item}")
        for user in range(80)
        for item in rng.permutation(GROUP)[: GROUP // 2].tolist()
    ]
    interactions = spark.createDataFrame(rows, "user string, item string").coalesce(1)
    with gr.Dataset.from_interactions(interactions) as read:
        yield read


@pytest.fixture(scope="module")
def trained(dataset: gr.Dataset) -> TrainedModule:
    return train(dataset, num_processes=2)


def train(dataset: gr.Dataset, **where: Any) -> TrainedModule:
    import torch  # noqa: PLC0415

    from examples.torch_towers import Towers  # noqa: PLC0415

    torch.manual_seed(1)
    towers = Towers(dataset.catalogue.size, rank=4, hidden=8)
    return gr.torch_distributor(dataset, towers, training=TorchTraining(epochs=60), **where)


@needs_torch
def test_two_processes_find_the_groups(trained: TrainedModule) -> None:
    """In a user's list those of the own group come first, had or not."""
    assert trained.userFactors is not None
    users, items = (
        {row[0]: np.array(row.vector) for row in frame.collect()}
        for frame in (trained.userFactors, trained.itemFactors)
    )
    assert len(users) == 80
    assert len(items) == 2 * GROUP
    for user, vector in users.items():
        best = sorted(items, key=lambda item: -(items[item] @ vector))[:GROUP]
        assert {int(item[1:]) // GROUP for item in best} == {int(user[1:]) % 2}


@needs_torch
def test_a_task_of_spark_learns_what_two_processes_do(
    dataset: gr.Dataset, trained: TrainedModule
) -> None:
    """But for the order in which floats are added."""
    [alone, together] = (
        {name: np.array(values.tolist()) for name, values in found.module.state_dict().items()}
        for found in (train(dataset, local_mode=False), trained)
    )
    for name, values in together.items():
        np.testing.assert_allclose(values, alone[name], rtol=1e-3, atol=1e-3)


@needs_torch
def test_its_vectors_are_a_leg_of_a_hybrid(dataset: gr.Dataset, trained: TrainedModule) -> None:
    factors = gr.PretrainedFactorsRecommender(trained.itemFactors, trained.userFactors)
    hybrid = gr.HybridRecommender(
        [gr.ItemKNNRecommender(), factors],
        weights={"knn": 0.5, "factors": 0.5},
        pseudoInteractions=0,
    )
    model = hybrid.fit(dataset)
    assert "factors" in model.legs
    for row in model.rankedLists(GROUP // 2).collect():
        assert int(row.item[1:]) // GROUP == int(row.user[1:]) % 2


def test_without_pytorch_there_is_one_clear_error(
    dataset: gr.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match="needs torch, not installed here; pip install"):
        gr.torch_distributor(dataset, object())


@needs_torch
@pytest.mark.parametrize(
    ("own", "wrong"), [("Linear", "must have a method item_vectors"), (None, "be a torch.nn.Modu")]
)
def test_what_cannot_be_trained_is_refused(
    dataset: gr.Dataset, own: str | None, wrong: str
) -> None:
    import torch  # noqa: PLC0415

    module = None if own is None else getattr(torch.nn, own)(2, 2)
    with pytest.raises(ParameterError, match=wrong):
        gr.torch_distributor(dataset, module)


@pytest.mark.parametrize("value", [{"epochs": 0}, {"rate": 0.0}, {"target_share": 1.0}])
def test_settings_out_of_their_range_are_refused(value: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match=f"{next(iter(value))} must be a"):
        TorchTraining(**value)
