"""Ranking, one user after the other: retrieve, score, blend, boost, choose, give reasons."""

import numpy as np

from graphrec.kernels.jit import compiled
from graphrec.kernels.top_k import best, best_unordered
from graphrec.kernels.types import Indices, Matrix, Vector
from graphrec.serving.accumulator import (
    Accumulator,
    empty_accumulator,
    insert,
    insert_all,
    reset,
)
from graphrec.serving.blend import leg_weights
from graphrec.serving.boosts import boost_scores, boost_shares, boosts_of_all, demote, restore
from graphrec.serving.calibration import calibrate, history_shares, shares_of_kinds
from graphrec.serving.factor_scores import add_factor_shares, user_vector
from graphrec.serving.kernel_types import Factors, Histories, Lists, Neighbours, Settings
from graphrec.serving.mmr import diversify, pool_size
from graphrec.serving.neighbour_scores import moments, scales, sum_neighbours, units, weighted
from graphrec.serving.quotas import best_within_quotas, within_quotas
from graphrec.serving.reasons import name_by_factors, name_by_neighbours
from graphrec.serving.sources import DEMOGRAPHIC, PERSONAL, SOURCES

PERSONAL_CODE = SOURCES.index(PERSONAL)
DEMOGRAPHIC_CODE = SOURCES.index(DEMOGRAPHIC)

WIDER = 4  # how many times more candidates are looked at, where quotas leave a list short


@compiled
def rank_users(
    histories: Histories, neighbours: Neighbours, factors: Factors, settings: Settings
) -> Lists:
    """Ranked lists for a block of users whose candidates come from the graph.

    The cost per user is (history x row length) + (candidates x rank): it does not depend on the
    number of items. A neighbour leg's scores are sums over the rows of the history's items; all
    items that are not in them score 0, so its mean and deviation over *all* items, and with them
    the z-scores, are exact. Factor legs are scored for the candidates alone.
    """
    items, users = settings.popularity.size, histories.items.indptr.size - 1
    accumulator = empty_accumulator(items, neighbours.weights.data.shape[1])
    position = np.full(items, -1, np.int32)  # scratch, see `diversify`
    factor = boosts_of_all(histories, settings.rules)
    order = np.empty(0, np.int32)  # see `_fallback_order`; made for the first who needs it
    kinds = shares_of_kinds(settings)
    lists = _empty_lists(users, settings)
    for user in range(users):
        hidden = insert_all(accumulator, _hidden_from(histories, user), 0)
        demote(histories, user, factor)
        if _is_cold(histories, user, factors, settings):
            if order.size == 0:
                order = _fallback_order(settings)
            _list_fallback(user, histories, accumulator, order, factor, settings, lists)
            restore(histories, user, settings.rules, factor)
            reset(accumulator, hidden)
            continue
        history_shares(histories, user, settings.rules, kinds)
        unit = units(histories, user, neighbours)
        count = sum_neighbours(histories, user, unit, neighbours, accumulator, hidden)
        mean, deviation = moments(accumulator.score[:count], settings)
        weight = leg_weights(_weights_of(histories, user), settings)
        scale = scales(deviation, weight)
        wanted, pool = settings.candidates, pool_size(settings.length)
        while True:
            candidates = _retrieve(accumulator, hidden, count, scale, factor, wanted, settings)
            if candidates.size < wanted:
                candidates, count = _add_popular(candidates, accumulator, count, wanted, settings)
            share = _shares(accumulator.score, candidates, mean, scale, 0, settings)
            found = accumulator.item[candidates]
            add_factor_shares(factors, user, found, weight, settings.standardise, share)
            boost_shares(share, found, factor)
            listed = _list_best(
                user, found, share, pool, kinds, neighbours, factors, settings, position, lists
            )
            if listed == settings.length or looked_at_all(found.size, wanted, items, pool):
                break
            wanted, pool = min(WIDER * wanted, items), WIDER * pool
        if _weights_of(histories, user).size == 0:
            lists.source[user] = DEMOGRAPHIC_CODE
        if settings.reasons > 0:
            name_by_neighbours(
                histories, user, neighbours, scale * unit, lists.item[user], lists.because[user]
            )
        restore(histories, user, settings.rules, factor)
        reset(accumulator, count)
    return lists


