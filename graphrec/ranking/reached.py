"""The items that one user's history leads to, and their scores, side by side.

An array as long as the catalogue does not fit into the processor's caches once there are enough
items: every sum in it would wait for memory. So each item that is reached gets a slot, in turn,
and scores stand by slot: the work for a user is the same in a catalogue of any size.
"""

from typing import NamedTuple

import numpy as np

from graphrec.jit import compiled
from graphrec.types import Indices, Matrix


class Reached(NamedTuple):
    """Room for what is reached; the caller counts the slots that are taken."""

    slot: Indices  # (items,), where an item's scores stand; -1: it is not reached
    item: Indices  # (items,), by slot
    score: Matrix  # (items, neighbour legs), by slot


@compiled
def nothing_reached(items: int, legs: int) -> Reached:
    """Room for all items, none of which is reached."""
    return Reached(
        np.full(items, -1, np.int32),
        np.empty(items, np.int32),
        np.empty((items, legs), np.float32),
    )


@compiled
def reach(reached: Reached, item: int, count: int) -> int:
    """Give an item a slot, with scores of 0, unless it has one; returns how many are taken."""
    if reached.slot[item] >= 0:
        return count
    reached.slot[item] = count
    reached.item[count] = item
    reached.score[count] = 0.0
    return count + 1


@compiled
def reach_all(reached: Reached, items: Indices, count: int) -> int:
    """As `reach`, for several items."""
    for item in items:
        count = reach(reached, item, count)
    return count


@compiled
def forget(reached: Reached, count: int) -> None:
    """Take the slots back."""
    for item in reached.item[:count]:
        reached.slot[item] = -1
