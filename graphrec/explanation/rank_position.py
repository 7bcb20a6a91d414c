"""The rank of an item in a user's list and the value that MMR gave it, or why it is not listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from graphrec.explanation.user_context import UserContext
from graphrec.kernels.types import Indices, Vector
from graphrec.serving.mmr import diversify, pool_size, relevances, similarities

LISTED: Final = "listed"
BELOW: Final = "below the list"  # retrieved and ranked, but behind the last rank of the list
OUTSIDE_POOL: Final = "outside MMR's pool"  # too far down for MMR to look at
NOT_RETRIEVED: Final = "not a candidate"  # the neighbour legs found better candidates
DISLIKED: Final = "disliked"  # by the user, and so never listed again
SEEN: Final = "seen"  # it is in the history, and seen items are left out
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


def rank_position(user: UserContext, item: int) -> RankPosition:
    """Find an item in the user's list, or the reason why it is not there."""
    hidden = np.append(user.histories.hidden_indices, np.flatnonzero(user.excluded))
    if item in user.disliked:
        return RankPosition(DISLIKED)
    if item in hidden:
        seen = user.request.filter_seen and item in user.history
        return RankPosition(SEEN if seen else DENIED)
    candidates = user.settings.candidates if user.personal else user.tables.catalogue.size
    ranked = user.ranked(candidates)
    filled = ranked.item[0] >= 0
    items, scores = ranked.item[0][filled], ranked.score[0][filled]
    found = np.flatnonzero(items == item)
    if found.size == 0:
        return RankPosition(NOT_RETRIEVED)
    blended_rank = int(found[0]) + 1
    if not user.personal or user.request.diversity == 0:
        return RankPosition(_outcome(user, blended_rank), blended_rank, blended_rank)
    pool = pool_size(user.settings.length)
    if blended_rank > pool:
        return RankPosition(OUTSIDE_POOL, blended_rank=blended_rank)
    rank, diversified = _diversified(user, items[:pool], scores[:pool], blended_rank - 1)
    return RankPosition(_outcome(user, rank), rank, blended_rank, diversified)


def _outcome(user: UserContext, rank: int) -> str:
    return LISTED if rank <= user.settings.length else BELOW


def _diversified(
    user: UserContext, pool: Indices, scores: Vector, candidate: int
) -> tuple[int, Diversified]:
    """The rank that MMR gives to a candidate of the pool, (index), and why.

    MMR takes one item after the other, so the list is the head of the re-ranked pool.
    """
    position = np.full(user.tables.catalogue.size, -1, np.int32)
    order = diversify(
        pool, scores, pool.size, user.request.diversity, user.neighbours, user.factors, position
    )
    before = int(np.flatnonzero(order == candidate)[0])
    one = pool[candidate : candidate + 1].copy()
    position[one] = 0
    none_taken = np.zeros(1, np.bool_)
    similar_to, similarity = None, 0.0
    for listed in pool[order[:before]]:
        found = similarities(one, listed, none_taken, user.neighbours, user.factors, position)[0]
        if found > similarity:
            similar_to, similarity = int(listed), float(found)
    relevance = float(relevances(scores)[candidate])
    return before + 1, Diversified(relevance, similarity, similar_to)
