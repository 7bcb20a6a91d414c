"""The list lengths k that a metric is taken at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.errors import ParameterError
from graphrec.params import at_least

K: Final = "k"  # int: only the first k positions of a list count

MAX_CUTOFF: Final = 2**31 - 1  # no list is longer

Cutoffs: TypeAlias = int | Sequence[int]


def distinct_cutoffs(k: Cutoffs) -> list[int]:
    """Return the cutoffs in ascending order, each once.

    Raises:
        ParameterError: there is none, or one is no whole number of at least 1.
    """
    check = at_least(1)
    try:
        cutoffs = {min(check(one), MAX_CUTOFF) for one in (k if isinstance(k, Iterable) else [k])}
    except ValueError:
        cutoffs = set()
    if not cutoffs:
        raise ParameterError("k must be a whole number of at least 1, or several", found=repr(k))
    return sorted(cutoffs)


def at_cutoffs(df: DataFrame, cutoffs: list[int], rank: str) -> DataFrame:
    """Repeat each row, as column `k`, for all cutoffs that its rank is within."""
    every = F.array(*map(F.lit, cutoffs))
    reached = F.filter(every, lambda cutoff: cutoff >= F.col(rank))
    return df.withColumn(K, F.explode(reached))  # (..., rank) -> (..., rank, k)


def with_every_cutoff(df: DataFrame, cutoffs: list[int]) -> DataFrame:
    """Repeat each row for all cutoffs, as column `k`."""
    every = F.array(*map(F.lit, cutoffs))
    return df.withColumn(K, F.explode(every))
