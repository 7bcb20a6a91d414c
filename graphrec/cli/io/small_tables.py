"""Small tables of results as DataFrames."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, is_dataclass
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession


def small_table(spark: SparkSession, rows: Iterable[Any]) -> DataFrame:
    """A DataFrame of one partition, of dataclasses or named tuples of one kind."""
    flat = [asdict(row) if is_dataclass(row) else row._asdict() for row in rows]  # type: ignore[arg-type]
    return spark.createDataFrame(pa.Table.from_pylist(flat)).coalesce(1)
