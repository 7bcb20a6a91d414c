"""How many users an item must have before what is special about it is told."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def stated_audience(support: npt.NDArray[np.int64]) -> int:
    """The users that an item has where a median interaction is: half are with such items or larger.

    What ten people have looks special by chance, and a mean over a long tail of items is hardly
    ten. Half of all that was watched is a bound that grows with the data, keeps the items that
    people meet, and always leaves some.

    Args:
        support: (items,), users of each item.
    """
    descending = np.sort(support)[::-1]
    so_far = np.cumsum(descending)
    return int(descending[np.searchsorted(2 * so_far, so_far[-1])])
