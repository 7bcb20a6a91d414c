"""Interactions on the driver, for peers that live in one process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from scipy import sparse
from scipy.sparse.linalg import svds

from benchmarks.sets.cuts import Cut

Indices: TypeAlias = npt.NDArray[np.int64]
Dense: TypeAlias = npt.NDArray[np.floating[Any]]
Scores: TypeAlias = Callable[[Indices], Dense]  # of some users, for all items

_DENSE_CELLS: Final = 10_000_000  # scores that are held at a time
_SAME: Final = 1e-9  # of a user's greatest score: closer ones are ordered by popularity


@dataclass(frozen=True)
class Interactions:
    """Users by items, 1 where they met; items by descending popularity, as ties are listed.

    Attributes:
        users: their ids.
        items: their ids.
        matrix: users by items.
        tested: indices of the test users.
        relevant: their test items by item; as many rows as `tested`.
        sizes: how many test items each has, items that training does not have included.
    """

    users: npt.NDArray[Any]
    items: npt.NDArray[Any]
    matrix: sparse.csr_array
    tested: Indices
    relevant: sparse.csr_array
    sizes: Indices

    @staticmethod
    def of(cut: Cut) -> Interactions:
        """Fetch a cut."""
        train, test = (_pairs(part) for part in (cut.train, cut.test))
        users = np.unique(train["user"])
        counts = train["item"].value_counts()
        items = counts.reset_index().sort_values(["count", "item"], ascending=[False, True])
        of_user, of_item = pd.Index(users), pd.Index(items["item"])
        tested = np.unique(test["user"])
        known = test[test["item"].isin(of_item)]
        return Interactions(
            users=users,
            items=of_item.to_numpy(),
            matrix=_ones(
                of_user.get_indexer(train["user"]),
                of_item.get_indexer(train["item"]),
                (len(users), len(items)),
            ),
            tested=of_user.get_indexer(tested),
            relevant=_ones(
                pd.Index(tested).get_indexer(known["user"]),
                of_item.get_indexer(known["item"]),
                (len(tested), len(items)),
            ),
            sizes=np.asarray(test.groupby("user").size().loc[tested], np.int64),
        )

    @cached_property
    def popularity(self) -> npt.NDArray[np.float32]:
        """How many users have each item."""
        return np.asarray(self.matrix.sum(axis=0), np.float32).ravel()

    @cached_property
    def lengths(self) -> npt.NDArray[np.float32]:
        """How many items each user has."""
        return np.asarray(self.matrix.sum(axis=1), np.float32).ravel()

    @cached_property
    def normalised(self) -> sparse.csr_array:
        """D_u^-1/2 · R · D_i^-1/2."""
        by_user = sparse.diags_array(self.lengths**-0.5)
        return (by_user @ self.matrix @ sparse.diags_array(self.popularity**-0.5)).tocsr()

    def singular_items(self, rank: int) -> npt.NDArray[np.float32]:
        """The first right singular vectors of the normalised matrix, (rank, items)."""
        rank = min(rank, min(self.matrix.shape) - 1)
        if rank not in self._singular:
            _, _, vectors = svds(self.normalised, k=rank, rng=np.random.default_rng(0))
            self._singular[rank] = vectors
        return self._singular[rank]

    @cached_property
    def _singular(self) -> dict[int, npt.NDArray[np.float32]]:
        return {}

    def lists(self, scores: Scores, users: Indices, length: int) -> Indices:
        """The best unseen items of some users, (users, length) indices, the best first.

        Args:
            scores: of some users, for all items.
            users: whose lists.
            length: of the lists.
        """
        length = min(length, self.items.size)
        listed = np.empty((users.size, length), np.int64)
        step = max(1, _DENSE_CELLS // self.items.size)
        for start in range(0, users.size, step):
            some = users[start : start + step]
            found = np.array(scores(some), np.float64)
            greatest = np.abs(found).max(axis=1, keepdims=True)
            greatest[greatest == 0.0] = 1.0
            found -= greatest * np.linspace(0.0, _SAME, self.items.size)
            found[self.matrix[some].nonzero()] = -np.inf
            best = np.argpartition(-found, length - 1, axis=1)[:, :length]
            order = np.argsort(-np.take_along_axis(found, best, axis=1), axis=1, kind="stable")
            listed[start : start + step] = np.take_along_axis(best, order, axis=1)
        return listed

    def ndcg(self, listed: Indices, rows: Indices) -> float:
        """The mean NDCG of the lists of some test users, as `graphrec.evaluation.metrics` has it.

        Args:
            listed: (rows, k) item indices.
            rows: of `tested`.
        """
        k = listed.shape[1]
        gains = 1.0 / np.log2(np.arange(2, k + 2))
        flat = self.relevant[np.repeat(rows, k), listed.ravel()]
        hits = np.asarray(flat).reshape(listed.shape) > 0
        best = np.cumsum(gains)[np.minimum(self.sizes[rows], k) - 1]
        return float(np.mean(hits @ gains / best))

    def frame(self, spark: SparkSession, listed: Indices) -> DataFrame:
        """The lists of all test users, (tested, k) item indices -> (user, item, rank)."""
        length = listed.shape[1]
        table = {
            "user": np.repeat(self.users[self.tested], length),
            "item": self.items[listed.ravel()],
            "rank": np.tile(np.arange(1, length + 1, dtype=np.int32), len(listed)),
        }
        return spark.createDataFrame(pa.table(table))


def _pairs(frame: DataFrame) -> pd.DataFrame:
    pairs: pd.DataFrame = frame.select("user", "item").distinct().toArrow().to_pandas()
    return pairs


def _ones(rows: Indices, columns: Indices, shape: tuple[int, int]) -> sparse.csr_array:
    return sparse.csr_array((np.ones(len(rows), np.float32), (rows, columns)), shape)
