"""Work that goes item by item: spread over the cluster, and gathered again."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from graphrec.columns import INDEX, ITEM, NEIGHBOUR, WEIGHT
from graphrec.data.ragged import offsets, one_array, values
from graphrec.graph.sparse import SparseRows


def item_indices(spark: SparkSession, items: int) -> DataFrame:
    """(index: int) of all items, dealt to the tasks so that popular ones spread evenly.

    Popular items have the lowest indices and the longest rows; ranges of them would make the
    first task the last to end.
    """
    tasks = parallelism(spark) * 4
    dealt = spark.range(items).select(F.col("id").cast("int").alias(INDEX))
    return dealt.repartition(tasks, F.col(INDEX) % tasks)


def parallelism(spark: SparkSession) -> int:
    """How many tasks the cluster runs at once, asked in a way that Spark Connect knows, too."""
    row = spark.range(100_000).select(F.spark_partition_id().alias("id")).agg(F.max("id")).first()
    return 1 if row is None else int(row[0]) + 1


def rows_of_items(table: pa.Table, items: int) -> SparseRows:
    """Gathered rows (item, neighbour: list, weight: list) in the order of the items."""
    table = table.sort_by(ITEM).combine_chunks()
    length = np.zeros(items, np.int64)
    length[table[ITEM].to_numpy()] = np.diff(offsets(one_array(table[NEIGHBOUR])))
    return SparseRows(
        np.concatenate(([0], np.cumsum(length))),
        values(one_array(table[NEIGHBOUR]), np.int32),
        values(one_array(table[WEIGHT]), np.float32),
    )
