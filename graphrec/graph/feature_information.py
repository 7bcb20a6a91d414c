"""How much each feature of items says about what users take: a mutual information, in bits.

Whoever takes an item takes its values of a feature. If users differ in the values that they take, a
user's other interactions tell something of the next: by the share of value f among the n others,
shrunk to the share P(f) of all users,

    Q(f) = (n·share + α·P(f)) / (n + α),    gain = log2(Q(f) / P(f)).

The mean gain of the values that users took, each left out of the others in its turn, is at most the
mutual information of user and value, and 0 or less in expectation where there is none. A user
counts once, so the interval is that of a mean over users. α is the best of a few, for a feature of
many values needs more shrinkage; a feature that says nothing loses with each of them.

A value of a list, a text or a number has the share of the item's that is the square of its weight,
as a feature's part of an item has length 1 (`graphrec.data.feature_encoding`). Vectors have no
values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from scipy import special

from graphrec.columns import ITEMS
from graphrec.data.feature_encoding import VECTOR_KIND, Sparse
from graphrec.data.item_features import ItemFeatures
from graphrec.kernels.csr import row_indices
from graphrec.spark.arrow import offsets, values
from graphrec.spark.shared_arrays import SharedArrays, share_arrays

SHRINKAGE: Final = (5.0, 20.0, 100.0, 1000.0, 20000.0)  # α that are tried
_BLOCK: Final = 256  # users whose values are counted at a time
_UNIT: Final = float(1 << 30)  # sums over users are of whole numbers: no order changes them
_SCHEMA: Final = "cell int, users bigint, total bigint, squares bigint"


@dataclass(frozen=True)
class FeatureInformation:
    """How much a feature says about what users take.

    Attributes:
        feature: its name.
        kind: see `graphrec.data.feature_encoding`.
        bits: the mean gain, per interaction; None of a vector, which is not judged.
        ci_low, ci_high: 95 % interval of the mean.
        users: who have at least two items with a value.
    """

    feature: str
    kind: str
    bits: float | None
    ci_low: float | None
    ci_high: float | None
    users: int

    @property
    def tells(self) -> bool:
        """Whether it says something beyond chance; what is not judged is given the benefit."""
        return self.bits is None or (self.ci_low is not None and self.ci_low > 0)


def feature_information(
    histories: DataFrame, features: ItemFeatures, support: npt.NDArray[np.int64]
) -> list[FeatureInformation]:
    """Judge each feature by what users have.

    Args:
        histories: (user, items: array<int>, ...).
        features: of the items, and perhaps of others behind them.
        support: (items,), users who have each item.
    """
    shares = features.matrix[: support.size].astype(np.float64)
    shares.data **= 2
    taken = np.asarray(shares.T @ support.astype(np.float64))
    of_feature = np.bincount(features.owners, taken, minlength=len(features.kinds))
    prior = np.divide(taken, of_feature[features.owners], where=taken > 0, out=np.zeros_like(taken))
    shared = share_arrays(
        histories.sparkSession,
        {
            "indptr": shares.indptr.astype(np.int64),
            "indices": shares.indices,
            "data": shares.data,
            "prior": prior,
            "owners": features.owners,
        },
    )
    sums = (
        histories.select(ITEMS)
        .mapInArrow(partial(_sum_batches, shared=shared), _SCHEMA)
        .groupBy("cell")
        .agg(*(F.sum(name) for name in ("users", "total", "squares")))
        .toArrow()  # a row per feature and α
    )
    table = np.zeros((len(features.kinds) * len(SHRINKAGE), 3))
    cell, *columns = (column.to_numpy() for column in sums.columns)
    table[cell] = np.column_stack(columns)
    by_feature = table.reshape(len(features.kinds), len(SHRINKAGE), 3)
    return [
        _judged(name, kind, figures)
        for (name, kind), figures in zip(features.kinds.items(), by_feature, strict=True)
    ]


def _judged(feature: str, kind: str, figures: npt.NDArray[np.float64]) -> FeatureInformation:
    """One feature, by the α of the largest mean.

    Args:
        feature: its name.
        kind: its kind.
        figures: (α, 3), users, and the sums of their gains and of the squares, in whole units.
    """
    users = int(figures[0, 0])
    if kind == VECTOR_KIND or users < 2:
        return FeatureInformation(feature, kind, None, None, None, users)
    mean = figures[:, 1] / _UNIT / users
    variance = np.maximum(figures[:, 2] / _UNIT / users - mean**2, 0.0) * users / (users - 1)
    best = int(mean.argmax())
    half = float(special.ndtri(0.975) * np.sqrt(variance[best] / users))
    bits = float(mean[best])
    return FeatureInformation(feature, kind, bits, bits - half, bits + half, users)


def _sum_batches(
    batches: Iterable[pa.RecordBatch], *, shared: SharedArrays
) -> Iterator[pa.RecordBatch]:
    """The sums over the users of each batch, by feature and α."""
    table = shared.open()
    owners = table["owners"]
    shape = (table["indptr"].size - 1, owners.size)
    shares = Sparse((table["data"], table["indices"], table["indptr"]), shape=shape)
    for batch in batches:
        indptr, items = offsets(batch[ITEMS]), values(batch[ITEMS], np.int32)
        gains = [
            user_gains(indptr[first : first + _BLOCK + 1], items, shares, table["prior"], owners)
            for first in range(0, batch.num_rows, _BLOCK)
        ]
        gain = np.concatenate([np.empty((0, owners.max(initial=-1) + 1, len(SHRINKAGE))), *gains])
        counted = ~np.isnan(gain)
        whole = np.rint(np.where(counted, gain, 0.0) * _UNIT)
        squares = np.rint(np.where(counted, gain, 0.0) ** 2 * _UNIT)
        sums = [part.sum(axis=0).reshape(-1).astype(np.int64) for part in (counted, whole, squares)]
        cells = np.arange(sums[0].size, dtype=np.int32)
        names = ("cell", "users", "total", "squares")
        yield pa.RecordBatch.from_arrays([pa.array(a) for a in (cells, *sums)], names)


def user_gains(
    indptr: npt.NDArray[np.int64],
    items: npt.NDArray[np.int32],
    shares: Sparse,
    prior: npt.NDArray[np.float64],
    owners: npt.NDArray[np.int32],
) -> npt.NDArray[np.float64]:
    """The mean gain of each of some users, (users, features, α); NaN without two valued items.

    Args:
        indptr: (users + 1,), where each history begins and the last ends among the items.
        items: of all histories.
        shares: (items, values), each feature's part of a row sums to 1, or is empty.
        prior: (values,), P, each feature's sums to 1.
        owners: (values,), the feature of each value.
    """
    users, features = indptr.size - 1, int(owners.max(initial=-1)) + 1
    rows = Sparse(shares[items[indptr[0] : indptr[-1]]])
    user_of = row_indices(indptr - indptr[0])
    entries = user_of.size
    summing = Sparse((np.ones(entries), (user_of, np.arange(entries))), shape=(users, entries))
    counts = (summing @ rows).toarray()  # (users, values), of a block
    number = np.zeros((users, features))
    np.add.at(number.T, owners, counts.T)
    user, value = np.repeat(user_of, np.diff(rows.indptr)), rows.indices
    others = counts[user, value] - rows.data
    number_of_others = number[user, owners[value]] - 1.0
    gains = np.full((users, features, len(SHRINKAGE)), np.nan)
    enough = number > 1.5
    cell = user.astype(np.int64) * features + owners[value]
    for n, alpha in enumerate(SHRINKAGE):
        likely = (others + alpha * prior[value]) / (number_of_others + alpha)
        gain = rows.data * np.log2(np.maximum(likely, 1e-300) / prior[value])
        total = np.bincount(cell, gain, minlength=users * features).reshape(users, features)
        gains[:, :, n] = np.where(enough, total / np.maximum(number, 1.0), np.nan)
    return gains
