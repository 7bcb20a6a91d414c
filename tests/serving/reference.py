"""The ranking kernel once more: dense, in double precision, one formula after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from graphrec.kernels.csr import CSR, csr, merge_columns
from graphrec.kernels.types import read_only
from graphrec.serving.dense_scores import score_all_items
from graphrec.serving.kernel import rank_dense, rank_users
from graphrec.serving.kernel_types import (
    Factors,
    Histories,
    ListRules,
    Lists,
    Neighbours,
    Settings,
)
from graphrec.serving.list_rules import ItemKinds, Quotas, list_rules
from graphrec.serving.request import Request

Array = npt.NDArray[Any]
TOLERANCE = 2e-4  # single precision, divided by deviations that may be small


@dataclass(frozen=True)
class Case:
    """Users, items, legs and a request, all dense; weights and factors are float32 values."""

    has: Array  # (users, items)
    weight: Array  # (users, items)
    hidden: Array  # (users, items), True: must not be listed to this user
    legs: Array  # (neighbour legs, items, items)
    divide_by_strength: Array  # (neighbour legs,)
    similarity: Array  # (items, items), the cosines of the pair table
    item_factors: Array  # (items, Σ rank), the factor legs side by side; (0, 0) without one
    user_factors: Array  # (users, Σ rank)
    excluded: Array  # (items,)
    popularity: Array  # (items,), descending
    request: Request
    second: int = 0  # the rank of the second factor leg; 0: there is but one
    boost: Array | None = None  # (items,), factors of the scores
    demotion: Array | None = None  # (users, items), likewise
    belongs: Array | None = None  # (items, categories), True: the item belongs to it
    quota: Array | None = None  # (categories,)
    kinds: Array | None = None  # (items, categories), by which lists are calibrated

    def asking(self, **changes: Any) -> Case:
        return replace(self, request=replace(self.request, **changes))

    # --- as the kernel takes it -------------------------------------------------------------------

    @property
    def histories(self) -> Histories:
        items = csr(*ragged(self.has), self.weight[self.has].astype(np.float32))
        demoted = sparse_rows(np.zeros(self.has.shape) if self.demotion is None else self.demotion)
        return Histories(items, np.ones(items.data.size, np.bool_), *ragged(self.hidden), demoted)

    @property
    def neighbours(self) -> Neighbours:
        columns = [sparse_rows(leg) for leg in self.legs]
        indptr, indices, data = merge_columns([*columns, sparse_rows(self.similarity)])
        diversify = self.request.diversity > 0
        return Neighbours(
            csr(indptr, indices, data[:, :-1]),
            read_only(data[:, -1] if diversify else np.empty(0, np.float32)),
            read_only(self.divide_by_strength),
        )

    @property
    def factor_legs(self) -> list[tuple[Array, Array]]:
        """Each factor leg's vectors of the users and of the items."""
        ends = [self.item_factors.shape[1] - self.second]
        legs = zip(
            np.split(self.user_factors, ends, axis=1),
            np.split(self.item_factors, ends, axis=1),
            strict=True,
        )
        return [(users, items) for users, items in legs if items.size]

    @property
    def compared(self) -> Array:
        """The vectors whose cosines are the similarity of items, (items, rank)."""
        return self.factor_legs[0][1]

    @property
    def factors(self) -> Factors:
        scores = np.array([users @ items.T for users, items in self.factor_legs])
        scores = scores.reshape(len(self.factor_legs), *self.has.shape).astype(np.float64)
        flat = [items.astype(np.float32).reshape(-1) for _, items in self.factor_legs]
        norm = np.sqrt((self.compared.astype(np.float32) ** 2).sum(axis=1)) if flat else ()
        return Factors(
            read_only(np.concatenate([np.empty(0, np.float32), *flat])),
            read_only(np.array([items.shape[1] for _, items in self.factor_legs], np.int64)),
            read_only(np.array(norm, np.float32)),
            read_only(self.user_factors.astype(np.float32)),
            read_only(scores.mean(axis=2).T.astype(np.float32)),
            read_only(scores.std(axis=2).T.astype(np.float32)),
        )

    @property
    def settings(self) -> Settings:
        popularity = read_only(self.popularity.astype(np.float32))
        return self.request.settings(popularity, self.rules)

    @property
    def rules(self) -> ListRules:
        quotas = None
        if self.belongs is not None and self.quota is not None:
            items, categories = np.nonzero(self.belongs)
            quotas = Quotas(*(array.astype(np.int32) for array in (items, categories, self.quota)))
        boost = None if self.boost is None else self.boost.astype(np.float32)
        popularity = self.popularity.astype(np.float32)
        kinds = None
        if self.kinds is not None:
            kinds = ItemKinds(*(array.astype(np.int32) for array in np.nonzero(self.kinds)))
        return list_rules(
            popularity, excluded=self.excluded, boost=boost, quotas=quotas, kinds=kinds
        )

    def ranked(self) -> Lists:
        """The kernel's lists; from dense scores where no neighbour leg has weight."""
        if self.request.retrieves_by_graph(len(self.legs)):
            return rank_users(self.histories, self.neighbours, self.factors, self.settings)
        scores = np.stack(
            [
                score_all_items(
                    read_only(users.astype(np.float32)), read_only(items.T.astype(np.float32))
                )
                for users, items in self.factor_legs
            ]
        )
        return rank_dense(self.histories, scores, self.neighbours, self.factors, self.settings)

    # --- what the lists must be -------------------------------------------------------------------

    @property
    def scores(self) -> Array:
        """Each leg's scores of all items, (legs, users, items)."""
        total = self.weight.sum(axis=1, keepdims=True)
        total[total == 0] = 1.0
        scores = [
            self.weight @ leg / (total if divide_by_strength else 1.0)
            for leg, divide_by_strength in zip(self.legs, self.divide_by_strength, strict=True)
        ]
        scores += [users @ items.T for users, items in self.factor_legs]
        return np.array(scores)

    @property
    def scales(self) -> Array:
        """What one unit of each leg's score is worth to each user, (legs, users)."""
        decay = np.array(self.request.decay or (0.0,) * len(self.request.blend))
        most = self.weight.max(axis=1)
        length = self.weight.sum(axis=1) / np.where(most > 0, most, 1.0)
        decayed = np.where(
            decay > 0, np.minimum(decay / np.maximum(length, 1.0)[:, np.newaxis], 1.0), 1.0
        ).T
        blend = np.array(self.request.blend)[:, np.newaxis] * decayed  # (legs, users)
        if not self.request.standardise:
            return np.asarray(blend)
        deviation = self.scores.std(axis=2)
        return np.where(deviation > 0, blend / np.where(deviation > 0, deviation, 1.0), 0.0)

    @property
    def shares(self) -> Array:
        """Weighted z-scores over all items, boosted, (legs, users, items)."""
        scores = self.scores
        if self.request.standardise:
            scores = scores - scores.mean(axis=2, keepdims=True)
        shares = self.scales[:, :, np.newaxis] * scores
        factor = np.ones(self.has.shape) if self.boost is None else self.boost * self.demotions
        return shares * np.where(shares.sum(axis=0) > 0, factor, 1 / factor)

    @property
    def demotions(self) -> Array:
        """(users, items), 1 where nothing was shown."""
        if self.demotion is None:
            return np.ones(self.has.shape)
        return np.where(self.demotion > 0, self.demotion, 1.0)

    @property
    def blended(self) -> Array:
        """(users, items)."""
        return np.asarray(self.shares.sum(axis=0))

    @property
    def open(self) -> Array:
        """(users, items), True for what may be listed."""
        return np.asarray(np.logical_not(self.hidden | self.excluded))

    @property
    def cold(self) -> Array:
        """(users,), True for a user without a history."""
        return np.asarray(~self.has.any(axis=1))


