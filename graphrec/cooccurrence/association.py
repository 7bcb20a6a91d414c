"""Measures of association of the pair table's pairs: as lists of neighbours, and as weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from graphrec.columns import (
    AFTER,
    INDEX,
    ITEM,
    NEIGHBOUR,
    RANK,
    SUPPORT_ITEM,
    SUPPORT_NEIGHBOUR,
    TOGETHER,
)
from graphrec.cooccurrence.best_neighbours import (
    DEFAULT_MEASURE,
    DEFAULT_SHRINKAGE,
    DEFAULT_SUPPORT,
    best_neighbours,
)
from graphrec.cooccurrence.measures import MEASURES
from graphrec.cooccurrence.table import PairTable
from graphrec.data.dataset import Dataset
from graphrec.data.ids_arrow import from_bytes, to_bytes
from graphrec.errors import ParameterError
from graphrec.kernels.csr import CSR
from graphrec.params import at_least, between, checked
from graphrec.spark.arrow import BatchFunction
from graphrec.spark.item_blocks import item_indices
from graphrec.spark.shared_arrays import SharedArrays, share_arrays


def association_weights(pairs: PairTable, *, measure: str, shrinkage: float = 0.0) -> CSR:
    """A measure of every pair of the table, as the weights of a leg.

    Args:
        pairs: the pair table.
        measure: a key of `MEASURES`.
        shrinkage: s; the measure is multiplied by n_ij / (n_ij + s), which holds pairs back that
            few users had in common.
    """
    together = pairs.together.astype(np.float64)
    supports = pairs.support.astype(np.float64)
    weight = MEASURES[measure](
        together, supports[pairs.row_indices], supports[pairs.indices], float(pairs.users)
    )
    weight *= together / (together + shrinkage)
    return pairs.with_data(weight.astype(np.float32))


def watched_together(
    dataset: Dataset,
    pairs: PairTable,
    numItems: int,
    *,
    measure: str = DEFAULT_MEASURE,
    minSupport: int = DEFAULT_SUPPORT,
    shrinkage: float = DEFAULT_SHRINKAGE,
    ordered: bool = False,
) -> DataFrame:
    """The items that go together with each item of a dataset.

    Args:
        dataset: has the items.
        pairs: counted in it.
        numItems: neighbours of an item at most.
        measure: see `association_lists`, as for what follows.
        minSupport: users that a pair needs in common.
        shrinkage: s, which holds pairs back that few users had in common.
        ordered: rank what was had later.

    Returns:
        As `association_lists`, the item under the input's name of its column.

    Raises:
        ParameterError: an unknown measure, a count or shrinkage out of its range, or `ordered`
            without times.
    """
    return association_lists(
        dataset.spark,
        pairs,
        dataset.catalogue.ids,
        item_type=dataset.item_type,
        length=checked("numItems", numItems, at_least(1)),
        measure=measure,
        min_support=checked("minSupport", minSupport, at_least(1)),
        shrinkage=checked("shrinkage", shrinkage, between(0.0, 1e9)),
        ordered=ordered,
    ).withColumnRenamed(ITEM, dataset.columns.item)


def association_lists(
    spark: SparkSession,
    pairs: PairTable,
    ids: pa.Array,
    *,
    item_type: T.DataType,
    length: int = 10,
    measure: str = DEFAULT_MEASURE,
    min_support: int = DEFAULT_SUPPORT,
    shrinkage: float = DEFAULT_SHRINKAGE,
    ordered: bool = False,
) -> DataFrame:
    """The best neighbours of each item by a measure.

    Args:
        spark: runs the blocks of items.
        pairs: the pair table.
        ids: the items' ids by index.
        item_type: Spark's type of the ids.
        length: neighbours of an item at most.
        measure: a key of `MEASURES`, by which they are ranked.
        min_support: users that a pair needs in common.
        shrinkage: s; a pair is ranked by measure x n_ij / (n_ij + s), which holds pairs back that
            few users had in common. The columns have the measures without it.
        ordered: rank by measure x (share of the common users who had the neighbour later).

    Returns:
        (item, neighbour, rank: int 1..length, together: int, after: int or null, support_item:
        long, support_neighbour: long, one double column per measure), best first; `after` counts
        the common users who had the neighbour later, null without times.

    Raises:
        ParameterError: an unknown measure, or `ordered` without times.
    """
    if measure not in MEASURES:
        raise ParameterError(
            "measure must be a measure of association",
            found=repr(measure),
            fix=f"one of {', '.join(MEASURES)}",
        )
    if ordered and not pairs.after.size and pairs.indices.size:
        raise ParameterError(
            "the order of interactions is not known without times",
            fix="name a timestamp column when fitting",
        )
    schema = T.StructType(
        [
            T.StructField(ITEM, item_type),
            T.StructField(NEIGHBOUR, item_type),
            T.StructField(RANK, T.IntegerType()),
            T.StructField(TOGETHER, T.IntegerType()),
            T.StructField(AFTER, T.IntegerType()),
            T.StructField(SUPPORT_ITEM, T.LongType()),
            T.StructField(SUPPORT_NEIGHBOUR, T.LongType()),
            *(T.StructField(name, T.DoubleType()) for name in MEASURES),
        ]
    )
    shared = share_arrays(
        spark,
        {
            "ids": to_bytes(ids),
            "support": pairs.support,
            "indptr": pairs.indptr,
            "indices": pairs.indices,
            TOGETHER: pairs.together,
            AFTER: pairs.after,
        },
    )
    lister = _lister(shared, pairs.users, measure, length, min_support, shrinkage, ordered)
    return item_indices(spark, pairs.items).mapInArrow(lister, schema)


def _lister(
    shared: SharedArrays,
    users: int,
    measure: str,
    length: int,
    min_support: int,
    shrinkage: float,
    ordered: bool,
) -> BatchFunction:
    """A function that lists the neighbours of a batch of items."""

    def list_items(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        table = shared.open()
        ids = from_bytes(table["ids"])
        for batch in batches:
            columns = best_neighbours(
                table,
                batch[INDEX].to_numpy(),
                users,
                measure=measure,
                length=length,
                min_support=min_support,
                shrinkage=shrinkage,
                ordered=ordered,
            )
            for name in (ITEM, NEIGHBOUR):
                columns[name] = ids.take(pa.array(columns[name]))
            yield pa.RecordBatch.from_pydict(columns)

    return list_items
