"""The features of the items of a catalogue; for what they become, see `feature_encoding`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphrec.data.feature_encoding import Sparse, learn_encoding


@dataclass(frozen=True)
class ItemFeatures:
    """The features of the items of a catalogue.

    Attributes:
        matrix: (items, columns) float32, each feature's part of a row of length 1, or 0.
        names: of the columns, such as "genres: Comedy".
        owners: (columns,), the feature of each, by its position in `kinds`.
        kinds: by feature, of those that say something.
        left_out: the other features, and why.
    """

    matrix: Sparse
    names: tuple[str, ...]
    owners: npt.NDArray[np.int32]
    kinds: Mapping[str, str]
    left_out: Mapping[str, str]

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """(items,), whether anything is known of an item."""
        return np.diff(self.matrix.indptr) > 0

    def without(self, features: Mapping[str, str]) -> ItemFeatures:
        """The others of these features.

        Args:
            features: those that are left out, and why.
        """
        stay = [name not in features for name in self.kinds]
        kept = np.flatnonzero(np.array(stay)[self.owners])
        return ItemFeatures(
            Sparse(self.matrix[:, kept]),
            tuple(self.names[column] for column in kept),
            (np.cumsum(stay, dtype=np.int32) - 1)[self.owners[kept]],
            {name: kind for name, kind in self.kinds.items() if name not in features},
            {**self.left_out, **features},
        )


def encode(table: pa.Table, kinds: Mapping[str, str | None]) -> ItemFeatures:
    """Encode the features of items.

    Args:
        table: a row per item, a column per feature.
        kinds: by the names of the features; None: by the values, see `kind_of`.

    Raises:
        ColumnError: a column cannot be of its kind, or none says anything about the items.
    """
    encoding = learn_encoding(table, kinds)
    matrix, names, owners = encoding.matrix(table), encoding.names, encoding.owners
    return ItemFeatures(matrix, names, owners, encoding.kinds, encoding.left_out)
