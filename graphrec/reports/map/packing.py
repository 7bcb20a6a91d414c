"""Circle packing: the largest disc in the middle, the others in rings around it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphrec.kernels.types import Vector

Positions = npt.NDArray[np.float64]


def packed(radius: Vector) -> Positions:
    """Centres of discs that do not overlap and stand close together.

    Args:
        radius: (n,), above 0.

    Returns:
        (n, 2), the largest disc at the origin, the first of equals.
    """
    center = np.zeros((radius.size, 2))
    order = np.argsort(-radius, kind="stable")
    inner, waiting = float(radius[order[0]]) if radius.size else 0.0, order[1:]
    while waiting.size:
        own = radius[waiting]  # descending, so that the first one is as wide as the ring
        far = inner + own[0]
        half = np.arcsin(own / far)  # of the angle under which a disc is seen
        fitting = max(1, int(np.searchsorted(np.cumsum(2.0 * half), 2.0 * np.pi, side="right")))
        seen = 2.0 * half[:fitting]
        spread = max(0.0, 2.0 * np.pi - seen.sum()) / fitting
        angle = np.cumsum(seen + spread) - (seen + spread) / 2.0
        center[waiting[:fitting]] = far * np.column_stack((np.cos(angle), np.sin(angle)))
        inner, waiting = far + own[0], waiting[fitting:]
    return center
