"""The arms of a DataFrame's users, by the hash of `assignment`."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F

from graphrec.experiments.assignment import BETWEEN, BITS, DIGITS, arm_bounds


def arm_column(
    user: Column,
    experiment: str,
    arms: Sequence[str],
    weights: Sequence[float] | None = None,
    salt: str = "",
) -> Column:
    """Return the arm of each user as a column of text; null for a null id. See `assign`.

    Args:
        user: the ids, text or whole numbers.
        experiment: its name.
        arms: their names.
        weights: shares of the arms; None: equal ones.
        salt: draws anew for the same name.

    Raises:
        ParameterError: as `assign` does.
    """
    bounds = arm_bounds(tuple(arms), None if weights is None else tuple(weights))
    known = F.concat(F.lit(f"{salt}{BETWEEN}{experiment}{BETWEEN}"), user.cast("string"))
    digits = F.substring(F.sha2(known, 256), 1, DIGITS)
    drawn = F.conv(digits, 16, 10).cast("bigint") * F.lit(2.0**-BITS)
    *before, last = zip(arms, bounds, strict=True)
    arm = F.lit(last[0])
    for name, bound in reversed(before):
        arm = F.when(drawn < F.lit(bound), F.lit(name)).otherwise(arm)
    return F.when(user.isNotNull(), arm)