@compiled
def rank_dense(
    histories: Histories,
    dense: Matrix,
    neighbours: Neighbours,
    factors: Factors,
    settings: Settings,
) -> Lists:
    """Ranked lists from the scores of all items by the factor legs alone.

    Args:
        histories: the histories.
        dense: (factor legs, users, items), their scores.
        neighbours: the neighbour legs, whose weight is 0; MMR may read their similarities.
        factors: the factor legs.
        settings: what the lists shall be.
    """
    items, users = settings.popularity.size, histories.items.indptr.size - 1
    first_leg = settings.blend.size - dense.shape[0]
    everything = np.arange(items)
    accumulator = empty_accumulator(items, dense.shape[0])
    position = np.full(items, -1, np.int32)  # scratch, see `diversify`
    factor = boosts_of_all(histories, settings.rules)
    order = np.empty(0, np.int32)  # see `_fallback_order`; made for the first who needs it
    kinds = shares_of_kinds(settings)
    lists = _empty_lists(users, settings)
    for user in range(users):
        hidden = insert_all(accumulator, _hidden_from(histories, user), 0)
        demote(histories, user, factor)
        if _is_cold(histories, user, factors, settings):
            if order.size == 0:
                order = _fallback_order(settings)
            _list_fallback(user, histories, accumulator, order, factor, settings, lists)
            restore(histories, user, settings.rules, factor)
            reset(accumulator, hidden)
            continue
        history_shares(histories, user, settings.rules, kinds)
        count = insert_all(accumulator, everything, hidden)
        for leg in range(dense.shape[0]):
            accumulator.score[:count, leg] = dense[leg, user][accumulator.item[:count]]
        mean, deviation = moments(accumulator.score[:count], settings)
        weight = leg_weights(_weights_of(histories, user), settings)[first_leg:]
        scale = scales(deviation, weight)
        wanted, pool = settings.candidates, pool_size(settings.length)
        while True:
            candidates = _retrieve(accumulator, hidden, count, scale, factor, wanted, settings)
            share = _shares(accumulator.score, candidates, mean, scale, first_leg, settings)
            found = accumulator.item[candidates]
            boost_shares(share, found, factor)
            listed = _list_best(
                user, found, share, pool, kinds, neighbours, factors, settings, position, lists
            )
            if listed == settings.length or looked_at_all(found.size, wanted, items, pool):
                break
            wanted, pool = min(WIDER * wanted, items), WIDER * pool
        if _weights_of(histories, user).size == 0:
            lists.source[user] = DEMOGRAPHIC_CODE
        if settings.reasons > 0:
            name_by_factors(histories, user, factors, scale, lists.item[user], lists.because[user])
        restore(histories, user, settings.rules, factor)
        reset(accumulator, count)
    return lists


@compiled
def score_items(
    histories: Histories,
    wanted_indptr: Indices,
    wanted: Indices,
    neighbours: Neighbours,
    factors: Factors,
    settings: Settings,
) -> tuple[Vector, Matrix]:
    """Blended scores of given items, exactly as `rank_users` would have them.

    Args:
        histories: the histories.
        wanted_indptr: (users + 1,), the wanted items of each user.
        wanted: (wanted,), item indices.
        neighbours: the neighbour legs.
        factors: the factor legs.
        settings: the blend.

    Returns:
        score (wanted,) and the legs' shares of it (wanted, legs); for a user without a history
        the score is that of the fallback and the shares are 0.
    """
    items, users = settings.popularity.size, histories.items.indptr.size - 1
    accumulator = empty_accumulator(items, neighbours.weights.data.shape[1])
    total = np.zeros(wanted.size, np.float32)
    shares = np.zeros((wanted.size, settings.blend.size), np.float32)
    for user in range(users):
        first, last = wanted_indptr[user], wanted_indptr[user + 1]
        if settings.blend.size == 0 or _is_cold(histories, user, factors, settings):
            total[first:last] = settings.fallback.score[wanted[first:last]]
            continue
        unit = units(histories, user, neighbours)
        count = insert_all(accumulator, wanted[first:last], 0)
        count = sum_neighbours(histories, user, unit, neighbours, accumulator, count)
        mean, deviation = moments(accumulator.score[:count], settings)
        weight = leg_weights(_weights_of(histories, user), settings)
        scale = scales(deviation, weight)
        slots = accumulator.slot[wanted[first:last]]
        share = _shares(accumulator.score, slots, mean, scale, 0, settings)
        add_factor_shares(factors, user, wanted[first:last], weight, settings.standardise, share)
        shares[first:last] = share
        for leg in range(share.shape[1]):
            total[first:last] += share[:, leg]
        reset(accumulator, count)
    return total, shares


