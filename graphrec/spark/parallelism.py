"""How many tasks the cluster runs at once, and when the driver alone is quicker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from graphrec.spark.machine import cores, memory_bytes

A = TypeVar("A")
R = TypeVar("R")

_MEMORY_DIVISOR = 4  # the arrays may take a quarter of the memory of the driver's machine


def parallelism(spark: SparkSession) -> int:
    """Spark's default parallelism, found in a way that works under Spark Connect, too."""
    row = spark.range(100_000).select(F.spark_partition_id().alias("id")).agg(F.max("id")).first()
    return 1 if row is None else int(row[0]) + 1


def is_better_on_driver(spark: SparkSession, *, size: int, quick: bool) -> bool:
    """Whether work on arrays is done sooner by the driver, on all cores of its machine.

    Nothing is distributed and collected then, and all threads share one copy of the data.

    Args:
        spark: the running session.
        size: bytes of the arrays that the driver would hold; at most a quarter of its memory.
        quick: whether the work is short enough for one machine, if there are several.
    """
    return size <= memory_bytes() // _MEMORY_DIVISOR and (quick or parallelism(spark) <= cores())


def on_all_cores(function: Callable[[A], R], parts: Sequence[A]) -> list[R]:
    """The results for some parts, computed by a thread for each core of this machine."""
    with ThreadPoolExecutor(cores()) as threads:
        return list(threads.map(function, parts))
