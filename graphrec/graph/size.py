"""How large and how dense the graph is, in one row."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from graphrec.columns import ITEM, USER
from graphrec.graph.bipartite import DEGREE, TYPE, UserItemGraph
from graphrec.graph.degrees import VERTICES, gini


def size_table(graph: UserItemGraph, degrees: DataFrame) -> DataFrame:
    """Counts of the graph.

    Args:
        graph: the user-item graph.
        degrees: as `graphrec.graph.degrees.degree_table` gives them.

    Returns:
        One row: (users: long, items: long, interactions: long, density: double, the share of all
        pairs of a user and an item that are interactions, user_mean: double, user_median: double,
        user_max: long, user_gini: double, item_mean, item_median, item_max, item_gini: the same of
        the items' degrees).
    """
    # As many rows as there are different degrees: n of them need n²/2 interactions.
    counted = degrees.select(TYPE, DEGREE, VERTICES).orderBy(TYPE, DEGREE).toPandas()
    row: dict[str, float | int] = {"users": graph.users, "items": graph.items}
    row["interactions"] = int((counted[DEGREE] * counted[VERTICES])[counted[TYPE] == USER].sum())
    row["density"] = row["interactions"] / max(graph.users * graph.items, 1)
    for kind in (USER, ITEM):
        part = counted[counted[TYPE] == kind]
        degree, vertices = part[DEGREE].to_numpy(), part[VERTICES].to_numpy()
        row[f"{kind}_mean"] = float(np.average(degree, weights=vertices))
        row[f"{kind}_median"] = _median(degree, vertices)
        row[f"{kind}_max"] = int(degree.max())
        row[f"{kind}_gini"] = gini(degree, vertices)
    return degrees.sparkSession.createDataFrame(pa.Table.from_pylist([row]))


def _median(values: np.ndarray, counts: np.ndarray) -> float:
    """The median of values (n,), ascending, that occur so often."""
    ends = np.cumsum(counts)
    middle = [(ends[-1] - 1) // 2, ends[-1] // 2]
    return float(values[np.searchsorted(ends, middle, side="right")].mean())
