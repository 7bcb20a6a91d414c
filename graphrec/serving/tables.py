"""The item tables that scores are made of, on the driver and as shared arrays."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from graphrec.data.catalogue import Catalogue
from graphrec.kernels.csr import CSR, csr, kept_indptr, merge_columns
from graphrec.kernels.types import Array, Indices, Matrix, read_only
from graphrec.serving.fallback import fallback_arrays, make_fallback
from graphrec.serving.item_factors import FoldIn, ItemFactors
from graphrec.serving.kernel_types import Factors, Fallback, Neighbours

_ROUNDING = 1e-6  # relative: the variance that equal scores have in single precision


@dataclass(frozen=True)
class NeighbourLeg:
    """A leg whose scores are `Σ_i w_i · weights[i]` over the history's items i of weight w_i."""

    name: str
    weights: CSR  # (items, items), data (pairs,)
    divide_by_strength: bool = False  # by Σ_i w_i: the scores of a walk are probabilities


@dataclass(frozen=True)
class FactorLeg:
    """A leg whose scores are products of vectors; the user's is made of the history."""

    name: str
    factors: ItemFactors


@dataclass(frozen=True)
class ItemTables:
    """The catalogue with the legs of a model: neighbour legs and factor legs, any number."""

    catalogue: Catalogue
    users: int  # with a history
    neighbour_names: tuple[str, ...]
    neighbours: CSR  # (items, items), data (pairs, neighbour legs); columns ascend within a row
    similarity: npt.NDArray[np.float32]  # (pairs,), cosine, 0 for a pair without one; or (0,)
    divide_by_strength: npt.NDArray[np.bool_]  # (neighbour legs,), see `NeighbourLeg`
    factor_legs: tuple[FactorLeg, ...]
    fallback: Fallback | None = None  # for users of whom nothing is known; None: by popularity

    @property
    def legs(self) -> tuple[str, ...]:
        """The legs' names in the order of their columns."""
        return self.neighbour_names + tuple(leg.name for leg in self.factor_legs)

    @cached_property
    def popularity(self) -> npt.NDArray[np.float32]:
        """Share of the users who have each item, (items,)."""
        return (self.catalogue.support / max(self.users, 1)).astype(np.float32)

    @property
    def fold_ins(self) -> tuple[FoldIn, ...]:
        """How each factor leg makes a user's vector."""
        return tuple(leg.factors.fold_in for leg in self.factor_legs)

    @staticmethod
    def from_legs(
        catalogue: Catalogue,
        users: int,
        legs: Sequence[NeighbourLeg | FactorLeg],
        similarity: CSR | None,
    ) -> ItemTables:
        """Put the legs side by side.

        Args:
            catalogue: the items.
            users: number of users with a history.
            legs: neighbour legs come first in the tables, whatever their order here.
            similarity: cosines of item pairs, for MMR; None where it takes those of the factors.
        """
        neighbour_legs = [leg for leg in legs if isinstance(leg, NeighbourLeg)]
        columns = [leg.weights for leg in neighbour_legs]
        columns += [similarity] if similarity is not None and neighbour_legs else []
        merged = merge_columns(columns) if columns else _no_rows(catalogue.size)
        weights, cosine = np.split(merged.data, [len(neighbour_legs)], axis=1)
        return ItemTables(
            catalogue=catalogue,
            users=users,
            neighbour_names=tuple(leg.name for leg in neighbour_legs),
            neighbours=csr(merged.indptr, merged.indices, weights),
            similarity=read_only(cosine.reshape(-1)),
            divide_by_strength=np.array([leg.divide_by_strength for leg in neighbour_legs], bool),
            factor_legs=tuple(leg for leg in legs if isinstance(leg, FactorLeg)),
        )

    def only(self, legs: Collection[str]) -> ItemTables:
        """The tables that `from_legs` makes of some of the legs; cold users get what is popular."""
        columns = [n for n, name in enumerate(self.neighbour_names) if name in legs]
        whole = self.neighbours
        weights = whole.data[:, columns]
        kept = (weights != 0).any(axis=1)
        if columns and self.similarity.size:
            kept |= self.similarity != 0
        return replace(
            self,
            neighbour_names=tuple(self.neighbour_names[n] for n in columns),
            neighbours=csr(kept_indptr(whole.indptr, kept), whole.indices[kept], weights[kept]),
            similarity=self.similarity[kept] if self.similarity.size else self.similarity,
            divide_by_strength=self.divide_by_strength[columns],
            factor_legs=tuple(leg for leg in self.factor_legs if leg.name in legs),
            fallback=None,
        )

    def arrays(self, *, diversify: bool) -> dict[str, Array]:
        """The tables by name, as the workers get them; cosines only if MMR reads them."""
        cosines = {"similarity": self.similarity} if diversify else {}
        arrays: dict[str, Array] = cosines | {
            "popularity": self.popularity,
            **fallback_arrays(self.fallback or make_fallback(self.popularity)),
            **self.neighbours._asdict(),
            "divide_by_strength": self.divide_by_strength,
            **factor_arrays([leg.factors for leg in self.factor_legs]),
        }
        return {name: read_only(array) for name, array in arrays.items()}


