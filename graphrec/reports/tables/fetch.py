"""Small tables of Spark on the driver, with every id as it is."""

from __future__ import annotations

from typing import Any

import pandas as pd
from pyspark.sql import DataFrame

Row = dict[str, Any]


def rows_of(table: DataFrame) -> list[Row]:
    """The rows by column, in plain Python: whole numbers stay whole beside nulls.

    Args:
        table: as small as what people read.
    """
    rows: list[Row] = table.toArrow().to_pylist()
    return rows


def frame_of(table: DataFrame) -> pd.DataFrame:
    """The table for pandas.

    pandas' own columns of whole numbers have no nulls: `toPandas` makes floats of a column that
    has one, and 316 is 316.0 from there on. Here such a column holds Python's numbers and None.

    Args:
        table: as small as what people read.
    """
    frame: pd.DataFrame = table.toArrow().to_pandas(integer_object_nulls=True)
    return frame
