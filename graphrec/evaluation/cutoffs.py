"""The list lengths k that a metric is taken at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Final, TypeAlias

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.errors import ParameterError

K: Final = "k"  # int: only the first k places of a list count

Cutoffs: TypeAlias = int | Sequence[int]


def distinct_cutoffs(k: Cutoffs) -> list[int]:
    """Return the cutoffs in ascending order, each once.

    Raises:
        ParameterError: there is none, or one is below 1 or no whole number.
    """
    given = list(k) if isinstance(k, Iterable) else [k]
    if not given or not all(_is_cutoff(one) for one in given):
        raise ParameterError("k must be a whole number of at least 1, or several", found=repr(k))
    return sorted({int(one) for one in given})


def _is_cutoff(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, Integral) and int(value) >= 1


def at_cutoffs(df: DataFrame, cutoffs: list[int], rank: str) -> DataFrame:
    """Repeat each row, as column `k`, for all cutoffs that its rank is within."""
    every = F.array(*map(F.lit, cutoffs))
    reached = F.filter(every, lambda cutoff: cutoff >= F.col(rank))
    return df.withColumn(K, F.explode(reached))  # (..., rank) -> (..., rank, k)


def with_every_cutoff(df: DataFrame, cutoffs: list[int]) -> DataFrame:
    """Repeat each row for all cutoffs, as column `k`."""
    every = F.array(*map(F.lit, cutoffs))
    return df.withColumn(K, F.explode(every))
