"""The rank of an item in a user's list and the value that MMR gave it, or why it is not listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from graphrec.explanation.user_context import UserContext
from graphrec.kernels.types import Indices, Vector
from graphrec.serving.calibration import calibrate, history_shares, shares_of_kinds
from graphrec.serving.kernel import WIDER, looked_at_all
from graphrec.serving.mmr import diversify, pool_size, relevances, similarities
from graphrec.serving.quotas import best_within_quotas

LISTED: Final = "listed"
BELOW: Final = "below the list"  # retrieved and ranked, but behind the last rank of the list
OUTSIDE_POOL: Final = "outside MMR's pool"  # too far down for MMR to look at
OUTSIDE_CALIBRATION: Final = "outside calibration's pool"  # likewise
NOT_RETRIEVED: Final = "not a candidate"  # the neighbour legs found better candidates
DISLIKED: Final = "disliked"  # by the user, and so never listed again
SEEN: Final = "seen"  # it is in the history, and seen items are left out
OVER_QUOTA: Final = "over quota"  # one of its categories was full
DENIED: Final = "denied"  # by a deny list, or because it is not on the allow list


@dataclass(frozen=True)
class Diversified:
    """The value of an item at the step of MMR that took it.

    The value is `(1 - λ)·relevance - λ·similarity`; the second term is the penalty.
    """

    relevance: float  # square of the score brought to 0..1 over the pool
    similarity: float  # to the nearest item that was listed before
    similar_to: int | None  # that item; None if none is similar


@dataclass(frozen=True)
class RankPosition:
    """The outcome for an item, and its ranks, which count from 1."""

    outcome: str
    rank: int | None = None  # in the list, or in a longer one; None without one
    blended_rank: int | None = None  # by the score alone
    diversified: Diversified | None = None
    full: str | None = None  # the category that was, with its quota, as in "genre=War (3)"


class _Ranking(NamedTuple):
    """What a list is made of, and in which order."""

    items: Indices  # (n,), by descending score
    scores: Vector  # (n,)
    pool: int  # how many of them may be listed
    order: Indices  # (at most pool,), indices into the items, as a list of any length has them


def rank_position(user: UserContext, item: int) -> RankPosition:
    """Find an item in the user's list, or the reason why it is not there."""
    hidden = np.append(user.histories.hidden_indices, np.flatnonzero(user.rules.excluded))
    if item in user.disliked:
        return RankPosition(DISLIKED)
    if item in hidden:
        seen = user.request.filter_seen and item in user.history
        return RankPosition(SEEN if seen else DENIED)
    ranking = _ranking(user)
    found = np.flatnonzero(ranking.items == item)
    if found.size == 0:
        return RankPosition(NOT_RETRIEVED)
    candidate = int(found[0])
    if candidate >= ranking.pool:
        outside = OUTSIDE_POOL if _by_mmr(user) else OUTSIDE_CALIBRATION
        return RankPosition(outside, blended_rank=candidate + 1)
    before = np.flatnonzero(ranking.order == candidate)
    if before.size == 0:
        full = _full_category(user, item, ranking.items[ranking.order])
        return RankPosition(OVER_QUOTA, blended_rank=candidate + 1, full=full)
    rank = int(before[0]) + 1
    outcome = LISTED if rank <= user.settings.length else BELOW
    diversified = _diversified(user, ranking, rank) if _by_mmr(user) else None
    return RankPosition(outcome, rank, candidate + 1, diversified)


def _by_mmr(user: UserContext) -> bool:
    return user.personal and user.request.diversity > 0


def _kinds(user: UserContext) -> Vector:
    """The shares that calibration wants of a list; (0,) where it is not calibrated."""
    share = shares_of_kinds(user.settings)
    if not user.personal or _by_mmr(user):
        return share[:0]
    history_shares(user.histories, 0, user.rules, share)
    return share


def _ranking(user: UserContext) -> _Ranking:
    """The candidates of the user's list, as many as quotas make the kernel look at."""
    everything = user.tables.catalogue.size
    length = user.settings.length
    wanted = user.settings.candidates if user.personal else everything
    pool = pool_size(length) if _by_mmr(user) or _kinds(user).size else everything
    while True:
        ranked = user.ranked(wanted)
        filled = ranked.item[0] >= 0
        items, scores = ranked.item[0][filled], ranked.score[0][filled]
        order = _order(user, items[:pool], scores[:pool])
        if order.size >= length or looked_at_all(items.size, wanted, everything, pool):
            return _Ranking(items, scores, pool, order)
        wanted, pool = min(WIDER * wanted, everything), WIDER * pool


def _order(user: UserContext, items: Indices, scores: Vector) -> Indices:
    """The order in which a list of any length takes items, as indices into them."""
    if not _by_mmr(user):
        kinds = _kinds(user)
        if not kinds.size:
            return best_within_quotas(items, scores, items.size, user.rules)
        strength = user.request.calibration
        return calibrate(items, scores, kinds, items.size, strength, user.rules)
    position = np.full(user.tables.catalogue.size, -1, np.int32)
    diversity = user.request.diversity
    return diversify(
        items, scores, items.size, diversity, user.rules, user.neighbours, user.factors, position
    )


def _full_category(user: UserContext, item: int, listed: Indices) -> str:
    """The category of an item of which a list has as many as it may have, with its quota."""
    rules, items = user.rules, user.tables.catalogue.size
    has = np.repeat(np.arange(items), np.diff(rules.category_indptr))
    count = np.bincount(rules.categories[np.isin(has, listed)], minlength=rules.quota.size)
    full = next(
        category
        for category in rules.categories[has == item]
        if count[category] >= rules.quota[category]
    )
    return f"{user.categories[full]} ({rules.quota[full]})"


def _diversified(user: UserContext, ranking: _Ranking, rank: int) -> Diversified:
    """Why MMR gives its rank to an item of the pool.

    MMR takes one item after the other, so the list is the head of the re-ranked pool.
    """
    pool = ranking.items[: ranking.pool]
    candidate = int(ranking.order[rank - 1])
    position = np.full(user.tables.catalogue.size, -1, np.int32)
    one = pool[candidate : candidate + 1].copy()
    position[one] = 0
    none_taken = np.zeros(1, np.bool_)
    similar_to, similarity = None, 0.0
    for listed in pool[ranking.order[: rank - 1]]:
        found = similarities(one, listed, none_taken, user.neighbours, user.factors, position)[0]
        if found > similarity:
            similar_to, similarity = int(listed), float(found)
    relevance = float(relevances(ranking.scores[: ranking.pool])[candidate])
    return Diversified(relevance, similarity, similar_to)
