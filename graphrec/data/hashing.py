"""Random draws that depend only on a seed and on ids.

`rand()` draws per row and partition, so the same data in other partitions gives another draw. A
hash of the ids gives the same draw however the data are partitioned, and after any retry.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from pyspark.sql import Column
from pyspark.sql import functions as F
from scipy import special

_BITS: Final = 53  # what a double holds exactly

# P(Poisson(1) <= n) for n = 0, 1, ... 12: more happens once in 2e10 draws.
_POISSON: Final[list[float]] = [float(p) for p in special.pdtr(np.arange(13), 1)]


def seeded_hash(seed: int, *ids: Column) -> Column:
    """Return a 64-bit hash (bigint, never null) of the ids' text under a seed.

    The text is hashed, so that `7` and `"7"` draw the same, whichever type the ids were read as.
    A null id is skipped, which is a value of its own as long as the other ids are there.
    """
    return F.xxhash64(F.lit(seed).cast("bigint"), *(value.cast("string") for value in ids))


def seeded_uniform(seed: int, *ids: Column) -> Column:
    """Return a double, uniform in [0, 1), drawn by the ids under a seed."""
    return F.shiftrightunsigned(seeded_hash(seed, *ids), 64 - _BITS) * F.lit(2.0**-_BITS)


def seeded_poisson(seed: int, *ids: Column) -> Column:
    """Return an int, Poisson distributed with mean 1, drawn by the ids under a seed."""
    uniform = seeded_uniform(seed, *ids)
    return sum(((uniform >= p).cast("int") for p in _POISSON), start=F.lit(0))
