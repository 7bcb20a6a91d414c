"""A user's own module of PyTorch, trained by PySpark's `TorchDistributor` on graphrec's histories.

PyTorch from the usual place brings 3 GB of libraries for GPUs, so it is neither a dependency nor an
extra: whoever has a module has it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from pyspark import cloudpickle
from pyspark.ml.torch.distributor import TorchDistributor
from pyspark.sql import DataFrame
from pyspark.sql import types as T

from graphrec.columns import INDEX, ITEM, ITEMS, USER, VECTOR, WEIGHTS
from graphrec.data.dataset import Dataset
from graphrec.errors import MissingExtraError, ParameterError
from graphrec.params import at_least, checked
from graphrec.recommenders.embedding.softmax import divisible_histories
from graphrec.recommenders.neural.on_tasks import require_slots
from graphrec.recommenders.neural.torch_training import TorchTraining
from graphrec.spark.item_rows import vector_rows
from graphrec.spark.shared_arrays import ForChildProcess, share_arrays

if TYPE_CHECKING:
    from graphrec.recommenders.neural.torch_process import Loop, Module

_MAX_INTERACTIONS: Final = 32_000_000  # that the driver may hold; of more, a part of the users


class TrainedModule(NamedTuple):
    """A module that was trained, and its vectors as `PretrainedFactorsRecommender` takes them."""

    module: Any  # torch.nn.Module, on the CPU
    itemFactors: DataFrame  # (item, vector: array<float>)
    userFactors: DataFrame | None  # (user, vector: array<float>); None: the module gives none


def torch_distributor(
    dataset: Dataset,
    module: Module,
    *,
    training: TorchTraining | None = None,
    loop: Loop | None = None,
    num_processes: int = 1,
    local_mode: bool = True,
    use_gpu: bool = False,
) -> TrainedModule:
    """Train a module of PyTorch that scores items for histories; its vectors can join a hybrid.

    Args:
        dataset: the histories; items are numbered as in `dataset.items`.
        module: a `torch.nn.Module` with `forward(histories, candidates)`, which gives the scores
            (users, candidates) for a `HistoryBatch` and the indices of some items, and
            `item_vectors(items)` (items, rank). It may have `user_vectors(histories)` (users,
            rank); else users are folded in. It stays as it is; a copy is trained.
        training: how; None: as by default.
        loop: what trains the module in each process, called with it, in a
            `DistributedDataParallel`, and with a `Process`; None: `softmax_loop`, Adam on the
            softmax loss. Both are in `graphrec.recommenders.neural.torch_process`.
        num_processes: how many train together.
        local_mode: whether they run beside the driver, or as tasks of Spark.
        use_gpu: whether each has a GPU, which Spark must know of.

    Returns:
        The trained module and its vectors.

    Raises:
        MissingExtraError: PyTorch is not installed.
        ParameterError: the module is none, or has no vectors for items, or Spark does not run so
            many tasks at once.
    """
    _require_torch()
    _require_module(module)
    num_processes = checked("num_processes", num_processes, at_least(1))
    if not local_mode:
        require_slots(dataset.spark, "num_processes", num_processes)
    training = training or TorchTraining()
    from graphrec.recommenders.neural import torch_process  # noqa: PLC0415 needs PyTorch

    share = _MAX_INTERACTIONS / max(dataset.sizes.interactions, 1)
    histories = divisible_histories(dataset.histories, share, training.seed)
    shared = share_arrays(dataset.spark, histories._asdict())
    files = shared.on_driver() if local_mode else ForChildProcess(shared)
    items = dataset.catalogue.size
    distributor = TorchDistributor(num_processes, local_mode, use_gpu)
    trained = distributor.run(torch_process.train, module, loop, files, items, training, use_gpu)
    vectors = vector_rows(dataset.spark, torch_process.item_vectors(trained, items))
    return TrainedModule(
        trained, vectors.join(dataset.items, INDEX).select(ITEM, VECTOR), _users(dataset, trained)
    )


def _users(dataset: Dataset, module: Module) -> DataFrame | None:
    """The vectors of all users, computed by tasks, and kept as long as the histories are."""
    from graphrec.recommenders.neural import torch_process  # noqa: PLC0415

    if not hasattr(module, "user_vectors"):
        return None
    dumps: Callable[[Module], bytes] = cloudpickle.dumps
    pickled = np.frombuffer(dumps(module), np.uint8)
    shared = share_arrays(dataset.spark, {"module": pickled})
    kinds = T.StructType(
        [T.StructField(USER, dataset.user_type), T.StructField(VECTOR, T.ArrayType(T.FloatType()))]
    )
    histories = dataset.histories.select(USER, ITEMS, WEIGHTS)
    compute = partial(torch_process.user_vectors, shared=shared)
    return dataset.persisted.persist(histories.mapInArrow(compute, kinds))


def _require_torch() -> None:
    if find_spec("torch") is None:
        raise MissingExtraError(
            "training a module of PyTorch needs torch, not installed here",
            fix="pip install torch, or the build for CPUs alone, as PyTorch's site says",
        )


def _require_module(module: Module) -> None:
    import torch  # noqa: PLC0415

    if not isinstance(module, torch.nn.Module):
        raise ParameterError(
            "the module must be a torch.nn.Module", found=f"a {type(module).__name__}"
        )
    if not callable(getattr(module, "item_vectors", None)):
        raise ParameterError(
            "the module must have a method item_vectors, for the hybrid to take",
            found=f"none in {type(module).__name__}",
            fix="give it one that maps the indices of items to vectors (items, rank)",
        )
