"""How people make an overall rating of several criteria: regressions, shrunk to that of all.

With y the overall rating and x the criteria of one rating, all standardised, a user's weights are
w + d_u, where d_u is the ridge regression of y - w·x on x over the user's ratings (Adomavicius and
Kwon, "New recommendation techniques for multicriteria rating systems", 2007; by user and by item:
Jannach, Karakaya and Gedikli, "Accuracy improvements for multi-criteria recommender systems",
2012). Few ratings say little, so that such a user's weights are nearly those of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.columns import WEIGHTS
from graphrec.kernels.exact_sums import exact_sum
from graphrec.kernels.types import Indices, Matrix, Vector
from graphrec.spark.arrow import list_column, offsets, values
from graphrec.spark.threads import one_thread

OVERALL = "overall"
CRITERIA = "criteria"
_RIDGE = 1.0  # ratings of weight 0 that the weights of all start with


def standardised(column: Column, mean: float, deviation: float) -> Column:
    """A rating in deviations from the mean, null where there is none."""
    return (column - F.lit(mean)) / F.lit(deviation)


def weights_of_all(rows: DataFrame, criteria: int) -> Vector:
    """The regression over all ratings, (criteria,).

    Args:
        rows: (overall: double, criteria: array<double>), standardised.
        criteria: their number.
    """
    x = [F.col(CRITERIA)[number] for number in range(criteria)]
    pairs = [(a, b) for a in range(criteria) for b in range(a + 1)]
    sums = [exact_sum(x[a] * x[b]) for a, b in pairs]
    sums += [exact_sum(x[a] * F.col(OVERALL)) for a in range(criteria)]
    row = rows.agg(*sums).first()
    assert row is not None  # an aggregate without groups has one row
    gram = np.eye(criteria) * _RIDGE
    for (a, b), total in zip(pairs, row, strict=False):
        gram[a, b] += total
        gram[b, a] = gram[a, b]
    solved: Vector = np.linalg.solve(gram, np.array(row[len(pairs) :], float))
    return solved


def weights_by(rows: DataFrame, key: str, start: Vector, shrinkage: float) -> DataFrame:
    """The weights of each user, or of each item.

    Args:
        rows: (key, overall, criteria), standardised.
        key: name of the column to group by.
        start: (criteria,), the weights of all.
        shrinkage: ratings' worth of evidence that the weights of all have.

    Returns:
        (key, weights: array<double>).
    """
    entry = F.struct(OVERALL, CRITERIA)
    lists = rows.groupBy(key).agg(F.sort_array(F.collect_list(entry)).alias("rows"))
    flat = lists.select(
        key,
        F.col(f"rows.{OVERALL}").alias(OVERALL),
        F.flatten(f"rows.{CRITERIA}").alias(CRITERIA),
    )
    fit = partial(_fit_batches, key=key, start=tuple(start.tolist()), shrinkage=shrinkage)
    kinds = T.StructField(WEIGHTS, T.ArrayType(T.DoubleType()))
    return flat.mapInArrow(fit, T.StructType([rows.schema[key], kinds]))


def _fit_batches(
    batches: Iterable[pa.RecordBatch], *, key: str, start: tuple[float, ...], shrinkage: float
) -> Iterator[pa.RecordBatch]:
    of_all = np.array(start)
    for batch in batches:
        y, x = values(batch[OVERALL], np.float64), values(batch[CRITERIA], np.float64)
        found = shrunken_weights(
            offsets(batch[OVERALL]), y, x.reshape(-1, of_all.size), of_all, shrinkage
        )
        indptr = np.arange(batch.num_rows + 1, dtype=np.int64) * of_all.size
        yield pa.RecordBatch.from_pydict(
            {key: batch[key], WEIGHTS: list_column(indptr, found.reshape(-1))}
        )


def shrunken_weights(
    indptr: Indices, overall: Vector, criteria: Matrix, start: Vector, shrinkage: float
) -> npt.NDArray[np.float64]:
    """The weights of some users or items, (rows, criteria).

    Args:
        indptr: (rows + 1,), where the ratings of each begin.
        overall: (ratings,), y.
        criteria: (ratings, criteria), x.
        start: (criteria,), the weights of all.
        shrinkage: λ of the ridge regression.
    """
    rows = indptr.size - 1
    ridge = np.eye(start.size) * shrinkage
    left = overall - criteria @ start
    weights = np.tile(start, (rows, 1))
    with one_thread():
        for row in range(rows):
            x = criteria[indptr[row] : indptr[row + 1]]
            y = left[indptr[row] : indptr[row + 1]]
            weights[row] += np.linalg.solve(x.T @ x + ridge, x.T @ y)
    return weights
