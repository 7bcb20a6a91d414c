"""The best neighbours of some items by a measure of association; it needs no Spark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphrec.columns import (
    AFTER,
    ITEM,
    NEIGHBOUR,
    RANK,
    SUPPORT_ITEM,
    SUPPORT_NEIGHBOUR,
    TOGETHER,
)
from graphrec.cooccurrence.measures import MEASURES
from graphrec.kernels.csr import entries_of_rows
from graphrec.kernels.types import Array

# The first neighbours should be what users turn to next, and not only what everybody has: chosen on
# held-out items of six data sets by `benchmarks/watched_together.py`. Pairs that one user alone has
# add little there, and reveal what that user did.
DEFAULT_MEASURE: Final = "npmi"
DEFAULT_SUPPORT: Final = 2
DEFAULT_SHRINKAGE: Final = 5.0


def best_neighbours(
    table: Mapping[str, Array],
    items: npt.NDArray[np.int32],
    users: int,
    *,
    measure: str,
    length: int,
    min_support: int,
    shrinkage: float,
    ordered: bool,
) -> dict[str, Any]:
    """The best neighbours of some items.

    Args:
        table: the pair table: indptr, indices, together, after and support.
        items: indices of the items.
        users: number of users that it was counted in.
        measure: see `graphrec.cooccurrence.association.association_lists`, as for what follows.
        length: neighbours of an item at most.
        min_support: users that a pair needs in common.
        shrinkage: s, which holds pairs back that few users had in common.
        ordered: rank what was had later.

    Returns:
        The columns of `association_lists`, best first, with indices instead of ids.
    """
    indptr, pair = entries_of_rows(table["indptr"], items)
    item = np.repeat(items, np.diff(indptr))
    enough = table[TOGETHER][pair] >= min_support
    item, pair = item[enough], pair[enough]
    neighbour = table["indices"][pair]
    together = table[TOGETHER][pair].astype(np.float64)
    item_support = table["support"][item].astype(np.float64)
    neighbour_support = table["support"][neighbour].astype(np.float64)
    values = {
        name: formula(together, item_support, neighbour_support, float(users))
        for name, formula in MEASURES.items()
    }
    score = values[measure] * together / (together + shrinkage)
    if ordered:
        score = score * table[AFTER][pair] / together
    kept, rank = _best_of_each(item, neighbour, score, length)
    return {
        ITEM: item[kept],
        NEIGHBOUR: neighbour[kept],
        RANK: rank,
        TOGETHER: table[TOGETHER][pair[kept]],
        AFTER: _after(table, pair[kept]),
        SUPPORT_ITEM: table["support"][item[kept]],
        SUPPORT_NEIGHBOUR: table["support"][neighbour[kept]],
    } | {name: value[kept] for name, value in values.items()}


def _best_of_each(
    item: npt.NDArray[np.int32],
    neighbour: npt.NDArray[np.int32],
    score: npt.NDArray[np.float64],
    length: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Positions of each item's best neighbours and their ranks; ties go to the more popular one."""
    order = np.lexsort((neighbour, -score, item))
    first = np.flatnonzero(np.diff(item[order], prepend=-1))
    run = np.diff(np.append(first, order.size))
    rank = np.arange(order.size) - np.repeat(first, run) + 1
    kept = rank <= length
    return order[kept], rank[kept].astype(np.int32)


def _after(table: Mapping[str, Array], pair: npt.NDArray[np.int64]) -> pa.Array:
    if table[AFTER].size:
        return pa.array(table[AFTER][pair])
    return pa.nulls(pair.size, pa.int32())
