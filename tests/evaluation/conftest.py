"""Small frames for the tests of figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pytest
from pyspark.sql import DataFrame, SparkSession

Table = Callable[..., DataFrame]
Oracle = Callable[[str], DataFrame]


@pytest.fixture(scope="session")
def table(spark: SparkSession) -> Table:
    """Return a function that builds a frame from column names and rows."""

    def build(names: str, *rows: tuple[Any, ...]) -> DataFrame:
        cells = [dict(zip(names.split(), row, strict=True)) for row in rows]
        return spark.createDataFrame(pa.Table.from_pylist(cells))

    return build


@pytest.fixture(scope="session")
def oracle(spark: SparkSession) -> Oracle:
    """Return a function that reads a table of the RecTools oracle."""

    def read(name: str) -> DataFrame:
        path = Path(__file__).parent / "rectools_oracle" / f"{name}.csv"
        return spark.createDataFrame(pyarrow.csv.read_csv(path))

    return read
