"""One batch of ratings, seen from the users and from the items: both are changed alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.columns import ITEM, RATING, TIMESTAMP, USER
from graphrec.kernels.types import Vector, read_only
from graphrec.recommenders.rating.streaming.recursion import descend
from graphrec.spark.arrow import list_column, offsets, values

STATE: Final = "state"  # array<double>: the bias, then the factor
USER_STATE: Final = "user_state"
ITEM_STATE: Final = "item_state"
_OF: Final = {USER: USER_STATE, ITEM: ITEM_STATE}
_RATINGS: Final = "ratings"
_STATES: Final = T.ArrayType(T.DoubleType())


class States(NamedTuple):
    """What is known of users and items; who is in neither frame is as `nobody` or `nothing`."""

    users: DataFrame  # (user, state)
    items: DataFrame  # (item, state)
    nobody: tuple[float, ...]  # (1 + rank,), of a user without ratings
    nothing: tuple[float, ...]  # of an item without

    def beside(self, pairs: DataFrame) -> DataFrame:
        """Pairs with the states of both sides.

        Args:
            pairs: (user, item, ...), either null where an id is missing.
        """
        users = self.users.withColumnRenamed(STATE, USER_STATE)
        items = self.items.withColumnRenamed(STATE, ITEM_STATE)
        joined = pairs.join(users, USER, "left").join(items, ITEM, "left")
        return joined.withColumns(
            {
                USER_STATE: F.coalesce(USER_STATE, numbers(self.nobody)),
                ITEM_STATE: F.coalesce(ITEM_STATE, numbers(self.nothing)),
            }
        )


def changed(rated: DataFrame, side: str, settings: Vector) -> DataFrame:
    """The states of one side after a batch, of those who are in it.

    Args:
        rated: (user, item, timestamp, rating, and the states of both), see `States.beside`.
        side: "user" or "item".
        settings: see `descend`.

    Returns:
        (side, state). Ratings are taken in the order of their times, those of equal times in the
        order of the other side's ids, so neither the order of rows nor partitions matter.
    """
    other = ITEM if side == USER else USER
    one = F.struct(TIMESTAMP, other, RATING, F.col(_OF[other]).alias(STATE))
    grouped = rated.groupBy(side).agg(
        F.first(_OF[side]).alias(STATE), F.array_sort(F.collect_list(one)).alias(_RATINGS)
    )
    plain = grouped.select(
        side,
        STATE,
        F.col(f"{_RATINGS}.{RATING}").alias(RATING),
        F.col(f"{_RATINGS}.{STATE}").alias(_RATINGS),
    )
    kind = T.StructType([plain.schema[side], T.StructField(STATE, _STATES)])
    return plain.mapInArrow(partial(_descend_batches, side=side, settings=settings), kind)


def _descend_batches(
    batches: Iterable[pa.RecordBatch], *, side: str, settings: Vector
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        if not batch.num_rows:
            continue
        start = values(batch[STATE], np.float64).reshape(batch.num_rows, -1)
        others = values(batch[_RATINGS].flatten(), np.float64).reshape(-1, start.shape[1])
        after = descend(
            read_only(start),
            read_only(offsets(batch[RATING])),
            read_only(others),
            read_only(values(batch[RATING], np.float64)),
            read_only(settings),
        )
        indptr = np.arange(batch.num_rows + 1, dtype=np.int64) * start.shape[1]
        yield pa.RecordBatch.from_pydict(
            {side: batch[side], STATE: list_column(indptr, after.reshape(-1))}
        )


def replaced(states: DataFrame, changes: DataFrame, side: str) -> DataFrame:
    """States of one side, those that have changed in place of the older ones."""
    return states.join(changes, side, "left_anti").unionByName(changes)


def score() -> Column:
    """The prediction by the states of both, in units of the deviation and without the mean."""
    products = F.zip_with(USER_STATE, ITEM_STATE, lambda one, other: one * other)
    factors = F.aggregate(F.slice(products, 2, F.size(products) - 1), F.lit(0.0), _add)
    return F.col(USER_STATE)[0] + F.col(ITEM_STATE)[0] + factors


def _add(one: Column, other: Column) -> Column:
    return one + other


def numbers(given: Iterable[float]) -> Column:
    """An array of numbers."""
    return F.array(*(F.lit(float(number)) for number in given))
