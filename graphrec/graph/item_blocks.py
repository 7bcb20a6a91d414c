"""Work that goes item by item: spread over the cluster, and gathered again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from graphrec.arrow import BatchFunction
from graphrec.artifacts import Array, SharedArrays, one_thread, read_only, share_arrays
from graphrec.columns import INDEX, NEIGHBOUR, WEIGHT
from graphrec.data.packed import gather, pack, packed_schema
from graphrec.graph.sparse import SparseRows
from graphrec.parallelism import parallelism
from graphrec.types import Indices, Vector

RowFunction: TypeAlias = Callable[[Indices, Mapping[str, Array]], tuple[Indices, Indices, Vector]]
"""(items, tables) -> start (items + 1,), neighbour ascending within a row, weight.

It travels to the workers: a function of a module travels by its name, and what it calls is then
found compiled on disk; a nested one would take compiled functions along, to be compiled anew.
"""


def compute_rows(
    spark: SparkSession, items: int, tables: Mapping[str, Array], function: RowFunction
) -> SparseRows:
    """A row of weights for each item, computed in blocks of items on the workers.

    Args:
        spark: runs the blocks.
        items: number of items.
        tables: catalogue-sized arrays that the function reads, by name.
        function: computes the rows of some items.
    """
    shared = share_arrays(spark, tables)
    packed = item_indices(spark, items).mapInArrow(
        _computer(shared, function), packed_schema((NEIGHBOUR, WEIGHT))
    )
    start, entries = gather(packed, items, {NEIGHBOUR: np.int32, WEIGHT: np.float32})
    return SparseRows(start, entries[NEIGHBOUR], entries[WEIGHT])


def _computer(shared: SharedArrays, function: RowFunction) -> BatchFunction:
    def compute(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        tables = shared.open()
        for batch in batches:
            items = read_only(batch[INDEX].to_numpy())
            with one_thread():
                start, neighbour, weight = function(items, tables)
            yield pack(items, start, {NEIGHBOUR: neighbour, WEIGHT: weight})

    return compute


def item_indices(spark: SparkSession, items: int) -> DataFrame:
    """(index: int) of all items, dealt to the tasks so that popular ones spread evenly.

    Popular items have the lowest indices and the longest rows; ranges of them would make the
    first task the last to end.
    """
    tasks = max(min(parallelism(spark) * 4, items), 1)
    task = F.col("id").cast("int")
    dealt = F.sequence(task, F.lit(max(items - 1, 0)), F.lit(tasks))
    return spark.range(0, min(tasks, items), 1, tasks).select(F.explode(dealt).alias(INDEX))
