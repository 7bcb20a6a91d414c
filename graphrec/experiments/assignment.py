"""Which arm of an experiment a user is in: a stable hash of his id.

The first 52 bits of the SHA-256 of salt, experiment and user are a number in [0, 1), and the arm is
the one whose share of the interval it falls in. So the arm needs no table, never changes, and is
independent between experiments: crossed experiments (a factorial design) are just two assignments.
Nothing here needs Spark, for a server assigns by it; `arm_column` is the same for a DataFrame.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Final

from graphrec.errors import ParameterError

BITS: Final = 52  # whole hexadecimal digits that a double holds exactly
DIGITS: Final = BITS // 4
BETWEEN: Final = "\x1f"  # the unit separator of ASCII, which is in no id


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
    bounds = arm_bounds(tuple(arms), None if weights is None else tuple(weights))
    text = BETWEEN.join((salt, experiment, str(user)))
    digits = hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
    drawn = int(digits, 16) * 2.0**-BITS
    return next(arm for arm, bound in zip(arms, bounds, strict=True) if drawn < bound)


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
def arm_bounds(arms: tuple[str, ...], weights: tuple[float, ...] | None) -> tuple[float, ...]:
    """Where the arms end in [0, 1); the last one ends at 1 whatever rounding makes of the sum.

    Raises:
        ParameterError: as `shares` does.
    """
    return (*accumulate(shares(arms, weights)[:-1]), 1.0)
