"""Sums of floating-point numbers that do not depend on the order of the rows.

A number is cut into three whole ones: its integer part, the next 30 bits, and the 30 after them.
Sums of whole numbers are exact in any order, so every partitioning gives the same bits, several
times faster than sums of Spark's decimals. Numbers of all users together must stay below 2^63.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

_PART = 2.0**30


def exact_sum(value: Column) -> Column:
    """The sum (double) of a group's doubles, cut off after 60 binary places; null for no row."""
    parts = []
    rest = value
    for place in range(3):
        whole = F.floor(rest)
        parts.append(F.sum(whole).cast("double") * F.lit(_PART**-place))
        rest = (rest - whole) * F.lit(_PART)
    return reduce(lambda high, low: high + low, parts)
