"""Maximal marginal relevance (Carbonell and Goldstein, 1998)."""

import numpy as np

from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Mask, Vector
from graphrec.serving.factor_scores import item_vectors
from graphrec.serving.kernel_types import Factors, ListRules, Neighbours
from graphrec.serving.quotas import has_room, take_room

POOL_FACTOR = 5  # MMR chooses from this many times k candidates ...
MIN_POOL = 100  # ... and from no fewer than these


@compiled
def pool_size(length: int) -> int:
    """How many of the best candidates a list of some length is chosen from."""
    return max(POOL_FACTOR * length, MIN_POOL)


@compiled
def diversify(
    pool: Indices,
    scores: Vector,
    length: int,
    diversity: float,
    rules: ListRules,
    neighbours: Neighbours,
    factors: Factors,
    position: Indices,
) -> Indices:
    """Re-rank a pool: each step takes `argmax (1 - λ) · relevance - λ · max similarity to taken`.

    Relevance is the square of the score brought to 0..1 over the pool: λ means the same for each
    user, and diversity changes the top of a list less than its end.
    Similarity is the cosine of the first factor leg, where negative counts as 0; without one, or
    with one of a single dimension, in which nothing can be compared, it is the cosine in the pair
    table, 0 for a pair it does not hold. What has a category that is full is passed over. The
    cost is linear in pool x length.

    Args:
        pool: (n,), candidate items by descending score.
        scores: (n,), blended scores, descending.
        length: how many to take.
        diversity: λ, 0 to 1.
        rules: have the quotas.
        neighbours: the pair table; its cosines are read where there are no factors.
        factors: the factor legs, perhaps none.
        position: (items,), scratch, -1 everywhere, before and after.

    Returns:
        (at most length,), indices into the pool, in the new order.
    """
    size = pool.size
    room = rules.quota.copy()
    relevance = relevances(scores)
    nearest = np.zeros(size, np.float32)
    taken = np.zeros(size, np.bool_)
    order = np.empty(min(length, size), np.int64)
    for candidate in range(size):
        position[pool[candidate]] = candidate
    count = 0
    while count < order.size:
        chosen = -1
        chosen_value = np.float32(0.0)
        for candidate in range(size):
            if not taken[candidate] and has_room(pool[candidate], rules, room):
                value = np.float32(
                    (1.0 - diversity) * relevance[candidate] - diversity * nearest[candidate]
                )
                if chosen < 0 or value > chosen_value:
                    chosen, chosen_value = candidate, value
        if chosen < 0:
            break
        order[count] = chosen
        count += 1
        taken[chosen] = True
        take_room(pool[chosen], rules, room)
        similarity = similarities(pool, pool[chosen], taken, neighbours, factors, position)
        for candidate in range(size):
            nearest[candidate] = max(nearest[candidate], similarity[candidate])
    for candidate in range(size):
        position[pool[candidate]] = -1
    return order[:count]


@compiled
def relevances(scores: Vector) -> Vector:
    """Squares of descending scores brought to 0..1; all 1 where they do not differ."""
    if scores.size == 0 or scores[0] <= scores[-1]:
        return np.ones(scores.size, np.float32)
    high, low = scores[0], scores[-1]
    return (((scores - low) / (high - low)) ** 2).astype(np.float32)


@compiled
def similarities(
    pool: Indices,
    item: int,
    taken: Mask,
    neighbours: Neighbours,
    factors: Factors,
    position: Indices,
) -> Vector:
    """Each candidate's similarity to an item, see `diversify`.

    Args:
        pool: (n,), candidates.
        item: what they are compared with.
        taken: (n,), True for a candidate whose similarity is no longer needed.
        neighbours: the pair table; its cosines are read where there are no factors.
        factors: the factor legs, perhaps none.
        position: (items,), the index of each candidate in the pool, -1 for all other items.

    Returns:
        (n,), 0 to 1.
    """
    similarity = np.zeros(pool.size, np.float32)
    if factors.rank.size > 0 and factors.rank[0] > 1:
        vectors = item_vectors(factors, 0)
        for candidate in range(pool.size):
            if not taken[candidate]:
                other = pool[candidate]
                norms = factors.norm[item] * factors.norm[other]
                if norms > 0.0:
                    dot = np.dot(vectors[item], vectors[other])
                    similarity[candidate] = max(dot / norms, 0.0)
    elif neighbours.similarity.size > 0:
        weights = neighbours.weights
        for pair in range(weights.indptr[item], weights.indptr[item + 1]):
            candidate = position[weights.indices[pair]]

            if candidate >= 0:
                similarity[candidate] = neighbours.similarity[pair]
    return similarity
