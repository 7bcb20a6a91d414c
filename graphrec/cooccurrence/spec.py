"""What is counted for each pair of items, and the rows of the pair table that are made of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from graphrec.columns import AFTER, INDICES, ITEMS, TIMES, TOGETHER, USER, WEIGHTS
from graphrec.cooccurrence.pair_kernel import Histories, count_pairs
from graphrec.cooccurrence.pair_kernel_input import read_histories
from graphrec.kernels.types import Indices, Vector
from graphrec.spark.packed_rows import RowBlock


@dataclass(frozen=True)
class PairCount:
    """What is counted for each pair, and which pairs are kept."""

    items: int
    channels: tuple[float, ...]  # exponents; the first one's cosine selects the neighbours
    max_neighbours: int
    min_support: int
    ordered: bool

    @property
    def entries(self) -> dict[str, type[np.generic]]:
        """The names and types of the values that are counted for each pair."""
        counts = (INDICES, TOGETHER, AFTER) if self.ordered else (INDICES, TOGETHER)
        return dict.fromkeys(counts, np.int32) | {f"sums_{e}": np.float32 for e in self.channels}

    @property
    def most_bytes(self) -> int:
        """Bytes of the largest table, in which all items have as many neighbours as they may."""
        return self.items * min(self.max_neighbours, self.items) * 4 * len(self.entries)

    def read_columns(self, histories: DataFrame) -> DataFrame:
        """The columns of (user, items, weights, times) that are read."""
        return histories.select(USER, ITEMS, WEIGHTS, *([TIMES] if self.ordered else []))

    def read(self, histories: pa.Table) -> Histories:
        """Arrange histories for counting."""
        return read_histories(histories, self.items, self.channels, ordered=self.ordered)

    def rows(self, index: Indices, histories: Histories, norm: Vector) -> RowBlock:
        """Some rows of the table.

        Args:
            index: (rows,), which.
            histories: all that hold one of these items.
            norm: (items,), the square root of each item's own sum in the first channel.
        """
        found = count_pairs(index, histories, norm, self.max_neighbours, self.min_support)
        sums = {f"sums_{e}": found.sums[:, channel] for channel, e in enumerate(self.channels)}
        entries = found._asdict() | sums
        return RowBlock(index, found.indptr, {name: entries[name] for name in self.entries})