@compiled
def rank_popular(histories: Histories, settings: Settings) -> Lists:
    """The fallback for everybody, less what each must not be shown."""
    accumulator = empty_accumulator(settings.popularity.size, 0)
    users = histories.items.indptr.size - 1
    factor, order = boosts_of_all(histories, settings.rules), _fallback_order(settings)
    lists = _empty_lists(users, settings)
    for user in range(users):
        hidden = insert_all(accumulator, _hidden_from(histories, user), 0)
        demote(histories, user, factor)
        _list_fallback(user, histories, accumulator, order, factor, settings, lists)
        restore(histories, user, settings.rules, factor)
        reset(accumulator, hidden)
    return lists


@compiled
def looked_at_all(found: int, wanted: int, items: int, pool: int) -> bool:
    """Whether no more items can be listed than those that were looked at.

    Args:
        found: number of candidates.
        wanted: how many were wanted.
        items: in the catalogue.
        pool: of how many candidates MMR may choose.
    """
    return (found < wanted or wanted >= items) and found <= pool


@compiled
def _empty_lists(users: int, settings: Settings) -> Lists:
    length = settings.length
    return Lists(
        np.full((users, length), -1, np.int32),
        np.zeros((users, length), np.float32),
        np.zeros((users, length, settings.blend.size), np.float32),
        np.full((users, length, settings.reasons), -1, np.int32),
        np.full((users, length), PERSONAL_CODE, np.int8),
    )


@compiled
def _weights_of(histories: Histories, user: int) -> Vector:
    """The weights of a history's items, (n,)."""
    items = histories.items
    return items.data[items.indptr[user] : items.indptr[user + 1]]


@compiled
def _hidden_from(histories: Histories, user: int) -> Indices:
    """The items that this user must not be shown; they take the first slots."""
    indptr = histories.hidden_indptr
    return histories.hidden_indices[indptr[user] : indptr[user + 1]]


@compiled
def _is_cold(histories: Histories, user: int, factors: Factors, settings: Settings) -> bool:
    """Whether nothing is known of a user: no leg that counts has anything to go by."""
    first = settings.blend.size - factors.rank.size
    if _weights_of(histories, user).size > 0 and settings.blend[:first].any():
        return False
    for leg in range(factors.rank.size):
        if settings.blend[first + leg] > 0.0 and user_vector(factors, leg, user).any():
            return False
    return True


@compiled
def _fallback_order(settings: Settings) -> Indices:
    """All items as the fallback has them, after the boosts."""
    fallback, boost = settings.fallback, settings.rules.boost
    if boost.size == 0:
        return fallback.order.copy()
    boosted = (fallback.score * boost)[fallback.order]
    return fallback.order[np.argsort(-boosted, kind="mergesort")]


@compiled
def _list_fallback(
    user: int,
    histories: Histories,
    hidden: Accumulator,
    order: Indices,
    factor: Vector,
    settings: Settings,
    lists: Lists,
) -> None:
    """Fill the list of a user of whom nothing is known.

    Args:
        user: of the batch.
        histories: have what was shown to the user.
        hidden: has the items that must not be listed.
        order: see `_fallback_order`.
        factor: (items,), boosts and demotions; (0,) where there are none.
        settings: have the fallback and the quotas.
        lists: written.
    """
    demoted = histories.demoted.indptr
    wanted = settings.length + demoted[user + 1] - demoted[user]
    while True:
        items = _first_listable(hidden, order, wanted, settings)
        scores = settings.fallback.score[items]
        boost_scores(scores, items, factor)
        ranked = best(np.arange(items.size), scores, items.size)  # ties stay in this order
        chosen = within_quotas(items, ranked, settings.length, settings.rules)
        if chosen.size == settings.length or items.size < wanted:
            break
        wanted *= WIDER
    for rank in range(chosen.size):
        item = items[chosen[rank]]
        lists.item[user, rank] = item
        lists.score[user, rank] = scores[chosen[rank]]
        lists.source[user, rank] = settings.fallback.source[item]


