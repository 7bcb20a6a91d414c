"""A model's tables with a place for items that nobody, or hardly anybody, has had.

Every leg of a model is about items: their vectors, or weights between them. For a new item both are
predicted from its features, in the same unit as those of the others:

- **factor legs**: the item's vector, by ridge regression on the features and by the average of its
  nearest items' vectors, half and half. An item that n users have keeps its own vector to the share
  n / (n + m), so that what was learned takes over as it grows.
- **neighbour legs**: rows and columns of the weights, averages over those of the nearest items.

New items are appended to the catalogue, with a support of 0: they are less popular than all others.
What share of the users would have each is predicted by the same means, so that it is listed among
what is popular to users of whom nothing is known.
An item of whose features nothing is known gets no place, for it would be everybody's average item.
So the kernel, and whoever serves a saved model, finds tables like any others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphrec.data.catalogue import Catalogue
from graphrec.data.feature_encoding import Sparse
from graphrec.data.item_features import ItemFeatures
from graphrec.recommenders.constant_fold_in import ConstantFoldIn
from graphrec.recommenders.content.nearest import Nearest, nearest
from graphrec.recommenders.content.neighbours import complete_neighbours
from graphrec.recommenders.content.vectors import regress
from graphrec.serving.eigenbasis import rotate
from graphrec.serving.fallback import make_fallback
from graphrec.serving.item_factors import ItemFactors
from graphrec.serving.tables import FactorLeg, ItemTables

MIN_SHARE: Final = 0.05  # of a predicted vector, below which the learned one stays as it is


@dataclass(frozen=True)
class Completion:
    """How items get their places.

    Attributes:
        reg_param: λ of the regression.
        neighbours: nearest items that are averaged.
        prior: m, the number of users whose word counts as much as the features'.
    """

    reg_param: float
    neighbours: int
    prior: float

    def complete(self, tables: ItemTables, new: pa.Array, features: ItemFeatures) -> ItemTables:
        """The tables with new items.

        Args:
            tables: of the items that somebody has.
            new: ids of the others, which are appended.
            features: of both, in this order.
        """
        support = tables.catalogue.support
        users = np.concatenate((support, np.zeros(len(new), np.int64)))
        share = np.where(features.known, self.prior / (users + self.prior), 0.0)
        changed = np.flatnonzero(share >= MIN_SHARE)
        near = nearest(features.matrix, changed, support.size, self.neighbours)
        places = _Places(features, support, changed, share[changed], near)
        neighbours, similarity = complete_neighbours(tables, places.new_weights(len(new)))
        completed = replace(
            tables,
            catalogue=with_new(tables.catalogue, new),
            neighbours=neighbours,
            similarity=similarity,
            factor_legs=tuple(
                FactorLeg(leg.name, self._completed(leg.factors, places))
                for leg in tables.factor_legs
            ),
        )
        expected = self._expected_popularity(tables.popularity, places)
        return replace(completed, fallback=make_fallback(completed.popularity, expected=expected))

    def _completed(self, factors: ItemFactors, places: _Places) -> ItemFactors:
        """A leg's vectors with those of new items, in the eigenbasis of all."""
        vectors = np.zeros((places.items, factors.rank), np.float32)
        vectors[: places.support.size] = factors.vector
        if not isinstance(factors.fold_in, ConstantFoldIn):  # its score is a count, and not taste
            share = places.share[:, np.newaxis]
            shaped = np.where(factors.vector.any(axis=1), places.support, 0)
            predicted = self._predicted(factors.vector, shaped, places)
            changed = places.changed
            vectors[changed] = (1.0 - share) * vectors[changed] + share * predicted
        return ItemFactors(*rotate(vectors), factors.fold_in)

    def _expected_popularity(
        self, popularity: npt.NDArray[np.float32], places: _Places
    ) -> npt.NDArray[np.float32]:
        """The share of the users that each new item would have, (all items,); 0 of the others.

        All known items count alike, as a new one is hardly among the popular.
        """
        alike = np.ones_like(places.support)
        predicted = self._predicted(popularity[:, np.newaxis], alike, places).reshape(-1)
        expected = np.zeros(places.items, np.float32)
        expected[places.changed] = np.maximum(predicted, 0.0)
        expected[: places.support.size] = 0.0
        return expected

    def _predicted(
        self,
        vectors: npt.NDArray[np.float32],
        support: npt.NDArray[np.int64],
        places: _Places,
    ) -> npt.NDArray[np.float64]:
        """Vectors of the items that are changed, (changed, rank).

        Args:
            vectors: (known items, rank), what is predicted.
            support: (known items,), by whose root each of them counts.
            places: the items.
        """
        features = places.features
        regression = regress(
            features.matrix[: support.size], vectors, support, reg_param=self.reg_param
        )
        predicted = regression.predict(features.matrix[places.changed])
        weights = places.near.weights(support, support.size)
        alike = np.diff(weights.indptr) > 0
        predicted[alike] += (weights @ vectors.astype(np.float64))[alike]
        predicted[alike] /= 2.0
        return predicted


@dataclass(frozen=True)
class _Places:
    """The items whose places are predicted, wholly or to a share."""

    features: ItemFeatures  # of all items
    support: npt.NDArray[np.int64]  # (known items,)
    changed: npt.NDArray[np.int64]  # (changed,), indices
    share: npt.NDArray[np.float64]  # (changed,), of what is predicted
    near: Nearest  # (changed, k)

    @property
    def items(self) -> int:
        """Number of all items."""
        return int(self.features.matrix.shape[0])

    def new_weights(self, new: int) -> Sparse:
        """Weights of known items for each new one, (new items, known items)."""
        known = self.support.size
        appended = self.changed >= known
        near = Nearest(self.near.items[appended], self.near.similarity[appended])
        weights = near.weights(self.support, known).tocoo()
        rows = (self.changed[appended] - known)[weights.row]
        return Sparse((weights.data, (rows, weights.col)), shape=(new, known))


def with_new(catalogue: Catalogue, new: pa.Array) -> Catalogue:
    """A catalogue with items that nobody has."""
    return Catalogue(
        pa.concat_arrays([catalogue.ids, new]),
        np.concatenate((catalogue.support, np.zeros(len(new), np.int64))),
    )
