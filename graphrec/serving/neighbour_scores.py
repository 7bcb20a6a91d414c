"""The neighbour legs' scores of one user, and their z-scores.

A leg with item-item weights S scores `Σ_i w_i·S_ij` over the items i of the history, divided by
`Σ_i w_i` if the leg is a random walk. Its z-score is `(score - mean) / deviation` over all items.
"""

import numpy as np

from graphrec.kernels.jit import compiled
from graphrec.kernels.rounding import ROUNDING
from graphrec.kernels.types import Matrix, Vector
from graphrec.serving.accumulator import NO_SLOT, Accumulator
from graphrec.serving.kernel_types import Histories, Neighbours, Settings

MIN_DEVIATION = 1e-30  # of scores that differ: single precision cannot divide by a smaller one


@compiled
def units(histories: Histories, user: int, neighbours: Neighbours) -> Vector:
    """The factor of a history's weights in each neighbour leg, (neighbour legs,): 1 or 1 / Σ w."""
    items = histories.items
    unit = np.ones(neighbours.weights.data.shape[1], np.float32)
    strength = items.data[items.indptr[user] : items.indptr[user + 1]].sum()
    if strength > 0.0:
        for leg in range(unit.size):
            if neighbours.divide_by_strength[leg]:
                unit[leg] = 1.0 / strength
    return unit


@compiled
def sum_neighbours(
    histories: Histories,
    user: int,
    unit: Vector,
    neighbours: Neighbours,
    accumulator: Accumulator,
    count: int,
) -> int:
    """Add the rows of the history's items to the scores of their neighbours.

    Args:
        histories: the histories.
        user: whose it is.
        unit: (neighbour legs,), see `units`.
        neighbours: the neighbour legs.
        accumulator: written.
        count: how many slots of it are taken.

    Returns:
        How many slots are taken now.
    """
    if unit.size == 0:  # there are factor legs alone
        return count
    items, weights = histories.items, neighbours.weights
    free = np.uint32(count)
    factor = np.empty(unit.size, np.float32)
    for entry in range(items.indptr[user], items.indptr[user + 1]):
        for leg in range(unit.size):
            factor[leg] = items.data[entry] * unit[leg]
        one, two = factor[0], factor[unit.size - 1]
        item = items.indices[entry]
        first, last = weights.indptr[item], weights.indptr[item + 1]
        for pair in range(np.uint64(first), np.uint64(last)):
            other = np.uint32(weights.indices[pair])
            slot = np.uint32(accumulator.slot[other])
            new = slot == NO_SLOT
            slot = free if new else slot
            free += np.uint32(new)
            # A third are new, at random: to write the slot again costs less than a branch.
            accumulator.slot[other] = np.int32(slot)
            accumulator.item[slot] = other
            if unit.size == 2:  # the rule, without a loop
                accumulator.score[slot, 0] += one * weights.data[pair, 0]
                accumulator.score[slot, 1] += two * weights.data[pair, 1]
            else:
                for leg in range(unit.size):
                    accumulator.score[slot, leg] += factor[leg] * weights.data[pair, leg]

    return int(np.int64(free))


@compiled
def weighted(scale: Vector, rows: Matrix, row: int) -> np.float32:
    """The weighted sum of a row by leg; two legs, which are the rule, without a loop."""
    if scale.size == 2:
        return scale[0] * rows[row, 0] + scale[1] * rows[row, 1]
    total = np.float32(0.0)
    for leg in range(scale.size):
        total += scale[leg] * rows[row, leg]
    return total


@compiled
def moments(scores: Matrix, settings: Settings) -> tuple[Vector, Vector]:
    """Mean and standard deviation of each leg over all items; 0 and 1 if it is not standardised.

    Args:
        scores: (n, legs), of the items in the accumulator: all others score 0.
        settings: has the number of items, and whether scores are standardised.
    """
    legs = scores.shape[1]
    mean, deviation = np.zeros(legs, np.float32), np.ones(legs, np.float32)
    if not settings.standardise:
        return mean, deviation
    items = settings.popularity.size
    for leg in range(legs):
        first = 0.0
        second = 0.0
        for score in scores[:, leg]:
            first += score
            second += np.float64(score) ** 2
        mean[leg] = first / items
        variance = second / items - (first / items) ** 2
        # The variance of equal scores is a rounding error, by which nothing must be divided.
        deviation[leg] = np.sqrt(variance) if variance > ROUNDING * second / items else 0.0
    return mean, deviation


@compiled
def scales(deviation: Vector, weight: Vector) -> Vector:
    """What one unit of each leg's score adds to the blend; 0 where all items score alike."""
    scale = np.zeros(deviation.size, np.float32)
    for leg in range(deviation.size):
        if deviation[leg] > MIN_DEVIATION:
            scale[leg] = weight[leg] / deviation[leg]
    return scale
