"""Histories as the pair kernel takes them, out of rows of Arrow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphrec.columns import ITEMS, TIMES, USER, WEIGHTS
from graphrec.cooccurrence.kernel import Histories
from graphrec.kernels.transpose import transposed
from graphrec.kernels.types import read_only
from graphrec.spark.arrow import offsets, one_array, values

_FAINTEST = 1e-6  # a history of less weight counts for nothing: decay may leave next to none


def read_histories(
    histories: pa.Table, items: int, channels: Sequence[float], *, ordered: bool
) -> Histories:
    """Arrange some histories for counting.

    Args:
        histories: (user, items, weights[, times]), no history empty.
        items: number of items.
        channels: exponents e of the users' strength.
        ordered: whether times are read.
    """
    histories = histories.sort_by(USER)  # sums of floats depend on their order
    start = read_only(offsets(one_array(histories[ITEMS])))
    item = read_only(values(one_array(histories[ITEMS]), np.int32))
    weight = read_only(values(one_array(histories[WEIGHTS]), np.float32))
    time = values(one_array(histories[TIMES]), np.float64) if ordered else np.empty(0)
    by_item = transposed(start, item, items)
    return Histories(
        start,
        item,
        weight,
        read_only(time),
        read_only(_user_scale(start, weight, channels)),
        *(read_only(array) for array in by_item),
    )


def _user_scale(
    start: npt.NDArray[np.int64], weight: npt.NDArray[np.float32], channels: Sequence[float]
) -> npt.NDArray[np.float64]:
    """s_u^-e for each user and channel, (users, channels)."""
    strength = np.add.reduceat(weight.astype(np.float64), start[:-1])
    scale = np.zeros((strength.size, len(channels)))
    positive = strength > _FAINTEST
    for channel, exponent in enumerate(channels):
        scale[positive, channel] = strength[positive] ** -exponent
    return scale
