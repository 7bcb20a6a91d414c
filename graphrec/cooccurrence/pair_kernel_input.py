"""The input of the pair kernel: histories by user and by item, from Arrow tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphrec.columns import ITEMS, TIMES, USER, WEIGHTS
from graphrec.cooccurrence.pair_kernel import Histories
from graphrec.kernels.csr import CSR, csr, transpose_pattern
from graphrec.kernels.types import read_only
from graphrec.spark.arrow import one_array, rows_from_lists, values

MIN_STRENGTH = (
    1e-6  # a user whose weights sum to less counts for nothing: decay may leave next to none
)


def read_histories(
    histories: pa.Table, items: int, channels: Sequence[float], *, ordered: bool
) -> Histories:
    """Arrange some histories for `graphrec.cooccurrence.pair_kernel.count_pairs`.

    Args:
        histories: (user, items, weights[, times]), no history empty.
        items: number of items.
        channels: exponents e of the users' strength.
        ordered: whether times are read.
    """
    histories = histories.sort_by(USER)  # sums of floats depend on their order
    by_user = rows_from_lists(one_array(histories[ITEMS]), one_array(histories[WEIGHTS]))
    time = values(one_array(histories[TIMES]), np.float64) if ordered else np.empty(0)
    return Histories(
        by_user,
        read_only(time),
        read_only(_user_scale(by_user, channels)),
        csr(*transpose_pattern(by_user.indptr, by_user.indices, items)),
    )


def _user_scale(by_user: CSR, channels: Sequence[float]) -> npt.NDArray[np.float64]:
    """s_u^-e for each user and channel, (users, channels)."""
    strength = np.add.reduceat(by_user.data.astype(np.float64), by_user.indptr[:-1])
    scale = np.zeros((strength.size, len(channels)))
    positive = strength > MIN_STRENGTH

    for channel, exponent in enumerate(channels):
        scale[positive, channel] = strength[positive] ** -exponent
    return scale
