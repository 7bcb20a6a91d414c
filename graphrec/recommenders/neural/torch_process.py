"""What each process does that trains a module of PyTorch; imported where PyTorch is installed.

All processes have the same parameters and draw the same batches. Each has a part of a batch's users
and PyTorch averages their gradients, so that all take the same step. The loss is that of
`graphrec.recommenders.embedding.softmax`, with whatever scores the module gives.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch
from pyspark import cloudpickle
from torch import distributed
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel

from graphrec.columns import ITEMS, USER, VECTOR, WEIGHTS
from graphrec.kernels.csr import CSR, csr, keep_entries, row_indices
from graphrec.kernels.types import Array, Matrix
from graphrec.recommenders.embedding.softmax import batches_of_fit
from graphrec.recommenders.embedding.softmax_gradient import Batch, users_of_batch
from graphrec.recommenders.neural.torch_training import HistoryBatch, TorchTraining
from graphrec.spark.arrow import list_column, rows_from_lists
from graphrec.spark.shared_arrays import ArrayPaths, SharedArrays

_NOT_COMPARED: Final = -1e9  # the score of a negative that the user has

Module: TypeAlias = Any  # torch.nn.Module
Tensor: TypeAlias = Any  # torch.Tensor


@dataclass(frozen=True)
class Process:
    """One of the processes that train a module, and what it is trained with.

    Attributes:
        number: of this one, from 0.
        processes: how many there are.
        device: where its tensors are.
        histories: (users, items), the weights, of all users.
        items: number of items.
        training: how.
    """

    number: int
    processes: int
    device: Any
    histories: CSR
    items: int
    training: TorchTraining

    def batches(self) -> Iterator[tuple[Batch, int]]:
        """The own users of each step's batch, and how many users all processes have in it."""
        rng = np.random.default_rng(self.training.seed)
        _, batches = batches_of_fit(rng, self.histories, self.items, self.training.batches)
        for batch in batches:
            users = batch.histories.indptr.size - 1
            if users >= self.processes:  # else one had nothing to add, and the others waited for it
                first, last = (
                    users * number // self.processes for number in (self.number, self.number + 1)
                )
                yield users_of_batch(batch, first, last), users

    def tensor(self, array: Array) -> Tensor:
        """An array as a tensor on the device."""
        return _tensor(array).to(self.device)

    def history_batch(self, histories: CSR) -> HistoryBatch:
        """Histories as the module takes them, on the device."""
        return HistoryBatch(*(part.to(self.device) for part in history_batch(histories)))


Loop: TypeAlias = Callable[[Module, Process], None]


def train(
    module: Module,
    loop: Loop | None,
    files: ArrayPaths,
    items: int,
    training: TorchTraining,
    use_gpu: bool,
) -> Module:
    """Train with the other processes, as `torchrun` has started them.

    Args:
        module: to be trained.
        loop: trains it; None: `softmax_loop`.
        files: of the histories.
        items: number of items.
        training: how.
        use_gpu: whether each process has a GPU.

    Returns:
        The module, in each process: PySpark has all of them write the one result.
    """
    torch.manual_seed(training.seed)
    device = torch.device(f"cuda:{os.environ['LOCAL_RANK']}" if use_gpu else "cpu")
    with _process_group("nccl" if use_gpu else "gloo"):
        process = Process(
            distributed.get_rank(),
            distributed.get_world_size(),
            device,
            csr(**files.open()),
            items,
            training,
        )
        together = DistributedDataParallel(module.to(device).train())
        (loop or softmax_loop)(together, process)
    return module.cpu().eval()


@contextmanager
def _process_group(backend: str) -> Iterator[None]:
    distributed.init_process_group(backend)
    try:
        yield
    finally:
        distributed.destroy_process_group()


def softmax_loop(module: Module, process: Process) -> None:
    """Adam on the softmax loss.

    Args:
        module: in a `DistributedDataParallel`, called as the user's own one.
        process: what this process has.
    """
    optimizer = torch.optim.Adam(module.parameters(), process.training.rate)
    for batch, users in process.batches():
        optimizer.zero_grad()
        loss = softmax_loss(module, batch, process) * (process.processes / users)
        loss.backward()
        optimizer.step()


def softmax_loss(module: Module, batch: Batch, process: Process) -> Tensor:
    """The sum over the targets of a batch, each weighted by its weight.

    With s, a target's score, and z, the log of the sum of the exponentials of the scores of all
    items that the user does not have, it is `-log(e^s / (e^s + e^z)) = log(1 + e^(z - s))`.
    """
    row = row_indices(batch.histories.indptr)
    inputs = keep_entries(batch.histories, ~batch.target)
    is_target = batch.target & (np.diff(inputs.indptr) > 0)[row]  # there is something to tell from
    wanted, column = np.unique(batch.histories.indices[is_target], return_inverse=True)
    candidates = process.tensor(np.concatenate([wanted, batch.negative]).astype(np.int64))
    scores = module(process.history_batch(inputs), candidates)
    user = process.tensor(row[is_target].astype(np.int64))
    own = scores[user, process.tensor(column.astype(np.int64))]
    others = scores[:, wanted.size :] + process.tensor(batch.share).log()
    others = others.masked_fill(process.tensor(_has(batch, row)), _NOT_COMPARED)
    weight = process.tensor(batch.histories.data[is_target])
    return (weight * functional.softplus(others.logsumexp(1)[user] - own)).sum()


def _has(batch: Batch, row: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Which negatives each user has, (users, negatives)."""
    has = np.zeros((batch.histories.indptr.size - 1, batch.negative.size), bool)
    position = np.searchsorted(batch.negative, batch.histories.indices)
    position = np.minimum(position, batch.negative.size - 1)
    is_negative = batch.negative[position] == batch.histories.indices
    has[row[is_negative], position[is_negative]] = True
    return has


def history_batch(histories: CSR) -> HistoryBatch:
    """Histories as a module takes them."""
    return HistoryBatch(
        _tensor(histories.indices.astype(np.int64)),
        _tensor(histories.indptr[:-1]),
        _tensor(histories.data),
    )


def item_vectors(module: Module, items: int) -> Matrix:
    """What a trained module gives for all items, (items, rank)."""
    with torch.no_grad():
        return _array(module.item_vectors(torch.arange(items)))


def user_vectors(
    batches: Iterable[pa.RecordBatch], *, shared: SharedArrays
) -> Iterator[pa.RecordBatch]:
    """What a trained module gives for users, (user, vector), from (user, items, weights)."""
    module = cloudpickle.loads(shared.open()["module"].tobytes())
    torch.set_num_threads(1)  # Spark runs a task on each core
    for batch in batches:
        histories = rows_from_lists(batch[ITEMS], batch[WEIGHTS])
        with torch.no_grad():
            vectors = _array(module.user_vectors(history_batch(histories)))
        indptr = np.arange(batch.num_rows + 1, dtype=np.int64) * vectors.shape[1]
        listed = list_column(indptr, vectors.reshape(-1))
        yield pa.RecordBatch.from_pydict({USER: batch[USER], VECTOR: listed})


# Through lists and not by `torch.from_numpy`: a PyTorch of a distribution, such as Debian's, may be
# built for another version of NumPy, and then has no bridge to this one.
def _tensor(array: Array) -> Tensor:
    kinds = {"bool": torch.bool, "int64": torch.int64, "float32": torch.float32}
    return torch.tensor(array.tolist(), dtype=kinds[array.dtype.name]).reshape(array.shape)


def _array(tensor: Tensor) -> Matrix:
    return np.array(tensor.tolist(), np.float32).reshape(tuple(tensor.shape))
