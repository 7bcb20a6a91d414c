"""How many tasks the cluster runs at once, and when a single one is better."""

from __future__ import annotations

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from graphrec.machine import GIBIBYTE, cores

_LARGEST_TASK = 2 * GIBIBYTE  # of arrays in one Python worker


def parallelism(spark: SparkSession) -> int:
    """Spark's default parallelism, asked in a way that Spark Connect knows, too."""
    row = spark.range(100_000).select(F.spark_partition_id().alias("id")).agg(F.max("id")).first()
    return 1 if row is None else int(row[0]) + 1


def is_better_in_one_task(spark: SparkSession, *, size: int, quick: bool) -> bool:
    """Whether work on arrays is done sooner by one task, on all cores of its machine.

    Nothing has to be dealt out and gathered then, and all threads share one copy of the data.

    Args:
        spark: the running session.
        size: bytes of the arrays that the task would hold; at most 2 GiB.
        quick: whether the work is short enough for one machine, if there are several.
    """
    return size <= _LARGEST_TASK and (quick or parallelism(spark) <= cores())