def random_case(
    seed: int,
    *,
    users: int = 6,
    items: int = 12,
    legs: int = 2,
    rank: int = 3,
    second: int = 0,
    standardise: bool = True,
    length: int = 5,
) -> Case:
    """A case with a cold user, one who has seen everything, and denied and excluded items."""
    rng = np.random.default_rng(seed)
    has = rng.random((users, items)) < rng.uniform(0.1, 0.6, (users, 1))
    has[0] = False
    if users > 2:
        has[2] = True
    weight = has * rng.uniform(0.5, 3.0, has.shape)
    shape = (legs, items, items)
    weights = np.where(rng.random(shape) < 0.4, rng.normal(0.5, 1.0, shape), 0.0)
    similarity = np.where(rng.random(shape[1:]) < 0.4, rng.random(shape[1:]), 0.0)
    both = rank + second
    item_factors = rng.normal(size=(items, both)) if both else np.zeros((0, 0))
    user_factors = rng.normal(size=(users, both)) if both else np.zeros((0, 0))
    if both:
        user_factors[~has.any(axis=1)] = 0.0  # folded in from nothing
    columns = legs + (rank > 0) + (second > 0)
    return Case(
        has=has,
        weight=_single(weight),
        hidden=has | (rng.random(has.shape) < 0.1),
        legs=_single(weights),
        divide_by_strength=rng.random(legs) < 0.5,
        similarity=_single(similarity),
        item_factors=_single(item_factors),
        user_factors=_single(user_factors),
        excluded=rng.random(items) < 0.1,
        popularity=_single(np.sort(rng.random(items))[::-1]),
        request=Request(
            blend=tuple(rng.uniform(0.1, 1.0, columns).astype(np.float32).tolist()),
            standardise=standardise,
            length=length,
            candidates=items,
            reasons=3,
            decay=tuple(rng.choice([0.0, 2.0, 4.0], columns).tolist()),
        ),
        second=second,
    )


