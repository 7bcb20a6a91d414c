"""Profiles: what is known of users beside their interactions, as vectors; it needs no Spark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphrec.data.feature_encoding import FeatureEncoding

FRACTION_BITS: Final = 16  # of a vector's numbers, so that sums of them are exact


@dataclass(frozen=True)
class Profiles:
    """How features of users become vectors.

    Attributes:
        encoding: of the features.
        user: the name of the input's user column.
    """

    encoding: FeatureEncoding
    user: str

    def described(self) -> dict[str, Any]:
        """As JSON; see `from_described`."""
        return {"user": self.user, "encoding": self.encoding.described()}

    @staticmethod
    def from_described(described: Mapping[str, Any] | None) -> Profiles | None:
        """The inverse of `described`; None of None."""
        if described is None:
            return None
        encoding = FeatureEncoding.from_described(described["encoding"])
        return Profiles(encoding, described["user"])

    @property
    def width(self) -> int:
        """The length of the vectors."""
        return len(self.encoding.kept) + 1

    def matrix(self, table: pa.Table) -> npt.NDArray[np.float32]:
        """The vectors of some users, (rows, width); 0 throughout where nothing is known.

        Args:
            table: a column per feature; null, or no column at all, where it is not known.
        """
        vectors = np.zeros((table.num_rows, self.width), np.float32)
        one = 1 << FRACTION_BITS
        vectors[:, :-1] = np.rint(self.encoding.matrix(table).toarray() * one) / one
        vectors[:, -1] = (vectors[:, :-1] != 0.0).any(axis=1)
        return vectors
