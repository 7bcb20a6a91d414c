"""Checkpointed rows; `tests/benchmarks/test_cluster.py` loses the executors that made them."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from graphrec.spark.checkpoints import checkpointed


def test_same_rows_without_the_plan(spark: SparkSession) -> None:
    frame = spark.range(6).select((F.col("id") * 7 % 5).alias("rest")).distinct()
    kept = checkpointed(frame)
    assert sorted(kept.collect()) == sorted(frame.collect())
    plan = io.StringIO()
    with contextlib.redirect_stdout(plan):
        kept.explain()
    assert "Range" not in plan.getvalue()
    assert "Exchange" not in plan.getvalue()


def test_local_mode_writes_no_files(spark: SparkSession) -> None:
    """There is no other machine to lose, and a folder for checkpoints is always set."""
    folder = Path(spark.conf.get("spark.checkpoint.dir") or "")
    before = sorted(folder.rglob("*"))
    checkpointed(spark.range(3)).count()
    assert sorted(folder.rglob("*")) == before
