"""Sums of floating-point numbers that do not depend on the order of the rows.

A number is cut into three whole ones: its integer part, the next 30 bits, and the 30 after them.
Sums of whole numbers are exact in any order, so every partitioning gives the same bits, several
times faster than sums of Spark's decimals. Numbers of all users together must stay below `MAX_SUM`.
Compiled code cuts numbers by `add_parts`, Spark by `exact_sum`.
"""

from __future__ import annotations

from functools import reduce

import numpy as np
import numpy.typing as npt
from pyspark.sql import Column
from pyspark.sql import functions as F

from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices

PARTS = 3
MAX_SUM = 2.0**62  # of a sum: whole numbers have 63 bits
_PART = 2.0**30


def exact_sum(value: Column) -> Column:
    """The sum (double) of a group's doubles, cut off after 60 binary digits; null for no row."""
    parts = []
    rest = value
    for part in range(PARTS):
        whole = F.floor(rest)
        parts.append(F.sum(whole).cast("double") * F.lit(_PART**-part))
        rest = (rest - whole) * F.lit(_PART)
    return reduce(lambda high, low: high + low, parts)


@compiled
def add_parts(total: Indices, value: float) -> None:
    """Add a number to a sum that is kept as whole numbers, (PARTS,) int64."""
    rest = value
    for part in range(PARTS):
        whole = np.floor(rest)
        total[part] += np.int64(whole)
        rest = (rest - whole) * _PART


def joined_parts(total: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The sums that whole numbers stand for, (..., PARTS) -> (...)."""
    scaled = total.astype(np.float64) * _PART ** -np.arange(PARTS, dtype=np.float64)
    return np.asarray(reduce(np.add, np.moveaxis(scaled, -1, 0)))
