"""Rows that are computed item by item: on the driver, or by the cluster and then collected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from graphrec.columns import DATA, INDEX, INDICES
from graphrec.kernels.csr import CSR, csr
from graphrec.kernels.types import Array, Indices, read_only
from graphrec.spark.arrow import BatchFunction
from graphrec.spark.machine import cores
from graphrec.spark.packed_rows import RowBlock, assemble, gather, pack, packed_schema
from graphrec.spark.parallelism import is_better_on_driver, on_all_cores, parallelism
from graphrec.spark.shared_arrays import SharedArrays, share_arrays
from graphrec.spark.threads import one_thread

_ENTRIES = {INDICES: np.int32, DATA: np.float32}
_PARTS_PER_CORE = 16  # computed one after the other: popular items make some longer than others

RowFunction: TypeAlias = Callable[[Indices, Mapping[str, Array]], CSR]
"""(items, tables) -> a row for each of these items, its columns ascending; data of float32.

It travels to the workers: a function of a module travels by its name, and what it calls is then
found compiled on disk; a nested one would take compiled functions along, to be compiled anew.
"""


def compute_rows(
    spark: SparkSession,
    items: int,
    tables: Mapping[str, Array],
    function: RowFunction,
    *,
    block_entries: int,
) -> CSR:
    """A row of weights for each item, to the same bits wherever it is computed.

    Args:
        spark: the session that computes blocks of items, if the driver would take longer.
        items: number of items.
        tables: catalogue-sized arrays that the function reads, by name.
        function: computes the rows of some items.
        block_entries: with more entries in a table, the workers compute the blocks.
    """
    largest = max((table.size for table in tables.values()), default=0)
    size = sum(table.nbytes for table in tables.values())
    if largest <= block_entries and is_better_on_driver(spark, size=size, quick=False):
        indptr, entries = _computed_here(items, tables, function)
    else:
        shared = share_arrays(spark, tables)
        packed = item_indices(spark, items).mapInArrow(
            _computer(shared, function), packed_schema(_ENTRIES)
        )
        indptr, entries = gather(packed, items, _ENTRIES)
    return csr(indptr, entries[INDICES], entries[DATA])


def _computed_here(
    items: int, tables: Mapping[str, Array], function: RowFunction
) -> tuple[Indices, Mapping[str, Array]]:
    opened = {name: read_only(table) for name, table in tables.items()}
    with one_thread():
        return rows_on_driver(
            items, lambda some: _block(read_only(some), opened, function), _ENTRIES
        )


def rows_on_driver(
    items: int, compute: Callable[[Indices], RowBlock], dtypes: Mapping[str, npt.DTypeLike]
) -> tuple[Indices, Mapping[str, Array]]:
    """Rows of all items, computed by all cores of this machine.

    Args:
        items: number of items.
        compute: gives the rows of some items.
        dtypes: of the arrays of entries, by name.

    Returns:
        indptr (items + 1,), and the arrays by name.
    """
    parts = min(_PARTS_PER_CORE * cores(), max(items, 1))
    dealt = [np.arange(n, items, parts, dtype=np.int32) for n in range(parts)]
    return assemble(on_all_cores(compute, dealt), items, dtypes)


def _computer(shared: SharedArrays, function: RowFunction) -> BatchFunction:
    def compute(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        tables = shared.open()
        for batch in batches:
            with one_thread():
                yield pack(_block(read_only(batch[INDEX].to_numpy()), tables, function))

    return compute


def _block(items: Indices, tables: Mapping[str, Array], function: RowFunction) -> RowBlock:
    rows = function(items, tables)
    return RowBlock(items, rows.indptr, {INDICES: rows.indices, DATA: rows.data})


def item_indices(spark: SparkSession, items: int) -> DataFrame:
    """(index: int) of all items, dealt to the tasks so that popular ones spread evenly.

    Popular items have the lowest indices and the longest rows; ranges of them would make the
    first task the last to end.
    """
    tasks = max(min(parallelism(spark) * 4, items), 1)
    task = F.col("id").cast("int")
    dealt = F.sequence(task, F.lit(max(items - 1, 0)), F.lit(tasks))
    return spark.range(0, min(tasks, items), 1, tasks).select(F.explode(dealt).alias(INDEX))
