"""Item-item weights that know what is watched after what.

A weight (item -> listed item) is multiplied by `(2·p)^γ`, where p is the share of the common users
who had the listed item later, smoothed by one user either way: `p = (after + 1) / (together + 2)`.
A pair in which neither comes first keeps its weight. A rule of our own, with Laplace's smoothing.
"""

from __future__ import annotations

import numpy as np

from graphrec.cooccurrence.table import PairTable
from graphrec.errors import ParameterError
from graphrec.kernels.csr import SparseRows
from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Vector


def weigh_by_order(rows: SparseRows, pairs: PairTable, exponent: float) -> SparseRows:
    """Raise the weights of what is watched later, and lower those of what is watched before.

    Args:
        rows: (item of the history, listed item, weight).
        pairs: counted with times; a pair that it does not hold keeps its weight.
        exponent: γ >= 0; 0 changes nothing.

    Raises:
        ParameterError: γ is above 0 and there are no times.
    """
    if exponent == 0.0:
        return rows
    if pairs.neighbour.size and not pairs.after.size:
        raise ParameterError(
            "what was watched after cannot be told without times",
            fix="name a timestamp column when fitting, or leave orderExponent at 0",
        )
    factor = (2.0 * (pairs.after + 1.0) / (pairs.together + 2.0)) ** exponent
    matched = _values_of(
        rows.start, rows.neighbour, pairs.start, pairs.neighbour, factor.astype(np.float32)
    )
    return SparseRows(rows.start, rows.neighbour, rows.weight * matched)


@compiled
def _values_of(
    start: Indices, neighbour: Indices, from_start: Indices, from_neighbour: Indices, value: Vector
) -> Vector:
    """The values that another table has for these pairs, 1 where it has none; rows ascend."""
    found = np.ones(neighbour.size, np.float32)
    for row in range(start.size - 1):
        at, last = from_start[row], from_start[row + 1]
        for pair in range(start[row], start[row + 1]):
            while at < last and from_neighbour[at] < neighbour[pair]:
                at += 1
            if at < last and from_neighbour[at] == neighbour[pair]:
                found[pair] = value[at]
    return found
