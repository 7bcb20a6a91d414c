"""Ridge regression of each item on its best neighbours: association without the detours.

For target j with neighbours S the weights are `w = (G_SS + λ·I + δ·diag(G_SS))⁻¹ · G_Sj`: EASE
(Steck, "Embarrassingly shallow autoencoders for sparse data", 2019) restricted to S, with the
denoising term of Steck, "Autoencoders that don't overfit towards the identity" (2020). When S
holds all other items and δ = 0, this is EASE itself. The Gram matrix G = Rᵀ·D_u^-½·R counts a long
history less, rescaled so that the mean user counts 1; entries that the pair table does not hold
are 0.

Cutting entries out of G can cost it its definiteness, and the weights then explode. Every
solution of a complete system meets `2·Σ_a (λ + δ·G_aa)·w_a² <= G_jj` (the regression cannot explain
more than there is); where a cut one does not, its regularisation is doubled until it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from pyspark.sql import SparkSession

from graphrec.cooccurrence.table import PairTable
from graphrec.kernels.csr import SparseRows
from graphrec.kernels.jit import compiled
from graphrec.kernels.linear import solve_positive_definite
from graphrec.kernels.top_k import best
from graphrec.kernels.types import Array, Indices, Matrix, Vector
from graphrec.spark.item_blocks import compute_rows

_DOUBLINGS = 40  # of the regularisation; by then it is beyond any Gram matrix
_ROUNDING = 1.001


def ridge_weights(
    spark: SparkSession,
    pairs: PairTable,
    *,
    user_exponent: float = 0.5,
    neighbours: int = 100,
    regularization: float = 50.0,
    denoising: float = 0.5,
    block_entries: int = 32_000_000,
) -> SparseRows:
    """The regression weights, grouped by history item: (history item, target, weight).

    Args:
        spark: runs the blocks of items.
        pairs: holds the sums for `user_exponent`.
        user_exponent: of the user's strength in the Gram matrix; 0 counts all users alike.
        neighbours: K, how many neighbours each target is regressed on: the best by cosine.
        regularization: λ, in interactions.
        denoising: δ, a share of the diagonal.
        block_entries: see `compute_rows`.
    """
    rescale = 1.0 / (pairs.mean_scale[user_exponent] or 1.0)
    tables: dict[str, Array] = {
        "start": pairs.start,
        "neighbour": pairs.neighbour,
        "gram": (pairs.sums[user_exponent] * rescale).astype(np.float32),
        "diagonal": (pairs.own[user_exponent] * rescale).astype(np.float32),
        "cosine": pairs.cosine,
    }
    regress = partial(
        _regress, neighbours=neighbours, regularization=regularization, denoising=denoising
    )
    return compute_rows(
        spark, pairs.items, tables, regress, block_entries=block_entries
    ).transposed()


def _regress(
    targets: Indices,
    tables: Mapping[str, Array],
    *,
    neighbours: int,
    regularization: float,
    denoising: float,
) -> tuple[Indices, Indices, Vector]:
    return regress_targets(
        targets,
        tables["start"],
        tables["neighbour"],
        tables["gram"],
        tables["diagonal"],
        tables["cosine"],
        neighbours,
        regularization,
        denoising,
    )


@compiled
def regress_targets(
    targets: Indices,
    start: Indices,
    neighbour: Indices,
    gram: Vector,
    diagonal: Vector,
    cosine: Vector,
    neighbours: int,
    regularization: float,
    denoising: float,
) -> tuple[Indices, Indices, Vector]:
    """Regress each target item on its best neighbours.

    Args:
        targets: (targets,), item indices j.
        start: (items + 1,), rows of the pair table.
        neighbour: (pairs,), ascending within a row.
        gram: (pairs,), G_ij.
        diagonal: (items,), G_jj.
        cosine: (pairs,), by which the best neighbours are chosen.
        neighbours: how many neighbours a target is regressed on at most.
        regularization: λ.
        denoising: δ.

    Returns:
        start (targets + 1,), neighbour (weights,) ascending within a row, weight (weights,).
    """
    out_start = np.zeros(targets.size + 1, np.int64)
    room = targets.size * min(neighbours, diagonal.size)
    out_neighbour = np.empty(room, np.int32)
    out_weight = np.empty(room, np.float32)
    place = np.full(diagonal.size, -1, np.int32)
    for t in range(targets.size):
        first, last = start[targets[t]], start[targets[t] + 1]
        chosen = first + np.sort(best(neighbour[first:last], cosine[first:last], neighbours))
        size = chosen.size
        at = out_start[t]
        out_start[t + 1] = at + size
        if size == 0:
            continue
        right = gram[chosen]
        system = np.zeros((size, size), np.float32)
        penalty = np.empty(size, np.float32)
        for a in range(size):
            item = neighbour[chosen[a]]
            out_neighbour[at + a] = item
            place[item] = a
            penalty[a] = diagonal[item] * denoising + regularization
            system[a, a] = diagonal[item] + penalty[a]
        for a in range(size):
            item = neighbour[chosen[a]]
            for pair in range(np.uint64(start[item]), np.uint64(start[item + 1])):
                b = place[np.uint32(neighbour[pair])]
                if b >= 0:  # rows are cut one by one: a pair may stand in one of the two alone
                    system[a, b] = gram[pair]
                    system[b, a] = gram[pair]
        for a in range(size):
            place[neighbour[chosen[a]]] = -1
        explained = diagonal[targets[t]]
        out_weight[at : at + size] = _solve_cut(system, right, penalty, explained)
    used = out_start[targets.size]
    return out_start, out_neighbour[:used], out_weight[:used]


@compiled
def _solve_cut(system: Matrix, right: Vector, penalty: Vector, explained: float) -> Vector:
    """Solve a system whose Gram part may have lost its definiteness.

    Args:
        system: (n, n), Gram part plus penalty; overwritten.
        right: (n,).
        penalty: (n,), what the diagonal holds on top of the Gram part.
        explained: G_jj, which bounds twice the solution's penalty.
    """
    added = penalty.copy()
    for _ in range(_DOUBLINGS):
        weight = _solve_or_nothing(system, right)
        if weight.size > 0 and 2.0 * (added * weight * weight).sum() <= explained * _ROUNDING:
            return weight
        for a in range(right.size):
            system[a, a] += added[a]
        added *= 2.0
    return np.zeros_like(right)


@compiled
def _solve_or_nothing(system: Matrix, right: Vector) -> Vector:
    """The solution; (0,) where the system is not positive definite."""
    try:
        return solve_positive_definite(system, right)
    except Exception:  # compiled code can name no narrower class
        return right[:0].copy()
