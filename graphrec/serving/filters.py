"""Which items are hidden from a list: those that the user has, those denied, those not allowed."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import HIDDEN, INDEX, ITEM, USER
from graphrec.data.dataset import Dataset
from graphrec.data.frames import require_frame
from graphrec.data.histories import or_empty
from graphrec.data.interaction_columns import has_column
from graphrec.kernels.types import Mask


def filter_items(
    dataset: Dataset, histories: DataFrame, allow: DataFrame | None, deny: DataFrame | None
) -> tuple[DataFrame, Mask]:
    """Apply the filters of a request.

    Args:
        dataset: has the catalogue and the columns' names.
        histories: (user, items, weights), of the users who are served.
        allow: has the item column; nothing else is listed.
        deny: has the item column, and perhaps the user column: never listed (to that user).

    Returns:
        The histories, with `hidden: array<int>` where a user is denied items of their own, and
        (items,), True for what nobody is shown.

    Raises:
        ParameterError: a filter is no table.
        ColumnError: a filter has no item column, ids of another type, or a column that differs
            from that of the users in case alone.
    """
    for name, frame in (("allow", allow), ("deny", deny)):
        if frame is not None:
            require_frame(frame, name)
    if deny is not None and has_column(deny, "user", dataset.columns.user):
        return _hide_per_user(dataset, histories, deny), _excluded(dataset, allow, None)
    return histories, _excluded(dataset, allow, deny)


def _excluded(dataset: Dataset, allow: DataFrame | None, deny: DataFrame | None) -> Mask:
    """(items,), True for what must not be listed; the lists are at most catalogue-sized."""
    mask = np.zeros(dataset.catalogue.size, np.bool_)
    if allow is not None:
        mask[:] = True
        mask[_item_indices(dataset, allow)] = False
    if deny is not None:
        mask[_item_indices(dataset, deny)] = True
    return mask


def _item_indices(dataset: Dataset, frame: DataFrame) -> npt.NDArray[Any]:
    known = frame.select(dataset.items_of(frame).alias(ITEM)).distinct().join(dataset.items, ITEM)
    indices: npt.NDArray[Any] = known.select(INDEX).toArrow()[INDEX].to_numpy()
    return indices


def _hide_per_user(dataset: Dataset, histories: DataFrame, deny: DataFrame) -> DataFrame:
    hidden = dataset.indexed(deny).groupBy(USER).agg(F.collect_set(INDEX).alias(HIDDEN))
    joined = histories.join(hidden, USER, "left")
    return joined.withColumn(HIDDEN, or_empty(F.col(HIDDEN), "array<int>"))
