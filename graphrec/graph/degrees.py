"""Degrees: how uneven the activity of users and the popularity of items are."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from graphrec.columns import ITEM, USER
from graphrec.graph.bipartite import DEGREE, ID, TYPE, UserItemGraph
from graphrec.graph.power_law import PowerLaw, fit_power_law

VERTICES: Final = "vertices"
AT_LEAST: Final = "at_least"


def degree_table(graph: UserItemGraph) -> DataFrame:
    """How many users and items have each degree.

    Args:
        graph: its degrees are those of GraphFrames' one-way view: the length of a history, and
            the number of users who have an item.

    Returns:
        (type: "user" or "item", degree: long, vertices: long, at_least: double, the share of the
        users or items whose degree is this or higher: the tail to be drawn on logarithmic axes).

    Raises:
        GraphFramesError: the session has no GraphFrames.
    """
    kind = F.when(F.col(ID) < graph.users, USER).otherwise(ITEM).alias(TYPE)
    counted = (
        graph.one_way.degrees.select(kind, F.col(DEGREE).cast("long").alias(DEGREE))
        .groupBy(TYPE, DEGREE)
        .agg(F.count("*").alias(VERTICES))
    )
    upwards = Window.partitionBy(TYPE).orderBy(F.desc(DEGREE))
    whole = F.sum(VERTICES).over(Window.partitionBy(TYPE))
    return counted.withColumn(AT_LEAST, F.sum(VERTICES).over(upwards) / whole)


def power_law_table(degrees: DataFrame) -> DataFrame:
    """Power laws fitted to the upper degrees of users and of items.

    Args:
        degrees: as `degree_table` gives them.

    Returns:
        (type, alpha: double, standard_error: double, x_min: long, ks: double, tail: long, users or
        items with a degree of at least x_min, vertices: long, all of them, ratio: double,
        exponential_p: double), one row per type; the figures are those of
        `graphrec.graph.power_law.PowerLaw`, null where there are too few different degrees.
    """
    # As many rows as there are different degrees: n of them need n²/2 interactions.
    counted = degrees.select(TYPE, DEGREE, VERTICES).orderBy(TYPE, DEGREE).toPandas()
    rows = []
    for kind, part in counted.groupby(TYPE):
        law = fit_power_law(part[DEGREE].to_numpy(), part[VERTICES].to_numpy())
        figures = vars(law) if law else dict.fromkeys(PowerLaw.__annotations__)
        rows.append({TYPE: kind, **figures, VERTICES: int(part[VERTICES].sum())})
    return _frame(degrees.sparkSession, rows)


def _frame(spark: SparkSession, rows: list[dict[str, object]]) -> DataFrame:
    schema = pa.schema(
        [
            (TYPE, pa.string()),
            ("alpha", pa.float64()),
            ("standard_error", pa.float64()),
            ("x_min", pa.int64()),
            ("ks", pa.float64()),
            ("tail", pa.int64()),
            (VERTICES, pa.int64()),
            ("ratio", pa.float64()),
            ("exponential_p", pa.float64()),
        ]
    )
    return spark.createDataFrame(pa.Table.from_pylist(rows, schema=schema))


def gini(values: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> float:
    """The Gini coefficient: 0 if all are equal, near 1 if a few have everything.

    Args:
        values: (n,), ascending.
        counts: (n,), how often each value occurs.
    """
    shares = np.cumsum(values * counts) / max(int((values * counts).sum()), 1)
    before = np.concatenate(([0.0], shares[:-1]))
    return float(1.0 - (counts * (shares + before)).sum() / max(int(counts.sum()), 1))