def filled(row: Array) -> Array:
    """A list without the entries past its end."""
    end = (row >= 0).sum()
    assert np.all(row[:end] >= 0)
    return np.asarray(row[:end])


def assert_best(listed: Array, found: Array, scores: Array, allowed: Array, length: int) -> None:
    """Check that a list holds the best of the allowed items by their exact scores.

    Single precision may swap items whose exact scores are all but equal, so a list is right when
    its own scores are right, it is sorted by them, and nothing better was left out.

    Args:
        listed: (n,), items.
        found: (n,), their scores.
        scores: (items,), all exact scores.
        allowed: (items,), True for what may be listed.
        length: k.
    """
    assert listed.size == min(length, allowed.sum())
    assert np.unique(listed).size == listed.size
    assert np.all(allowed[listed])
    np.testing.assert_allclose(found, scores[listed], atol=TOLERANCE, rtol=TOLERANCE)
    assert np.array_equal(np.lexsort((listed, -found)), np.arange(listed.size))
    left = allowed.copy()
    left[listed] = False
    if listed.size and left.any():
        slack = TOLERANCE * (1.0 + abs(found[-1]))
        assert scores[left].max() <= found[-1] + slack


def ragged(mask: Array) -> tuple[Array, Array]:
    """A mask as indptr and items, user by user."""
    indptr = np.concatenate(([0], np.cumsum(mask.sum(axis=1)))).astype(np.int64)
    return read_only(indptr), read_only(np.nonzero(mask)[1].astype(np.int32))


def sparse_rows(matrix: Array) -> CSR:
    rows = sparse.csr_array(matrix)
    return csr(
        rows.indptr.astype(np.int64), rows.indices.astype(np.int32), rows.data.astype(np.float32)
    )


def _single(values: Array) -> Array:
    """Numbers that single precision holds, in double precision."""
    return values.astype(np.float32).astype(np.float64)