def factor_arrays(legs: Sequence[ItemFactors]) -> dict[str, Array]:
    """The item vectors of factor legs, one leg after the other, with their norms and means."""
    vectors = [leg.vector for leg in legs]
    norm = np.sqrt((vectors[0] ** 2).sum(axis=1)) if vectors else np.empty(0, np.float32)
    return {
        "factors": _joined([vector.reshape(-1) for vector in vectors], np.float32),
        "factor_rank": np.array([leg.rank for leg in legs], np.int64),
        "eigenvalue": _joined([leg.eigenvalue for leg in legs], np.float32),
        "factor_norm": norm,  # of the first leg
        "factor_mean": _joined([vector.mean(axis=0, dtype=np.float64) for vector in vectors]),
    }


def item_factors_of(
    tables: Mapping[str, Array], fold_ins: Sequence[FoldIn]
) -> list[tuple[slice, ItemFactors]]:
    """The factor legs again, each with its columns of a user's vector; nothing is copied."""
    legs = []
    items = tables["factor_norm"].size
    for columns, fold_in in zip(_columns(tables["factor_rank"]), fold_ins, strict=True):
        flat = tables["factors"][columns.start * items : columns.stop * items]
        vector = flat.reshape(items, columns.stop - columns.start)
        legs.append((columns, ItemFactors(vector, tables["eigenvalue"][columns], fold_in)))
    return legs


def neighbours_of(tables: Mapping[str, Array]) -> Neighbours:
    """The neighbour table as the kernel takes it."""
    return Neighbours(
        csr(tables["indptr"], tables["indices"], tables["data"]),
        tables.get("similarity", read_only(np.empty(0, np.float32))),
        tables["divide_by_strength"],
    )


def factors_of(tables: Mapping[str, Array], users: Matrix) -> Factors:
    """The factor legs as the kernel takes them, with each user's exact mean and deviation.

    Over all items j the mean of p·q_j is p·mean(Q), and because QᵀQ is diagonal, the mean of
    (p·q_j)² is Σ_d p_d²·eigenvalue_d / items.

    Args:
        tables: see `factor_arrays`.
        users: (users, Σ rank), the users' vectors, leg by leg.
    """
    items = max(tables["factor_norm"].size, 1)
    legs = _columns(tables["factor_rank"])
    mean, deviation = np.zeros((2, users.shape[0], len(legs)))
    for leg, columns in enumerate(legs):
        precise = users[:, columns].astype(np.float64)
        # einsum sums row by row: the bits do not depend on who else is in the block, as BLAS' may
        mean[:, leg] = np.einsum("ud,d->u", precise, tables["factor_mean"][columns])
        eigenvalue = tables["eigenvalue"][columns].astype(np.float64)
        second = np.einsum("ud,d->u", precise**2, eigenvalue) / items
        variance = second - mean[:, leg] ** 2
        deviation[:, leg] = np.sqrt(np.where(variance > _ROUNDING * second, variance, 0.0))
    return Factors(
        tables["factors"],
        read_only(tables["factor_rank"]),
        tables["factor_norm"],
        read_only(users),
        read_only(mean.astype(np.float32)),
        read_only(deviation.astype(np.float32)),
    )


def _columns(rank: Indices) -> list[slice]:
    """The columns that each factor leg has in the users' vectors."""
    end = np.cumsum(rank).tolist()
    return [slice(first, last) for first, last in pairwise([0, *end])]


def _no_rows(items: int) -> CSR:
    return csr(np.zeros(items + 1, np.int64), np.empty(0, np.int32), np.empty((0, 0), np.float32))


def _joined(parts: Sequence[Array], kind: npt.DTypeLike = np.float64) -> Array:
    return np.concatenate([np.empty(0, kind), *parts])
