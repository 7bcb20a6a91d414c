"""Small tables of results as DataFrames."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, is_dataclass
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession


def small_table(spark: SparkSession, rows: Iterable[Any]) -> DataFrame:
    """A DataFrame of one partition, of dataclasses, named tuples or dictionaries of one kind."""
    return spark.createDataFrame(pa.Table.from_pylist([_columns(row) for row in rows])).coalesce(1)


def _columns(row: Any) -> dict[str, Any]:
    if isinstance(row, dict):
        return row
    return asdict(row) if is_dataclass(row) else row._asdict()  # type: ignore[arg-type]
