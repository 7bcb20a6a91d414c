"""How many users an item must have to be shown among bridges and PageRank gains."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def default_min_users(support: npt.NDArray[np.int64]) -> int:
    """The largest number such that half of the interactions are with items of that many users.

    What ten users have looks special by chance, and the mean over a long tail of items is hardly
    ten. The median over interactions grows with the data, keeps the items that most users have some
    of, and always leaves at least one.

    Args:
        support: (items,), users of each item.
    """
    descending = np.sort(support)[::-1]
    so_far = np.cumsum(descending)
    return int(descending[np.searchsorted(2 * so_far, so_far[-1])])
