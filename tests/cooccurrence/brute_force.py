"""Oracles for the graph: everything dense, in double precision, straight from the formulas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from graphrec.cooccurrence.table import PairTable
from graphrec.kernels.csr import CSR, row_indices

Matrix = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Histories:
    """All users' histories as dense matrices (users, items)."""

    has: Mask
    weight: Matrix  # of float32 values; 0 where there is no interaction, and perhaps where there is
    time: Matrix

    @property
    def items(self) -> int:
        return int(self.has.shape[1])

    @property
    def strength(self) -> Matrix:
        """s_u, (users,)."""
        return np.asarray(self.weight.sum(axis=1))

    def histories(self, spark: SparkSession) -> DataFrame:
        """(user: string, items, weights, times), as `build_histories` gives them."""
        held = [np.flatnonzero(row) for row in self.has]
        entries = [(u, items) for u, items in enumerate(held) if items.size]
        return spark.createDataFrame(
            pa.table(
                {
                    "user": [f"u{u:03}" for u, _ in entries],
                    "items": _lists((items for _, items in entries), pa.int32()),
                    "weights": _lists(
                        (self.weight[u, items] for u, items in entries), pa.float32()
                    ),
                    "times": _lists((self.time[u, items] for u, items in entries), pa.float64()),
                }
            )
        )

    def scaled(self, exponent: float) -> Matrix:
        """`D_u^-e · R`, (users, items); 0 for a user without any strength."""
        return self.weight * _inverse_power(self.strength, exponent)[:, np.newaxis]

    def mean_scale(self, exponent: float) -> float:
        """Mean of s_u^-e; a user counts the mean of the squared weights."""
        counts = (self.weight**2).sum(axis=1) / self.has.sum(axis=1).clip(1)
        return float((counts * _inverse_power(self.strength, exponent)).sum() / counts.sum())

    def gram(self, exponent: float) -> Matrix:
        """`Rᵀ · D_u^-e · R`, (items, items)."""
        return self.weight.T @ self.scaled(exponent)

    def together(self) -> npt.NDArray[np.int64]:
        """Users who have both, (items, items)."""
        return self.has.T.astype(np.int64) @ self.has.astype(np.int64)

    def after(self) -> npt.NDArray[np.int64]:
        """[i, j]: users who have both, j later than i."""
        both = self.has[:, :, np.newaxis] & self.has[:, np.newaxis, :]
        later = self.time[:, np.newaxis, :] > self.time[:, :, np.newaxis]
        return np.asarray((both & later).sum(axis=0))

    def cosine(self) -> Matrix:
        """Of the columns of `D_u^-½ · R`; 0 for an item of strength 0."""
        gram = self.gram(1.0)
        norm = np.sqrt(np.diag(gram))
        norm = np.where(norm > 0, norm, np.inf)
        return np.asarray(gram / np.outer(norm, norm))


def random_histories(
    seed: int, users: int = 60, items: int = 25, *, density: float = 0.3, binary: bool = False
) -> Histories:
    """Histories with a hub, one-item users, and, unless binary, weights 0 on purpose."""
    rng = np.random.default_rng(seed)
    has = rng.random((users, items)) < density * rng.uniform(0.3, 1.7, (users, 1))
    has[np.arange(users), rng.integers(0, items, users)] = True  # nobody has nothing
    has[0] = True  # a hub
    has[1:4] = np.eye(items, dtype=bool)[:3]  # one-item users
    weight = has.astype(np.float64)
    if not binary:
        weight *= rng.uniform(0.1, 5.0, has.shape).astype(np.float32)
        weight[:, -1] = 0.0  # an item that nobody gave any weight
        weight[5] = 0.0  # a user who gave none
        weight[rng.random(has.shape) < 0.05] = 0.0
    time = rng.integers(1, 6, has.shape).astype(np.float64)  # many are equal
    return Histories(has, weight, time)


def histories_of(edges: Iterable[tuple[int, int, float]]) -> Histories:
    """Histories from (user, item, weight); items are renumbered so that none is isolated."""
    triples = list(edges)
    users = sorted({u for u, _, _ in triples})
    items = sorted({i for _, i, _ in triples})
    weight = np.zeros((len(users), len(items)))
    for user, item, value in triples:
        weight[users.index(user), items.index(item)] = np.float32(value)
    return Histories(weight > 0, weight, np.zeros_like(weight))


def pair_table(
    histories: Histories,
    exponents: Sequence[float] = (1.0,),
    *,
    keep: Mask | None = None,
    timed: bool = False,
) -> PairTable:
    """The pair table that holds all pairs, or those of `keep`, (items, items)."""
    together = histories.together()
    met = (together > 0) & ~np.eye(histories.items, dtype=bool)
    if keep is not None:
        met &= keep
    item, neighbour = np.nonzero(met)
    return PairTable(
        users=histories.has.shape[0],
        mean_scale={e: histories.mean_scale(e) for e in exponents},
        strength=histories.weight.sum(axis=0),
        support=histories.has.sum(axis=0).astype(np.int64),
        own={e: np.diag(histories.gram(e)).copy() for e in exponents},
        indptr=np.concatenate(([0], np.cumsum(met.sum(axis=1)))).astype(np.int64),
        indices=neighbour.astype(np.int32),
        together=together[item, neighbour].astype(np.int32),
        after=histories.after()[item, neighbour].astype(np.int32)[: None if timed else 0],
        sums={e: histories.gram(e)[item, neighbour].astype(np.float32) for e in exponents},
    )


def dense(rows: CSR) -> Matrix:
    """Sparse weights as a matrix, (items, items)."""
    items = rows.indptr.size - 1
    matrix = np.zeros((items, items))
    matrix[row_indices(rows.indptr), rows.indices] = rows.data
    return matrix


def chain_pagerank(histories: Histories, restart: float) -> Matrix:
    """Rows: PageRank from each item on the chain item -> user -> item, `c·(I - (1-c)·M)⁻¹`."""
    strength = histories.weight.sum(axis=0)
    chain = histories.gram(1.0) / strength[:, np.newaxis]
    return restart * np.linalg.inv(np.eye(histories.items) - (1.0 - restart) * chain)


def _inverse_power(strength: Matrix, exponent: float) -> Matrix:
    positive = strength > 0
    return np.where(positive, np.where(positive, strength, 1.0) ** -exponent, 0.0)


def _lists(rows: Iterable[npt.NDArray[Any]], kind: pa.DataType) -> pa.Array:
    return pa.array([row.tolist() for row in rows], pa.list_(kind))
