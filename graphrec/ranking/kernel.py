"""One user after the other: retrieve by the graph, score, blend, filter, diversify, explain."""

import numpy as np

from graphrec.jit import compiled
from graphrec.ranking.blend import leg_weights
from graphrec.ranking.blocks import Factors, Lists, Neighbours, Profiles, Settings
from graphrec.ranking.diversity import diversify, pool_size
from graphrec.ranking.neighbour_scores import moments, scales, sum_neighbours, units
from graphrec.ranking.reasons import name_by_factors, name_by_neighbours
from graphrec.selection import best, best_unordered
from graphrec.types import Indices, Matrix, Vector


@compiled
def rank_users(
    profiles: Profiles, neighbours: Neighbours, factors: Factors, settings: Settings
) -> Lists:
    """Ranked lists for a block of users whose candidates come from the graph.

    The cost per user is (profile x row length) + (candidates x rank): it does not depend on the
    number of items. A leg's scores are summed over the rows of the profile's items, its mean and
    deviation over *all* items on the way, so that the z-scores are exact; the factor score is
    taken for the candidates alone.
    """
    items, users = settings.popularity.size, profiles.start.size - 1
    scores = np.zeros((items, neighbours.weight.shape[1]), np.float32)
    reached = np.empty(items, np.int32)
    reached_by = np.full(items, -1, np.int32)
    hidden_from = np.full(items, -1, np.int32)
    place = np.full(items, -1, np.int32)
    lists = _empty_lists(users, settings)
    for user in range(users):
        _hide(profiles, user, hidden_from)
        if profiles.start[user] == profiles.start[user + 1]:
            _list_popular(user, hidden_from, settings, lists)
            continue
        unit = units(profiles, user, neighbours)
        count = sum_neighbours(profiles, user, unit, neighbours, scores, reached, reached_by)
        mean, deviation = moments(scores, reached[:count], settings)
        weight = leg_weights(_weights_of(profiles, user), settings)
        scale = scales(deviation, weight)
        candidates = _retrieve(user, scores, reached[:count], scale, hidden_from, settings)
        if candidates.size < settings.candidates:
            candidates = _add_popular(user, candidates, hidden_from, reached_by, settings)
        share = _neighbour_shares(scores, candidates, mean, scale, settings)
        if factors.item.shape[0] > 0:
            _add_factor_share(factors, user, candidates, weight, settings.standardise, share)
        _list_best(user, candidates, share, neighbours, factors, settings, place, lists)
        if settings.reasons > 0:
            name_by_neighbours(
                profiles,
                user,
                neighbours,
                scale * unit,
                lists.item[user],
                place,
                lists.because[user],
            )
        for item in reached[:count]:
            scores[item] = 0.0
    return lists


@compiled
def rank_dense(
    profiles: Profiles, dense: Matrix, neighbours: Neighbours, factors: Factors, settings: Settings
) -> Lists:
    """Ranked lists from one leg's scores of all items, (users, items): for factors alone."""
    items, users = settings.popularity.size, profiles.start.size - 1
    everything = np.arange(items).astype(np.int32)
    hidden_from = np.full(items, -1, np.int32)
    place = np.full(items, -1, np.int32)
    lists = _empty_lists(users, settings)
    for user in range(users):
        _hide(profiles, user, hidden_from)
        if profiles.start[user] == profiles.start[user + 1]:
            _list_popular(user, hidden_from, settings, lists)
            continue
        scores = dense[user].copy().reshape(items, 1)
        mean, deviation = moments(scores, everything, settings)
        weight = leg_weights(_weights_of(profiles, user), settings)
        scale = scales(deviation, weight)
        candidates = _retrieve(user, scores, everything, scale, hidden_from, settings)
        share = _neighbour_shares(scores, candidates, mean, scale, settings)
        _list_best(user, candidates, share, neighbours, factors, settings, place, lists)
        if settings.reasons > 0:
            name_by_factors(profiles, user, factors.item, lists.item[user], lists.because[user])
    return lists


@compiled
def score_items(
    profiles: Profiles,
    wanted_start: Indices,
    wanted: Indices,
    neighbours: Neighbours,
    factors: Factors,
    settings: Settings,
) -> tuple[Vector, Matrix]:
    """Blended scores of given items, exactly as `rank_users` would have them.

    Args:
        profiles: the histories.
        wanted_start: (users + 1,), the wanted items of each user.
        wanted: item indices.
        neighbours: the merged table.
        factors: the factor leg.
        settings: the blend.

    Returns:
        score (wanted,) and the legs' shares of it (wanted, legs); for a user without a history
        the score is the item's popularity and the shares are 0.
    """
    items, users = settings.popularity.size, profiles.start.size - 1
    scores = np.zeros((items, neighbours.weight.shape[1]), np.float32)
    reached = np.empty(items, np.int32)
    reached_by = np.full(items, -1, np.int32)
    total = np.zeros(wanted.size, np.float32)
    shares = np.zeros((wanted.size, settings.blend.size), np.float32)
    for user in range(users):
        first, last = wanted_start[user], wanted_start[user + 1]
        if profiles.start[user] == profiles.start[user + 1] or settings.blend.size == 0:
            total[first:last] = settings.popularity[wanted[first:last]]
            continue
        unit = units(profiles, user, neighbours)
        count = sum_neighbours(profiles, user, unit, neighbours, scores, reached, reached_by)
        mean, deviation = moments(scores, reached[:count], settings)
        weight = leg_weights(_weights_of(profiles, user), settings)
        scale = scales(deviation, weight)
        share = _neighbour_shares(scores, wanted[first:last], mean, scale, settings)
        if factors.item.shape[0] > 0:
            _add_factor_share(
                factors, user, wanted[first:last], weight, settings.standardise, share
            )
        shares[first:last] = share
        for leg in range(share.shape[1]):
            total[first:last] += share[:, leg]
        for item in reached[:count]:
            scores[item] = 0.0
    return total, shares


