"""A recommender of one's own: items that share genres with the items of the history."""

from __future__ import annotations

from typing import Any

import numpy as np
from pyspark.sql import DataFrame
from scipy import sparse

from graphrec.columns import INDEX, ITEM
from graphrec.cooccurrence.table import PairTable
from graphrec.data.dataset import Dataset
from graphrec.kernels.csr import csr
from graphrec.params import between, param
from graphrec.recommenders.base import Leg, Recommender
from graphrec.recommenders.learning_estimator import Given
from graphrec.recommenders.model import RecommenderModel
from graphrec.serving.tables import NeighbourLeg


class GenreModel(RecommenderModel):
    """Scores are sums of Jaccard similarities of genres over the history."""


class GenreRecommender(Recommender):
    """Compares items by the Jaccard similarity of their genres.

    Args:
        genres: (item, genres: string), separated by `|`; items that nobody has are ignored.
        **values: parameters by keyword.
    """

    leastSimilarity = param(0.2, "similarity below which items do not count", between(0.0, 1.0))

    leg = "genre"  # names the column of the lists with this leg's share
    _model = GenreModel

    def __init__(self, genres: DataFrame, **values: Any) -> None:
        super().__init__(**values)
        self.genres = genres

    def given(self) -> Given:
        """The frame, which is saved with the Estimator."""
        return {"genres": self.genres}

    def learn(self, dataset: Dataset, pairs: PairTable | None) -> list[Leg]:
        """The leg "genre": for each item those that share genres with it."""
        similar = _jaccard(self._item_genres(dataset))
        similar.data[similar.data < self.value("leastSimilarity")] = 0.0
        similar.setdiag(0.0)  # an item says nothing about itself
        similar.eliminate_zeros()
        similar.sort_indices()
        rows = csr(
            similar.indptr.astype(np.int64),
            similar.indices.astype(np.int32),
            similar.data.astype(np.float32),
        )
        return [NeighbourLeg(self.leg, rows)]

    def _item_genres(self, dataset: Dataset) -> sparse.csr_array:
        """Which item has which genre, (items, genres) of 0 and 1; catalogue-sized."""
        items = dataset.catalogue.indices(dataset.spark)
        known = self.genres.toDF(ITEM, "genres").join(items, ITEM).toPandas()
        pairs = known.set_index(INDEX)["genres"].str.split("|").explode().dropna()
        names, column = np.unique(pairs.to_numpy(str), return_inverse=True)
        shape = (dataset.catalogue.size, names.size)
        return sparse.csr_array((np.ones(column.size), (pairs.index.to_numpy(), column)), shape)


def _jaccard(has: sparse.csr_array) -> sparse.csr_array:
    """|A and B| / |A or B| of the rows' sets, where they share anything."""
    shared = sparse.csr_array(has @ has.T)
    size = has.sum(axis=1)
    row = np.repeat(np.arange(size.size), np.diff(shared.indptr))
    shared.data /= size[row] + size[shared.indices] - shared.data
    return shared