@compiled
def _first_listable(hidden: Accumulator, order: Indices, count: int, settings: Settings) -> Indices:
    """The first items of an order that may be listed, (at most count,)."""
    items = np.empty(min(count, order.size), np.int32)
    size = 0
    for item in order:
        if size == items.size:
            break
        if hidden.slot[item] < 0 and not settings.rules.excluded[item]:
            items[size] = item
            size += 1
    return items[:size]


@compiled
def _retrieve(
    accumulator: Accumulator,
    hidden: int,
    count: int,
    scale: Vector,
    factor: Vector,
    wanted: int,
    settings: Settings,
) -> Indices:
    """The best items by the blend of the neighbour legs, of those that may be listed: slots."""
    slots = np.empty(count - hidden, np.int32)
    items = np.empty(count - hidden, np.int32)
    blended = np.empty(count - hidden, np.float32)
    excluded = settings.rules.excluded
    listable = 0
    for slot in range(np.uint64(hidden), np.uint64(count)):
        item = np.uint32(accumulator.item[slot])
        if not excluded[item]:
            slots[listable] = slot
            items[listable] = item
            blended[listable] = weighted(scale, accumulator.score, slot)
            listable += 1
    boost_scores(blended[:listable], items, factor)
    return slots[best_unordered(items[:listable], blended[:listable], wanted)]


@compiled
def _add_popular(
    candidates: Indices, accumulator: Accumulator, count: int, wanted: int, settings: Settings
) -> tuple[Indices, int]:
    """Fill a short candidate list with the most popular items that are not in the accumulator."""
    filled = np.empty(wanted, np.int32)
    filled[: candidates.size] = candidates
    found = candidates.size
    for item in settings.rules.popular:
        if found == filled.size:
            break
        if accumulator.slot[item] < 0 and not settings.rules.excluded[item]:
            insert(accumulator, item, count)
            filled[found] = count
            count += 1
            found += 1
    return filled[:found], count


@compiled
def _shares(
    scores: Matrix, slots: Indices, mean: Vector, scale: Vector, first_leg: int, settings: Settings
) -> Matrix:
    """Some legs' shares of the blended score, (slots, legs); those of the other legs are 0.

    Args:
        scores: (slots, some legs).
        slots: of the items whose shares are wanted.
        mean: of these legs, over all items.
        scale: what one unit of each leg's score adds to the blend.
        first_leg: the index of the first of them among all legs.
        settings: has all legs.
    """
    share = np.zeros((slots.size, settings.blend.size), np.float32)
    for row in range(slots.size):
        for leg in range(scale.size):
            share[row, first_leg + leg] = scale[leg] * (scores[slots[row], leg] - mean[leg])
    return share


@compiled
def _list_best(
    user: int,
    candidates: Indices,
    share: Matrix,
    pool: int,
    kinds: Vector,
    neighbours: Neighbours,
    factors: Factors,
    settings: Settings,
    position: Indices,
    lists: Lists,
) -> int:
    """Write the best k of the blend, or what MMR or calibration choose from the best few k.

    Args:
        user: of the batch.
        candidates: (n,), items.
        share: (n, legs), of their scores.
        pool: how many of them may be chosen where they are re-ranked.
        kinds: (categories,), shares that the list shall have; (0,) where it is not calibrated.
        neighbours: for MMR.
        factors: for MMR.
        settings: what the list shall be.
        position: scratch, see `diversify`.
        lists: written.

    Returns:
        How many are listed.
    """
    total = np.zeros(candidates.size, np.float32)
    for leg in range(share.shape[1]):
        total += share[:, leg]
    if settings.diversity > 0.0:
        order = best(candidates, total, pool)
        order = order[
            diversify(
                candidates[order],
                total[order],
                settings.length,
                settings.diversity,
                settings.rules,
                neighbours,
                factors,
                position,
            )
        ]
    elif kinds.size > 0:
        order = best(candidates, total, pool)
        order = order[
            calibrate(
                candidates[order],
                total[order],
                kinds,
                settings.length,
                settings.calibration,
                settings.rules,
            )
        ]
    else:
        order = best_within_quotas(candidates, total, settings.length, settings.rules)
    lists.item[user, order.size :] = -1  # what fewer candidates may have led to
    lists.score[user, order.size :] = 0.0
    lists.share[user, order.size :] = 0.0
    for rank in range(order.size):
        chosen = order[rank]
        lists.item[user, rank] = candidates[chosen]
        lists.score[user, rank] = total[chosen]
        lists.share[user, rank] = share[chosen]
    return order.size