@compiled
def rank_popular(profiles: Profiles, settings: Settings) -> Lists:
    """The most popular items for everybody, less what each must not be shown."""
    hidden_from = np.full(settings.popularity.size, -1, np.int32)
    lists = _empty_lists(profiles.start.size - 1, settings)
    for user in range(profiles.start.size - 1):
        _hide(profiles, user, hidden_from)
        _list_popular(user, hidden_from, settings, lists)
    return lists


@compiled
def _empty_lists(users: int, settings: Settings) -> Lists:
    length = settings.length
    return Lists(
        np.full((users, length), -1, np.int32),
        np.zeros((users, length), np.float32),
        np.zeros((users, length, settings.blend.size), np.float32),
        np.full((users, length, settings.reasons), -1, np.int32),
        np.zeros(users, np.bool_),
    )


@compiled
def _weights_of(profiles: Profiles, user: int) -> Vector:
    """The weights of a history's items, (n,)."""
    return profiles.weight[profiles.start[user] : profiles.start[user + 1]]


@compiled
def _hide(profiles: Profiles, user: int, hidden_from: Indices) -> None:
    """Note which items this user must not be shown."""
    for entry in range(profiles.hidden_start[user], profiles.hidden_start[user + 1]):
        hidden_from[profiles.hidden_item[entry]] = user


@compiled
def _list_popular(user: int, hidden_from: Indices, settings: Settings, lists: Lists) -> None:
    """Fill the list of a user without a history with the most popular items."""
    lists.cold[user] = True
    rank = 0
    for item in range(settings.popularity.size):
        if rank == settings.length:
            break
        if hidden_from[item] != user and not settings.excluded[item]:
            lists.item[user, rank] = item
            lists.score[user, rank] = settings.popularity[item]
            rank += 1


@compiled
def _retrieve(
    user: int,
    scores: Matrix,
    reached: Indices,
    scale: Vector,
    hidden_from: Indices,
    settings: Settings,
) -> Indices:
    """The best items by the blend of the neighbour legs, of those that may be listed."""
    open_items = np.empty(reached.size, np.int32)
    blended = np.empty(reached.size, np.float32)
    count = 0
    for item in reached:
        if hidden_from[item] != user and not settings.excluded[item]:
            value = np.float32(0.0)
            for leg in range(scale.size):
                value += scale[leg] * scores[item, leg]
            open_items[count] = item
            blended[count] = value
            count += 1
    chosen = best_unordered(open_items[:count], blended[:count], settings.candidates)
    return open_items[chosen]


@compiled
def _add_popular(
    user: int, candidates: Indices, hidden_from: Indices, reached_by: Indices, settings: Settings
) -> Indices:
    """Fill a short candidate list with the most popular items that the graph did not reach."""
    filled = np.empty(settings.candidates, np.int32)
    filled[: candidates.size] = candidates
    count = candidates.size
    for item in range(settings.popularity.size):
        if count == filled.size:
            break
        if reached_by[item] != user and hidden_from[item] != user and not settings.excluded[item]:
            filled[count] = item
            count += 1
    return filled[:count]


@compiled
def _neighbour_shares(
    scores: Matrix, candidates: Indices, mean: Vector, scale: Vector, settings: Settings
) -> Matrix:
    """Each neighbour leg's share of the blended score, (candidates, legs); the rest is 0."""
    share = np.zeros((candidates.size, settings.blend.size), np.float32)
    for candidate in range(candidates.size):
        for leg in range(scale.size):
            share[candidate, leg] = scale[leg] * (scores[candidates[candidate], leg] - mean[leg])
    return share


@compiled
def _add_factor_share(
    factors: Factors,
    user: int,
    candidates: Indices,
    weight: Vector,
    standardise: bool,
    share: Matrix,
) -> None:
    """Write the factor leg's share of the blended score into the last column."""
    leg = weight.size - 1
    mean, deviation = np.float32(0.0), np.float32(1.0)
    if standardise:
        mean, deviation = factors.mean[user], factors.deviation[user]
    if deviation <= 0.0:
        return
    scale = weight[leg] / deviation
    vector = factors.user[user]
    for candidate in range(candidates.size):
        score = np.dot(factors.item[candidates[candidate]], vector)
        share[candidate, leg] = scale * (score - mean)


@compiled
def _list_best(
    user: int,
    candidates: Indices,
    share: Matrix,
    neighbours: Neighbours,
    factors: Factors,
    settings: Settings,
    place: Indices,
    lists: Lists,
) -> None:
    """Write the best k of the blend, or MMR's choice from the best few k."""
    total = np.zeros(candidates.size, np.float32)
    for leg in range(share.shape[1]):
        total += share[:, leg]
    taken = settings.length
    if settings.diversity > 0.0:
        taken = pool_size(settings.length)
    order = best(candidates, total, taken)
    if settings.diversity > 0.0:
        order = order[
            diversify(
                candidates[order],
                total[order],
                settings.length,
                settings.diversity,
                neighbours,
                factors,
                place,
            )
        ]
    for rank in range(min(settings.length, order.size)):
        chosen = order[rank]
        lists.item[user, rank] = candidates[chosen]
        lists.score[user, rank] = total[chosen]
        lists.share[user, rank] = share[chosen]
