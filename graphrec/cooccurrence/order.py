"""Item-item weights that depend on the order in which users had the two items.

A weight (item -> listed item) is multiplied by `(2·p)^γ`, where p is the share of the common users
who had the listed item later, with Laplace's smoothing: `p = (after + 1) / (together + 2)`. A pair
of which neither item tends to come first has p = 1/2 and keeps its weight. A rule of our own.
"""

from __future__ import annotations

import numpy as np

from graphrec.cooccurrence.table import PairTable
from graphrec.errors import ParameterError
from graphrec.kernels.csr import CSR, csr
from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Vector


def weigh_by_order(rows: CSR, pairs: PairTable, exponent: float) -> CSR:
    """Raise the weights of items that tend to come later, and lower those that come before.

    Args:
        rows: (items of the history, listed items), the weights.
        pairs: counted with times; a pair that it does not hold keeps its weight.
        exponent: γ >= 0; 0 changes nothing.

    Raises:
        ParameterError: γ is above 0 and there are no times.
    """
    if exponent == 0.0:
        return rows
    if pairs.indices.size and not pairs.after.size:
        raise ParameterError(
            "the order of interactions is not known without times",
            fix="name a timestamp column when fitting, or leave orderExponent at 0",
        )
    factor = (2.0 * (pairs.after + 1.0) / (pairs.together + 2.0)) ** exponent
    factors = pairs.with_data(factor.astype(np.float32))
    return csr(rows.indptr, rows.indices, rows.data * _values_at(rows, factors))


@compiled
def _values_at(rows: CSR, other: CSR) -> Vector:
    """Another matrix' values at the entries of this one, (entries,); 1 where it has no entry.

    The columns ascend within each row of both.
    """
    found = np.ones(rows.indices.size, np.float32)
    for row in range(rows.indptr.size - 1):
        at, last = other.indptr[row], other.indptr[row + 1]
        for entry in range(rows.indptr[row], rows.indptr[row + 1]):
            while at < last and other.indices[at] < rows.indices[entry]:
                at += 1
            if at < last and other.indices[at] == rows.indices[entry]:
                found[entry] = other.data[at]
    return found
