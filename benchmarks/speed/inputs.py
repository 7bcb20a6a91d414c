"""What contenders read, the session that they run in, and the clock that they use."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from scipy import sparse

import graphrec as gr

Seconds = dict[str, float]

THREADS: Final = 2  # cores of every contender


@contextmanager
def timed(seconds: Seconds, stage: str) -> Iterator[None]:
    """Note the time that the block takes."""
    begun = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - begun


def session() -> SparkSession:
    """A local session of graphrec on as many cores as the peers have threads."""
    return gr.spark_session("graphrec speed", master=f"local[{THREADS}]")


def interactions(spark: SparkSession, data: str) -> DataFrame:
    """(user: int, item: int) of a Parquet file; ids are whole numbers."""
    rows = spark.read.parquet(data)
    return rows.select(*(F.col(name).cast("int").alias(name) for name in ("user", "item")))


def matrix(data: str) -> sparse.csr_matrix:
    """(users, items), 1 where there is an interaction, for peers that live in one process."""
    table = pq.read_table(data, columns=["user", "item"])
    user, item = (np.unique(table[name], return_inverse=True)[1] for name in ("user", "item"))
    ones = np.ones(user.size, np.float32)
    return sparse.csr_matrix((ones, (user, item)), (int(user.max()) + 1, int(item.max()) + 1))


def drain(frame: DataFrame) -> None:
    """Compute all rows of a frame and keep none."""
    frame.write.format("noop").mode("overwrite").save()
