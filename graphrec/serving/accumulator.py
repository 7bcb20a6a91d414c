"""The items that one user's history leads to, and their scores, side by side.

An array as long as the catalogue does not fit into the processor's caches once there are enough
items: every sum in it would wait for memory. So each item that is reached gets a slot, in turn,
and scores stand by slot: the work for a user is the same in a catalogue of any size.
"""

from typing import NamedTuple

import numpy as np

from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Matrix

NO_SLOT = np.uint32(0xFFFFFFFF)  # -1, read as an unsigned number


class Accumulator(NamedTuple):
    """Room for what is reached; the caller counts the slots that are taken."""

    slot: Indices  # (items,), where an item's scores stand; -1: it is not reached
    item: Indices  # (items,), by slot
    score: Matrix  # (items, neighbour legs), by slot; 0 in those that are free


@compiled
def empty_accumulator(items: int, legs: int) -> Accumulator:
    """Room for all items, none of which is reached."""
    return Accumulator(
        np.full(items, -1, np.int32),
        np.empty(items, np.int32),
        np.zeros((items, legs), np.float32),
    )


@compiled
def reach(reached: Accumulator, item: int, slot: int) -> None:
    """Give an item that has no slot the next free one."""
    reached.slot[item] = slot
    reached.item[slot] = item


@compiled
def insert_all(reached: Accumulator, items: Indices, count: int) -> int:
    """Give items slots, those that have none; returns how many are taken then."""
    for item in items:
        if reached.slot[item] < 0:
            reach(reached, item, count)
            count += 1
    return count


@compiled
def forget(reached: Accumulator, count: int) -> None:
    """Take the slots back."""
    for item in reached.item[:count]:
        reached.slot[item] = -1
    reached.score[:count] = 0.0
