"""Calibration: lists that have the categories of the history in its shares (Steck, 2018).

Of somebody who watched 70 dramas and 30 comedies, a list by score alone often has dramas only. Let
p be the shares of the categories in the history and q those in the list, an item of several
categories counting for each to an equal part. Items are taken one by one, each time the one with
the largest

    (1 - λ) · relevance - λ · (n + 1) · KL(p ‖ q)

where n are taken already and q has the item, too. By n + 1 an item at the end of a list may
weigh as much against its relevance as one at the top. Source: Steck, "Calibrated recommendations"
(RecSys 2018), which has no such factor.
"""

import numpy as np

from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Vector
from graphrec.serving.kernel_types import Histories, ListRules, Settings
from graphrec.serving.mmr import relevances
from graphrec.serving.quotas import has_room, take_room

_SMOOTHING = 0.01  # of p in q, so that a category that the list lacks costs no infinity


@compiled
def shares_of_kinds(settings: Settings) -> Vector:
    """Room for the shares of the categories, (categories,); (0,) where lists are not calibrated."""
    kinds = settings.rules.kinds
    if settings.calibration == 0.0 or kinds.size == 0:
        return np.empty(0, np.float32)
    return np.zeros(kinds.max() + 1, np.float32)


@compiled
def history_shares(histories: Histories, user: int, rules: ListRules, share: Vector) -> None:
    """The shares of the categories in what a user likes, all 0 where no item of it has one.

    Args:
        histories: have the user's.
        user: of the batch.
        rules: have the categories.
        share: (categories,), written; (0,) where they are not asked for.
    """
    if share.size == 0:
        return
    share[:] = 0.0
    items = histories.items
    for entry in range(items.indptr[user], items.indptr[user + 1]):
        if histories.liked[entry]:
            _add(share, items.indices[entry], items.data[entry], rules)
    whole = share.sum()
    if whole > 0.0:
        share /= whole


@compiled
def calibrate(
    pool: Indices,
    scores: Vector,
    wanted: Vector,
    length: int,
    strength: float,
    rules: ListRules,
) -> Indices:
    """Re-rank a pool.

    Args:
        pool: (n,), candidate items by descending score.
        scores: (n,), blended scores, descending.
        wanted: (categories,), p; where all are 0 the order stays.
        length: how many to take.
        strength: λ, 0 to 1.
        rules: have the categories, and quotas: what has a category that is full is passed over.

    Returns:
        (at most length,), indices into the pool, in the new order.
    """
    relevance = relevances(scores)
    there = np.flatnonzero(wanted)
    room = rules.quota.copy()
    listed = np.zeros(wanted.size, np.float32)
    taken = np.zeros(pool.size, np.bool_)
    order = np.empty(min(length, pool.size), np.int64)
    count = 0
    while count < order.size:
        without = 0.0  # the divergence, if the next item had no category
        for kind in there:
            without += _term(wanted[kind], listed[kind] / (count + 1))
        chosen, most = -1, 0.0
        for candidate in range(pool.size):
            if taken[candidate] or not has_room(pool[candidate], rules, room):
                continue
            divergence = without + _change(pool[candidate], wanted, listed, count + 1, rules)
            value = (1.0 - strength) * relevance[candidate] - strength * (count + 1) * divergence
            if chosen < 0 or value > most:
                chosen, most = candidate, value
        if chosen < 0:
            break
        order[count] = chosen
        count += 1
        taken[chosen] = True
        take_room(pool[chosen], rules, room)
        _add(listed, pool[chosen], 1.0, rules)
    return order[:count]


@compiled
def _change(item: int, wanted: Vector, listed: Vector, size: int, rules: ListRules) -> float:
    """What an item's categories change of the divergence of a list of some size."""
    first, last = rules.kind_indptr[item], rules.kind_indptr[item + 1]
    change = 0.0
    for entry in range(first, last):
        kind = rules.kinds[entry]
        if wanted[kind] > 0.0:
            more = listed[kind] + 1.0 / (last - first)
            change += _term(wanted[kind], more / size) - _term(wanted[kind], listed[kind] / size)
    return change


@compiled
def _term(wanted: float, found: float) -> float:
    """A category's part of KL(p ‖ q)."""
    smoothed = (1.0 - _SMOOTHING) * found + _SMOOTHING * wanted
    return float(wanted * np.log(wanted / smoothed))


@compiled
def _add(share: Vector, item: int, weight: float, rules: ListRules) -> None:
    """Count an item for its categories, for each to an equal part; `share` is written."""
    first, last = rules.kind_indptr[item], rules.kind_indptr[item + 1]
    for entry in range(first, last):
        share[rules.kinds[entry]] += weight / (last - first)
