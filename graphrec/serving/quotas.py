"""Quotas: how many items of a category a list may have."""

import numpy as np

from graphrec.kernels.jit import compiled
from graphrec.kernels.top_k import best
from graphrec.kernels.types import Indices, Vector
from graphrec.serving.kernel_types import ListRules


@compiled
def best_within_quotas(items: Indices, scores: Vector, count: int, rules: ListRules) -> Indices:
    """As `best`, but that an item is passed over if one of its categories is full.

    Returns:
        (at most count,), indices into items and scores, best first.
    """
    if rules.quota.size == 0:
        return best(items, scores, count)
    return within_quotas(items, best(items, scores, items.size), count, rules)


@compiled
def within_quotas(items: Indices, order: Indices, count: int, rules: ListRules) -> Indices:
    """The first in an order whose categories are not full, (at most count,).

    Args:
        items: (n,).
        order: indices into them, best first.
        count: how many to choose.
        rules: have the quotas.
    """
    room = rules.quota.copy()
    chosen = np.empty(min(count, order.size), np.int64)
    size = 0
    for index in order:
        if size == chosen.size:
            break
        if has_room(items[index], rules, room):
            take_room(items[index], rules, room)
            chosen[size] = index
            size += 1
    return chosen[:size]


@compiled
def has_room(item: int, rules: ListRules, room: Indices) -> bool:
    """Whether none of an item's categories is full.

    Args:
        item: its index.
        rules: have the categories.
        room: (categories,), how many more items of each the list may have.
    """
    if room.size == 0:
        return True
    for entry in range(rules.category_indptr[item], rules.category_indptr[item + 1]):
        if room[rules.categories[entry]] <= 0:
            return False
    return True


@compiled
def take_room(item: int, rules: ListRules, room: Indices) -> None:
    """Count an item that is listed; `room` is written."""
    if room.size == 0:
        return
    for entry in range(rules.category_indptr[item], rules.category_indptr[item + 1]):
        room[rules.categories[entry]] -= 1
