"""Which arm of an experiment a user is in: a stable hash of his id, in Spark and in plain Python.

The first 52 bits of the SHA-256 of salt, experiment and user are a number in [0, 1), and the arm is
the one whose share of the interval it falls in. So the arm needs no table, never changes, and is
independent between experiments: crossed experiments (a factorial design) are just two assignments.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Final

from pyspark.sql import Column
from pyspark.sql import functions as F

from graphrec.errors import ParameterError

_BITS: Final = 52  # whole hexadecimal digits that a double holds exactly
_DIGITS: Final = _BITS // 4
_BETWEEN: Final = "\x1f"  # the unit separator of ASCII, which is in no id


def assign(
    user: str | int,
    experiment: str,
    arms: Sequence[str],
    weights: Sequence[float] | None = None,
    salt: str = "",
) -> str:
    """Return the arm that a user is in; the same as `arm_column` on any machine.

    Args:
        user: the id; 7 and "7" are the same user.
        experiment: its name. Another name draws anew, independent of all others.
        arms: their names, at least two; the order belongs to the assignment.
        weights: shares of the arms, above 0, in any unit; None: equal ones.
        salt: draws anew for the same name.

    Raises:
        ParameterError: fewer than two arms, one twice, or weights that do not fit them.

    Examples:
        >>> assign("u1", "list", ["old", "new"])
        'old'
    """
    bounds = _bounds(tuple(arms), None if weights is None else tuple(weights))
    text = _BETWEEN.join((salt, experiment, str(user)))
    digits = hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
    drawn = int(digits, 16) * 2.0**-_BITS
    return next(arm for arm, bound in zip(arms, bounds, strict=True) if drawn < bound)


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
    bounds = _bounds(tuple(arms), None if weights is None else tuple(weights))
    known = F.concat(F.lit(f"{salt}{_BETWEEN}{experiment}{_BETWEEN}"), user.cast("string"))
    digits = F.substring(F.sha2(known, 256), 1, _DIGITS)
    drawn = F.conv(digits, 16, 10).cast("bigint") * F.lit(2.0**-_BITS)
    *before, last = zip(arms, bounds, strict=True)
    arm = F.lit(last[0])
    for name, bound in reversed(before):
        arm = F.when(drawn < F.lit(bound), F.lit(name)).otherwise(arm)
    return F.when(user.isNotNull(), arm)


def shares(arms: Sequence[str], weights: Sequence[float] | None = None) -> list[float]:
    """Return the share of the users that each arm gets; they sum to 1.

    Raises:
        ParameterError: fewer than two arms, one twice, or weights that do not fit them.
    """
    if len(arms) < 2:
        raise ParameterError(
            "an experiment needs at least two arms", found=", ".join(arms) or "none"
        )
    if len(set(arms)) < len(arms):
        raise ParameterError("each arm is named once", found=", ".join(arms))
    if weights is None:
        weights = [1.0] * len(arms)
    if len(weights) != len(arms) or not all(0 < weight < math.inf for weight in weights):
        raise ParameterError(
            "each arm needs a weight above 0",
            found=f"{len(arms)} arms, weights {', '.join(f'{weight:g}' for weight in weights)}",
        )
    total = math.fsum(weights)
    return [weight / total for weight in weights]


@lru_cache  # who assigns a user at a time does it for a few experiments
def _bounds(arms: tuple[str, ...], weights: tuple[float, ...] | None) -> tuple[float, ...]:
    """Where the arms end in [0, 1); the last one ends at 1 whatever rounding makes of the sum."""
    return (*accumulate(shares(arms, weights)[:-1]), 1.0)
