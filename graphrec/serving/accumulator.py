"""A sparse accumulator: the items that a user's history leads to, with their scores side by side.

The dense accumulator of a sparse product, an array as long as the catalogue, does not fit into the
processor's caches if there are many items: every addition would wait for memory. Here each item
that occurs gets the next free slot, and scores are stored by slot, so that the work for a user is
the same in a catalogue of any size.

Source: Gilbert, Moler and Schreiber, "Sparse matrices in MATLAB" (1992), for the SPA.
"""

from typing import NamedTuple

import numpy as np

from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Matrix

NO_SLOT = np.uint32(0xFFFFFFFF)  # -1, read as an unsigned number


class Accumulator(NamedTuple):
    """Slots for all items; the caller counts those that are taken."""

    slot: Indices  # (items,), the slot of each item; -1: it has none
    item: Indices  # (items,), the item of each slot that is taken
    score: Matrix  # (items, neighbour legs), by slot; 0 in those that are free


@compiled
def empty_accumulator(items: int, legs: int) -> Accumulator:
    """An accumulator for all items, of which none has a slot yet."""
    return Accumulator(
        np.full(items, -1, np.int32),
        np.empty(items, np.int32),
        np.zeros((items, legs), np.float32),
    )


@compiled
def insert(accumulator: Accumulator, item: int, slot: int) -> None:
    """Give an item that has no slot the next free one."""
    accumulator.slot[item] = slot
    accumulator.item[slot] = item


@compiled
def insert_all(accumulator: Accumulator, items: Indices, count: int) -> int:
    """Give slots to those of some items that have none.

    Args:
        accumulator: written.
        items: (n,).
        count: how many slots are taken.

    Returns:
        How many slots are taken now.
    """
    for item in items:
        if accumulator.slot[item] < 0:
            insert(accumulator, item, count)
            count += 1
    return count


@compiled
def reset(accumulator: Accumulator, count: int) -> None:
    """Free the slots that are taken, `count` of them, and set their scores to 0."""
    for item in accumulator.item[:count]:
        accumulator.slot[item] = -1
    accumulator.score[:count] = 0.0
