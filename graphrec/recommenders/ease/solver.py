"""EASE: ridge regression of each item on its best neighbours.

For target j with neighbours S the weights are `w = (G_SS + λ·I + δ·diag(G_SS))⁻¹ · G_Sj`: EASE
(Steck, "Embarrassingly shallow autoencoders for sparse data", 2019) restricted to S, with the
denoising term of Steck, "Autoencoders that don't overfit towards the identity" (2020). When S
holds all other items and δ = 0, this is EASE itself. The Gram matrix G = Rᵀ·D_u^-½·R counts a long
history less, rescaled so that the mean user counts 1; entries that the pair table does not hold
are 0.

Without the entries that the table lacks, G may no longer be positive semidefinite, and the weights
may become arbitrarily large. Every solution of a complete system meets
`2·Σ_a (λ + δ·G_aa)·w_a² <= G_jj` (the regression cannot explain more than there is); where the
solution of an incomplete one does not, its regularisation is doubled until it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import numpy.typing as npt
from pyspark.sql import SparkSession

from graphrec.cooccurrence.table import PairTable
from graphrec.kernels.csr import CSR, csr, indptr_of, replace_rows, transpose
from graphrec.kernels.jit import compiled
from graphrec.kernels.linear import solve_positive_definite
from graphrec.kernels.top_k import best
from graphrec.kernels.types import Array, Indices, Matrix, Vector, read_only
from graphrec.spark.item_blocks import compute_rows

MAX_DOUBLINGS = 40  # of the regularisation; by then it is beyond any Gram matrix
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
    only: npt.NDArray[np.bool_] | None = None,
    before: CSR | None = None,
) -> CSR:
    """The regression weights, (history items, targets).

    Args:
        spark: runs the blocks of items.
        pairs: holds the sums for `user_exponent`.
        user_exponent: of the user's strength in the Gram matrix; 0 counts all users alike.
        neighbours: K, how many neighbours each target is regressed on: the best by cosine.
        regularization: λ, in interactions.
        denoising: δ, a share of the diagonal.
        block_entries: see `compute_rows`.
        only: (items,), the targets that are solved; None: all.
        before: (history items, targets), the weights that the others have.
    """
    rescale = 1.0 / (pairs.mean_scale[user_exponent] or 1.0)
    tables: dict[str, Array] = {
        "indptr": pairs.indptr,
        "indices": pairs.indices,
        "gram": (pairs.sums[user_exponent] * rescale).astype(np.float32),
        "diagonal": (pairs.own[user_exponent] * rescale).astype(np.float32),
        "cosine": pairs.cosine,
        "solved": np.ones(pairs.items, np.bool_) if only is None else only,
    }
    regress = partial(
        _regress, neighbours=neighbours, regularization=regularization, denoising=denoising
    )
    by_target = compute_rows(spark, pairs.items, tables, regress, block_entries=block_entries)
    if only is not None and before is not None:
        by_target = replace_rows(transpose(before, pairs.items), by_target, only)
    return transpose(by_target, pairs.items)


def _regress(
    targets: Indices,
    tables: Mapping[str, Array],
    *,
    neighbours: int,
    regularization: float,
    denoising: float,
) -> CSR:
    solved = tables["solved"][targets]
    rows = regress_targets(
        read_only(targets[solved]),
        CSR(tables["indptr"], tables["indices"], tables["gram"]),
        tables["diagonal"],
        tables["cosine"],
        neighbours,
        regularization,
        denoising,
    )
    length = np.zeros(targets.size, np.int64)
    length[solved] = np.diff(rows.indptr)
    return csr(indptr_of(length), rows.indices, rows.data)


@compiled
def regress_targets(
    targets: Indices,
    gram: CSR,
    diagonal: Vector,
    cosine: Vector,
    neighbours: int,
    regularization: float,
    denoising: float,
) -> CSR:
    """Regress each target item on its best neighbours.

    Args:
        targets: (targets,), item indices j.
        gram: (items, items), G_ij of the pairs of the table; columns ascend within a row.
        diagonal: (items,), G_jj.
        cosine: (pairs,), by which the best neighbours are chosen.
        neighbours: how many neighbours a target is regressed on at most.
        regularization: λ.
        denoising: δ.

    Returns:
        (targets, items), the weights; columns ascend within a row.
    """
    room = targets.size * min(neighbours, diagonal.size)
    out = CSR(
        np.zeros(targets.size + 1, np.int64),
        np.empty(room, np.int32),
        np.empty(room, np.float32),
    )
    indptr, indices = gram.indptr, gram.indices
    equation = np.full(diagonal.size, -1, np.int32)  # of each chosen item, its row of the system
    for t in range(targets.size):
        first, last = indptr[targets[t]], indptr[targets[t] + 1]
        chosen = first + np.sort(best(indices[first:last], cosine[first:last], neighbours))
        size = chosen.size
        at = out.indptr[t]
        out.indptr[t + 1] = at + size
        if size == 0:
            continue
        right = gram.data[chosen]
        system = np.zeros((size, size), np.float32)
        penalty = np.empty(size, np.float32)
        for a in range(size):
            item = indices[chosen[a]]
            out.indices[at + a] = item
            equation[item] = a
            penalty[a] = diagonal[item] * denoising + regularization
            system[a, a] = diagonal[item] + penalty[a]
        for a in range(size):
            item = indices[chosen[a]]
            for pair in range(np.uint64(indptr[item]), np.uint64(indptr[item + 1])):
                b = equation[np.uint32(indices[pair])]
                if b >= 0:  # rows are cut one by one: a pair may be in one of the two alone
                    system[a, b] = gram.data[pair]
                    system[b, a] = gram.data[pair]
        for a in range(size):
            equation[indices[chosen[a]]] = -1
        explained = diagonal[targets[t]]
        out.data[at : at + size] = _solve_cut(system, right, penalty, explained)
    used = out.indptr[targets.size]
    return CSR(out.indptr, out.indices[:used], out.data[:used])


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
    for _ in range(MAX_DOUBLINGS):
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
