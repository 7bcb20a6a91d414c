"""All that serving needs to know of the items, on the driver and as shared arrays."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
from pyspark.sql import SparkSession

from graphrec.artifacts import Array, SharedArrays, read_only, share_arrays
from graphrec.data.catalogue import Catalogue
from graphrec.data.ids_arrow import to_bytes
from graphrec.factors.fold_in import ItemFactors
from graphrec.graph.sparse import SparseRows, merge
from graphrec.ranking.blocks import Factors, Neighbours
from graphrec.types import Matrix, Vector


@dataclass(frozen=True)
class NeighbourLeg:
    """A leg whose scores are `Σ weight_i · rows[i]` over the profile's items i."""

    name: str
    rows: SparseRows
    per_profile: bool = False  # divide by Σ weight: the scores of a walk are probabilities


@dataclass(frozen=True)
class FactorLeg:
    """A leg whose scores are products of factors; the user's is folded in."""

    name: str
    factors: ItemFactors


@dataclass(frozen=True)
class ItemTables:
    """The catalogue with the legs of a model: any number of neighbour legs, one factor leg."""

    catalogue: Catalogue
    users: int  # with a history
    neighbour_names: tuple[str, ...]
    start: npt.NDArray[np.int64]  # (items + 1,)
    neighbour: npt.NDArray[np.int32]  # (pairs,), ascending within a row
    weight: npt.NDArray[np.float32]  # (pairs, neighbour legs)
    similarity: npt.NDArray[np.float32]  # (pairs,), cosine, 0 for a pair without one; or (0,)
    per_profile: npt.NDArray[np.bool_]  # (neighbour legs,)
    factor_name: str | None
    factors: ItemFactors

    @property
    def legs(self) -> tuple[str, ...]:
        """The legs' names in the order of their columns."""
        return self.neighbour_names + ((self.factor_name,) if self.factor_name else ())

    @cached_property
    def popularity(self) -> npt.NDArray[np.float32]:
        """Share of the users who have each item, (items,)."""
        return (self.catalogue.support / max(self.users, 1)).astype(np.float32)

    @property
    def fold(self) -> tuple[float, float]:
        """a0 and λ, by which users are folded in."""
        return self.factors.unobserved, self.factors.regularization

    @staticmethod
    def from_legs(
        catalogue: Catalogue,
        users: int,
        legs: Sequence[NeighbourLeg | FactorLeg],
        similarity: SparseRows | None,
    ) -> ItemTables:
        """Put the legs side by side.

        Args:
            catalogue: the items.
            users: number of users with a history.
            legs: at most one of them a factor leg.
            similarity: cosines of item pairs, for MMR; None where it takes those of the factors.
        """
        neighbour_legs = [leg for leg in legs if isinstance(leg, NeighbourLeg)]
        factor_legs = [leg for leg in legs if isinstance(leg, FactorLeg)]
        columns = [leg.rows for leg in neighbour_legs]
        columns += [similarity] if similarity is not None and neighbour_legs else []
        start, neighbour, weight = merge(columns) if columns else _no_rows(catalogue.size)
        cosine = weight[:, len(neighbour_legs) :].reshape(-1)
        return ItemTables(
            catalogue=catalogue,
            users=users,
            neighbour_names=tuple(leg.name for leg in neighbour_legs),
            start=start,
            neighbour=neighbour,
            weight=np.ascontiguousarray(weight[:, : len(neighbour_legs)]),
            similarity=np.ascontiguousarray(cosine),
            per_profile=np.array([leg.per_profile for leg in neighbour_legs], np.bool_),
            factor_name=factor_legs[0].name if factor_legs else None,
            factors=factor_legs[0].factors if factor_legs else no_factors(),
        )

    def only(self, legs: Collection[str]) -> ItemTables:
        """The tables of some of the legs, as `from_legs` puts these alone together."""
        places = [n for n, name in enumerate(self.neighbour_names) if name in legs]
        factor_name = self.factor_name if self.factor_name in legs else None
        weight = self.weight[:, places]
        kept = (weight != 0).any(axis=1)
        if places and self.similarity.size:
            kept |= self.similarity != 0
        return replace(
            self,
            neighbour_names=tuple(self.neighbour_names[n] for n in places),
            start=np.concatenate(([0], np.cumsum(kept)))[self.start],
            neighbour=self.neighbour[kept],
            weight=np.ascontiguousarray(weight[kept]),
            similarity=self.similarity[kept] if self.similarity.size else self.similarity,
            per_profile=self.per_profile[places],
            factor_name=factor_name,
            factors=self.factors if factor_name else no_factors(),
        )

    def share(self, spark: SparkSession, *, diversify: bool) -> SharedArrays:
        """Distribute the tables to all workers."""
        ids = {"ids": to_bytes(self.catalogue.ids)}
        return share_arrays(spark, ids | self.arrays(diversify=diversify))

    def arrays(self, *, diversify: bool) -> dict[str, Array]:
        """The tables as the kernel's callers open them; the cosines only where MMR reads them."""
        cosines = {"similarity": self.similarity} if diversify else {}
        arrays = cosines | {
            "popularity": self.popularity,
            "start": self.start,
            "neighbour": self.neighbour,
            "weight": self.weight,
            "per_profile": self.per_profile,
            "factors": self.factors.vector,
            "eigenvalue": self.factors.eigenvalue,
            "factor_norm": np.sqrt((self.factors.vector**2).sum(axis=1)),
            "factor_mean": _mean(self.factors.vector),
        }
        return {name: read_only(array) for name, array in arrays.items()}


def no_factors() -> ItemFactors:
    """The factor leg of a model without one."""
    return ItemFactors(np.zeros((0, 0), np.float32), np.zeros(0, np.float32), 0.0, 1.0)


def neighbours_of(tables: dict[str, Array]) -> Neighbours:
    """The neighbour table as the kernel takes it."""
    return Neighbours(
        tables["start"],
        tables["neighbour"],
        tables["weight"],
        tables.get("similarity", read_only(np.empty(0, np.float32))),
        tables["per_profile"],
    )


def factors_of(tables: dict[str, Array], users: Matrix) -> Factors:
    """The factor leg as the kernel takes it, with each user's exact mean and deviation.

    Over all items j the mean of p·q_j is p·mean(Q), and because QᵀQ is diagonal, the mean of
    (p·q_j)² is Σ_d p_d²·eigenvalue_d / items.
    """
    items = max(tables["factors"].shape[0], 1)
    precise = users.astype(np.float64)
    # einsum sums row by row: the bits do not depend on who else is in the block, as BLAS' may
    mean = np.einsum("ud,d->u", precise, tables["factor_mean"])
    second = np.einsum("ud,d->u", precise**2, tables["eigenvalue"].astype(np.float64)) / items
    deviation = np.sqrt(np.maximum(second - mean**2, 0.0))
    return Factors(
        tables["factors"],
        tables["factor_norm"],
        read_only(users),
        read_only(mean.astype(np.float32)),
        read_only(deviation.astype(np.float32)),
    )


def _no_rows(items: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], Matrix]:
    return np.zeros(items + 1, np.int64), np.empty(0, np.int32), np.empty((0, 0), np.float32)


def _mean(vectors: Matrix) -> Vector:
    if not vectors.shape[0]:
        return np.zeros(vectors.shape[1])
    return vectors.mean(axis=0, dtype=np.float64)
