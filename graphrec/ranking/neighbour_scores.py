"""The neighbour legs of one user: sums over the rows of the history, and how they are scaled."""

import numpy as np

from graphrec.jit import compiled
from graphrec.ranking.blocks import Neighbours, Profiles, Settings
from graphrec.ranking.reached import Reached, reach
from graphrec.types import Matrix, Vector


@compiled
def units(profiles: Profiles, user: int, neighbours: Neighbours) -> Vector:
    """What one unit of the profile's weight counts in each neighbour leg, (neighbour legs,)."""
    unit = np.ones(neighbours.weight.shape[1], np.float32)
    total = profiles.weight[profiles.start[user] : profiles.start[user + 1]].sum()
    if total > 0.0:
        for leg in range(unit.size):
            if neighbours.per_profile[leg]:
                unit[leg] = 1.0 / total
    return unit


@compiled
def sum_neighbours(
    profiles: Profiles,
    user: int,
    unit: Vector,
    neighbours: Neighbours,
    reached: Reached,
    count: int,
) -> int:
    """Sum the rows of the profile's items into the scores of what they reach.

    Args:
        profiles: the histories.
        user: whose it is.
        unit: (neighbour legs,), see `units`.
        neighbours: the merged table.
        reached: written.
        count: how many slots of it are taken.

    Returns:
        How many slots are taken now.
    """
    legs = unit.size
    factor = np.empty(legs, np.float32)
    for entry in range(profiles.start[user], profiles.start[user + 1]):
        for leg in range(legs):
            factor[leg] = profiles.weight[entry] * unit[leg]
        item = profiles.item[entry]
        for pair in range(neighbours.start[item], neighbours.start[item + 1]):
            other = neighbours.neighbour[pair]
            slot = reached.slot[other]
            if slot < 0:
                slot = count
                reach(reached, other, slot)
                count += 1
            for leg in range(legs):
                reached.score[slot, leg] += factor[leg] * neighbours.weight[pair, leg]
    return count


@compiled
def moments(scores: Matrix, settings: Settings) -> tuple[Vector, Vector]:
    """Mean and deviation of each leg over all items.

    Args:
        scores: (items, legs), of those that were reached: all others score 0.
        settings: whether it matters.
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
        deviation[leg] = np.sqrt(max(second / items - (first / items) ** 2, 0.0))
    return mean, deviation


@compiled
def scales(deviation: Vector, weight: Vector) -> Vector:
    """What one unit of each leg's score is worth in the blend; 0 where a leg says nothing."""
    scale = np.zeros(deviation.size, np.float32)
    for leg in range(deviation.size):
        if deviation[leg] > 0.0:
            scale[leg] = weight[leg] / deviation[leg]
    return scale
