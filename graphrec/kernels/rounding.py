"""Numbers that would be zero without rounding errors.

A sum or a difference of floats that should be 0 often is 1e-17, so none of them is compared with 0:
it is compared with the numbers that it was computed from.
"""

from __future__ import annotations

from typing import Final

ROUNDING: Final = 1e-12  # relative: far above what rounding leaves, far below what is of interest


def is_rounding(value: float, scale: float) -> bool:
    """Whether a computed number differs from 0 by no more than rounding errors.

    Args:
        value: a sum or a difference, or the deviation of some.
        scale: the magnitude of what it was computed from.
    """
    return abs(value) <= ROUNDING * abs(scale)
