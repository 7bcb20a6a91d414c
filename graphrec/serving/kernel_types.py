"""Input and output of the compiled kernel: named tuples of arrays.

Items are numbered by descending popularity, so "the most popular items" are the first ones.
Arrays that stand for a table are read-only everywhere (see `graphrec.kernels.jit`).
"""

from typing import NamedTuple

from graphrec.kernels.csr import CSR
from graphrec.kernels.types import Indices, Mask, Matrix, Vector


class Histories(NamedTuple):
    """The histories of the users to serve, and the items that must not be listed to them."""

    items: CSR  # (users, items), the weights; items ascend within a user
    liked: Mask  # (entries,), of `items`; what is not liked is never a reason
    hidden_indptr: Indices  # (users + 1,)
    hidden_indices: Indices  # (entries,), never listed to this user: seen, disliked or denied
    demoted: CSR  # (users, items), of items whose score counts less, by which factor


class ListRules(NamedTuple):
    """What holds for all lists of a request; made by `graphrec.serving.list_rules`."""

    excluded: Mask  # (items,), never listed to anybody
    boost: Vector  # (items,), factor of each item's score, above 0; (0,) where all are 1
    popular: Indices  # (items,), by descending popularity, after the boost
    category_indptr: Indices  # (items + 1,)
    categories: Indices  # (entries,), of each item, those that have a quota
    quota: Indices  # (categories,), how many items of each a list may have
    kind_indptr: Indices  # (items + 1,)
    kinds: Indices  # (entries,), of each item, the categories that lists are calibrated by


class Neighbours(NamedTuple):
    """The neighbour legs: their item-item weights side by side."""

    weights: CSR  # (items, items), data (pairs, neighbour legs); neighbours ascend within a row
    similarity: Vector  # (pairs,), cosine, for MMR; (0,) when it does not read it
    divide_by_strength: Mask  # (neighbour legs,), True: scores are divided by the user's Σ weight


class Factors(NamedTuple):
    """The factor legs; arrays of size 0 where there is none."""

    item: Vector  # the legs' (items, rank), one after the other, see `factor_scores.item_vectors`
    rank: Indices  # (legs,)
    norm: Vector  # (items,), of the first leg's vectors
    user: Matrix  # (users, Σ rank), the legs' vectors side by side
    mean: Matrix  # (users, legs), of the user's scores over all items
    deviation: Matrix  # (users, legs), likewise


class Fallback(NamedTuple):
    """What is listed where nothing is known of a user, see `graphrec.serving.fallback`."""

    order: Indices  # (items,), all of them, the best first
    source: Indices  # (items,), int8 codes, see `graphrec.serving.sources`
    score: Vector  # (items,), descending in this order


class Settings(NamedTuple):
    """The request, for the kernel."""

    blend: Vector  # (legs,), weights of the neighbour legs, then of the factor legs
    decay: Vector  # (legs,), history length beyond which the weight decays; 0: it does not
    standardise: bool  # z-scores per user and leg, over all items
    rules: ListRules
    popularity: Vector  # (items,), share of the users who have the item
    fallback: Fallback  # for users of whom nothing is known
    candidates: int  # how many items are retrieved by the graph
    length: int  # k, of the lists
    reasons: int  # how many history items are named per listed item
    diversity: float  # λ of MMR, 0: the blended order
    calibration: float  # λ of calibration, where there are `rules.kinds`; 0: the blended order


class Lists(NamedTuple):
    """The ranked lists; entries past a list's end are -1 and 0."""

    item: Indices  # (users, k)
    score: Vector  # (users, k)
    share: Vector  # (users, k, legs), sums to the score
    because: Indices  # (users, k, reasons)
    source: Indices  # (users, k), int8 codes, see `graphrec.serving.sources`
