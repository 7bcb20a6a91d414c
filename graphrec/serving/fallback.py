"""What is listed to users of whom nothing is known: what is popular now, then what is picked.

New items whose features say how popular they will be are among what is popular.

The same order of all items serves everybody, less what each must not be shown, so that a list is
full wherever enough items may be listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from graphrec.kernels.types import Array, read_only
from graphrec.serving.kernel_types import Fallback
from graphrec.serving.sources import NEW, PICKED, POPULAR, SOURCES, TRENDING

MIN_RISE: Final = 1.1  # of what is had now over the whole time, from which on it is trending
_PREFIX: Final = "fallback_"  # of the arrays' names


def make_fallback(
    popularity: npt.NDArray[np.float32],
    *,
    expected: npt.NDArray[np.float32] | None = None,
    ratio: npt.NDArray[np.float64] | None = None,
    picked: npt.NDArray[np.int64] | None = None,
) -> Fallback:
    """Put all items in order.

    Args:
        popularity: (items,), share of the users who have each item, descending.
        expected: (items,), share of the users who would have each item that nobody has, where
            features predict it, else 0; None: nothing is known of these items.
        ratio: (items,), how often each is had now, over the whole time; None: as often.
        picked: items that an editor chose, in this order; they come behind what anybody has, but
            for those whose popularity is predicted.
    """
    known = popularity if expected is None else np.where(popularity > 0, popularity, expected)
    score = known.astype(np.float32)
    source = np.where(popularity > 0, SOURCES.index(POPULAR), SOURCES.index(NEW)).astype(np.int8)
    if ratio is not None:
        score *= ratio.astype(np.float32)
        source[(popularity > 0) & (ratio >= MIN_RISE)] = SOURCES.index(TRENDING)
    position = np.full(popularity.size, popularity.size)  # among those that are picked
    if picked is not None:
        chosen = picked[popularity[picked] == 0]
        source[chosen] = SOURCES.index(PICKED)
        position[chosen] = np.arange(chosen.size)
    order = np.lexsort((position, -score)).astype(np.int32)
    return Fallback(read_only(order), read_only(source), read_only(score))


def fallback_arrays(fallback: Fallback) -> dict[str, Array]:
    """By name, as the workers get them."""
    return {f"{_PREFIX}{name}": array for name, array in fallback._asdict().items()}


def fallback_of(tables: Mapping[str, Array]) -> Fallback:
    """The inverse of `fallback_arrays`."""
    return Fallback(*(tables[f"{_PREFIX}{name}"] for name in Fallback._fields))
