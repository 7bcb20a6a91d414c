"""Histories lengthened by pseudo-interactions: the items that a model would list first.

What is learned from pairs knows of two items only what users had in common; a rare item leads to
next to nothing. A model that also knows of factors can say which items a user is likely to turn to
next, and learning from these as if they had happened fills the gaps (self-training; on a user-item
graph: Fu et al., "Revisiting neighborhood-based link prediction for collaborative filtering", 2022,
whose predicted links are added to the graph).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame

from graphrec.columns import ITEMS, TIMES, WEIGHTS
from graphrec.kernels.types import Array
from graphrec.serving.item_factors import FoldIn
from graphrec.serving.lists import rank_batches
from graphrec.serving.request import Request
from graphrec.serving.tables import ItemTables
from graphrec.spark.arrow import lists, offsets, values
from graphrec.spark.shared_arrays import SharedArrays, share_arrays

_MOST = 10  # of a user: lists are best at their top, and long histories have few gaps
_NEXT = 1.0  # seconds after the latest interaction


def add_pseudo_interactions(
    histories: DataFrame,
    tables: ItemTables,
    *,
    blend: Sequence[float],
    decay: Sequence[float],
    candidates: int,
    share: float,
) -> DataFrame:
    """Add to each history what a model would list first.

    Args:
        histories: (user, items: array<int>, weights: array<float>, times: array<double>, ...),
            items ascending and known to the catalogue.
        tables: the model.
        blend: weights of its legs.
        decay: history lengths from which on these fall, see `Settings`.
        candidates: items retrieved by the graph before they are blended.
        share: of the length of a history; as many items are added, rounded, but 10 at most.

    Returns:
        The same columns. A pseudo-interaction has the mean weight of its history, and comes a
        second after the latest of it.
    """
    spark = histories.sparkSession
    request = Request(tuple(blend), True, _MOST, candidates, reasons=0, decay=tuple(decay))
    lengthen = partial(
        _lengthen_batches,
        shared=tables.share(spark, diversify=False),
        shared_mask=share_arrays(spark, {"excluded": np.zeros(tables.catalogue.size, np.bool_)}),
        fold_ins=tables.fold_ins,
        request=request,
        share=share,
    )
    return histories.mapInArrow(lengthen, histories.schema)


def _lengthen_batches(
    batches: Iterable[pa.RecordBatch],
    *,
    shared: SharedArrays,
    shared_mask: SharedArrays,
    fold_ins: Sequence[FoldIn],
    request: Request,
    share: float,
) -> Iterator[pa.RecordBatch]:
    ranked = rank_batches(
        batches, shared=shared, shared_mask=shared_mask, fold_ins=fold_ins, request=request
    )
    for some, found in ranked:
        yield _lengthened(some, found.item, share)


def _lengthened(
    batch: pa.RecordBatch, listed: npt.NDArray[np.int32], share: float
) -> pa.RecordBatch:
    """Histories with the first items of their lists, (users, k), among their own."""
    start = offsets(batch[ITEMS])
    length = np.diff(start)
    wanted = np.rint(share * length)
    taken = (listed >= 0) & (np.arange(listed.shape[1]) < wanted[:, None])
    added = taken.sum(axis=1)
    owner = np.concatenate((_owners(length), _owners(added)))
    items = np.concatenate((values(batch[ITEMS], np.int32), listed[taken]))
    order = np.lexsort((items, owner))  # ascending within a history
    columns = {name: batch[name] for name in batch.schema.names}
    weights = values(batch[WEIGHTS], np.float32)
    times = values(batch[TIMES], np.float64)
    lengthened = np.concatenate(([0], np.cumsum(length + added)))
    mean = _per_history(np.add, weights, start, 0.0) / np.maximum(length, 1).astype(np.float32)
    latest = _per_history(np.fmax, times, start, np.nan)
    for name, flat in (
        (ITEMS, items),
        (WEIGHTS, np.concatenate((weights, np.repeat(mean, added)))),
        (TIMES, np.concatenate((times, np.repeat(latest + _NEXT, added)))),
    ):
        columns[name] = lists(lengthened, pa.array(flat[order], from_pandas=True))  # NaN is null
    return pa.RecordBatch.from_pydict(columns)


def _owners(length: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The row of each entry."""
    return np.repeat(np.arange(length.size), length)


def _per_history(
    reduce: np.ufunc, flat: Array, start: npt.NDArray[np.int64], neutral: float
) -> Array:
    """One value per history, (users,); of no use where a history is empty."""
    padded = np.append(flat, flat.dtype.type(neutral))  # an empty last one begins past all entries
    return reduce.reduceat(padded, start[:-1])
