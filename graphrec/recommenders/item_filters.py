"""Which items may be listed: allowed to all, denied to all, or denied to one user."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import HIDDEN, INDEX, ITEM, USER
from graphrec.data.frames import require_frame
from graphrec.data.interaction_columns import has_column
from graphrec.kernels.types import Mask
from graphrec.recommenders.learned import Learned
from graphrec.recommenders.served_histories import or_empty


def filter_items(
    learned: Learned, histories: DataFrame, allow: DataFrame | None, deny: DataFrame | None
) -> tuple[DataFrame, Mask]:
    """Apply the filters of a request.

    Args:
        learned: has the catalogue and the columns' names.
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
    if deny is not None and has_column(deny, "user", learned.columns.user):
        return _hide_per_user(learned, histories, deny), _excluded(learned, allow, None)
    return histories, _excluded(learned, allow, deny)


def _excluded(learned: Learned, allow: DataFrame | None, deny: DataFrame | None) -> Mask:
    """(items,), True for what must not be listed; the lists are at most catalogue-sized."""
    mask = np.zeros(learned.tables.catalogue.size, np.bool_)
    if allow is not None:
        mask[:] = True
        mask[_item_indices(learned, allow)] = False
    if deny is not None:
        mask[_item_indices(learned, deny)] = True
    return mask


def _item_indices(learned: Learned, frame: DataFrame) -> npt.NDArray[Any]:
    known = frame.select(learned.items_of(frame).alias(ITEM)).distinct().join(learned.items, ITEM)
    indices: npt.NDArray[Any] = known.select(INDEX).toArrow()[INDEX].to_numpy()
    return indices


def _hide_per_user(learned: Learned, histories: DataFrame, deny: DataFrame) -> DataFrame:
    hidden = learned.indexed(deny).groupBy(USER).agg(F.collect_set(INDEX).alias(HIDDEN))
    joined = histories.join(hidden, USER, "left")
    return joined.withColumn(HIDDEN, or_empty(F.col(HIDDEN), "array<int>"))
