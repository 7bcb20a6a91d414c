"""Self-training: histories are lengthened by the items that a model recommends to their users.

Item-item weights that are learned from pairs are sparse: a rare item has few users, and so hardly
any neighbours. A model that also has factor legs recommends items beyond these neighbours. Its
recommendations are added to the histories as pseudo-interactions, and the weights are learned again
from the lengthened histories, in which rare items have more neighbours.

Source: Fu et al., "Revisiting neighborhood-based link prediction for collaborative filtering"
(2022), who add predicted links to the user-item graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.columns import ITEMS, LIKELY, STARS, TIMES, USER, WEIGHTS
from graphrec.kernels.csr import indptr_of, row_indices
from graphrec.kernels.types import Array
from graphrec.serving.item_factors import FoldIn
from graphrec.serving.list_rules import list_rules
from graphrec.serving.lists import rank_batches
from graphrec.serving.request import Request
from graphrec.serving.shared_tables import share_rules, share_tables
from graphrec.serving.tables import ItemTables
from graphrec.spark.arrow import list_column, offsets, values
from graphrec.spark.shared_arrays import SharedArrays

MAX_ADDED = 10  # of a user: precision is highest at the top, and long histories need it least
_INDEX = T.IntegerType()
_SECONDS_LATER = 1.0  # than the latest interaction


def likely_items(
    histories: DataFrame,
    tables: ItemTables,
    *,
    blend: Sequence[float],
    decay: Sequence[float],
    candidates: int,
    share: float,
) -> DataFrame:
    """The first items of the list that a model has for each history.

    Args:
        histories: (user, items: array<int>, weights: array<float>, ...), items ascending and known
            to the catalogue.
        tables: the model.
        blend: weights of its legs.
        decay: of each leg, the history length beyond which its weight falls, see `Settings`.
        candidates: items retrieved by the graph before they are blended.
        share: how many items are taken, as a share of the history's length, rounded; 10 at most.

    Returns:
        (user, likely: array<int>), of the users who get any.
    """
    spark = histories.sparkSession
    request = Request(tuple(blend), True, MAX_ADDED, candidates, reasons=0, decay=tuple(decay))
    choose = partial(
        _likely_of_batches,
        shared=share_tables(spark, tables, diversify=False),
        shared_rules=share_rules(spark, list_rules(tables.popularity)),
        fold_ins=tables.fold_ins,
        request=request,
        share=share,
    )
    schema = T.StructType([histories.schema[USER], T.StructField(LIKELY, T.ArrayType(_INDEX))])
    return histories.mapInArrow(choose, schema).where(F.size(LIKELY) > 0)


def add_pseudo_interactions(histories: DataFrame, likely: DataFrame) -> DataFrame:
    """Add likely items to histories.

    Args:
        histories: (user, items: array<int>, weights: array<float>, times: array<double>, ...),
            items ascending.
        likely: see `likely_items`.

    Returns:
        The same columns but stars. A pseudo-interaction has the mean weight of the history, and is
        a second later than the history's latest interaction.
    """
    histories = histories.drop(STARS)  # nothing that is added has been rated
    found = histories.join(likely, USER, "left")
    return found.mapInArrow(_lengthen_batches, histories.schema)


def _likely_of_batches(
    batches: Iterable[pa.RecordBatch],
    *,
    shared: SharedArrays,
    shared_rules: SharedArrays,
    fold_ins: Sequence[FoldIn],
    request: Request,
    share: float,
) -> Iterator[pa.RecordBatch]:
    ranked = rank_batches(
        batches, shared=shared, shared_rules=shared_rules, fold_ins=fold_ins, request=request
    )
    for some, found in ranked:
        length = np.diff(offsets(some[ITEMS]))
        yield pa.RecordBatch.from_pydict(
            {USER: some[USER], LIKELY: _first_of_lists(found.item, np.rint(share * length))}
        )


def _first_of_lists(listed: npt.NDArray[np.int32], wanted: Array) -> pa.ListArray:
    """As many items of each list, (users, k), as are wanted, (users,), and are there."""
    taken = (listed >= 0) & (np.arange(listed.shape[1]) < wanted[:, None])
    return list_column(indptr_of(taken.sum(axis=1)), pa.array(listed[taken]))


def _lengthen_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield _lengthened(batch.drop_columns(LIKELY), batch[LIKELY])


def _lengthened(batch: pa.RecordBatch, likely: pa.ListArray) -> pa.RecordBatch:
    """Histories with likely items, of each of them or null, added."""
    indptr = offsets(batch[ITEMS])
    length = np.diff(indptr)
    added = pc.fill_null(pc.list_value_length(likely), 0).to_numpy().astype(np.int64)
    user = np.concatenate((row_indices(indptr), row_indices(indptr_of(added))))
    more = pc.list_flatten(likely).to_numpy()
    items = np.concatenate((values(batch[ITEMS], np.int32), more))
    order = np.lexsort((items, user))  # ascending within a history
    columns = {name: batch[name] for name in batch.schema.names}
    weights = values(batch[WEIGHTS], np.float32)
    times = values(batch[TIMES], np.float64)
    mean = _reduce_rows(np.add, weights, indptr, 0.0) / np.maximum(length, 1).astype(np.float32)
    latest = _reduce_rows(np.fmax, times, indptr, np.nan)
    lengthened = indptr_of(length + added)
    for name, flat in (
        (ITEMS, items),
        (WEIGHTS, np.concatenate((weights, np.repeat(mean, added)))),
        (TIMES, np.concatenate((times, np.repeat(latest + _SECONDS_LATER, added)))),
    ):
        columns[name] = list_column(
            lengthened, pa.array(flat[order], from_pandas=True)
        )  # NaN is null
    return pa.RecordBatch.from_pydict(columns)


def _reduce_rows(
    reduce: np.ufunc, flat: Array, indptr: npt.NDArray[np.int64], neutral: float
) -> Array:
    """One value for each history, (users,); meaningless where a history is empty.

    Args:
        reduce: combines two values.
        flat: (entries,), of all histories.
        indptr: (users + 1,).
        neutral: a value that changes no result.
    """
    padded = np.append(flat, flat.dtype.type(neutral))  # an empty last row begins past all entries
    return reduce.reduceat(padded, indptr[:-1])
