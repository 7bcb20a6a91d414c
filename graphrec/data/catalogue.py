"""The items that were interacted with, numbered by descending popularity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphrec.columns import INDEX, ITEM, SUPPORT

if TYPE_CHECKING:  # a catalogue that is served needs no Spark
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class Catalogue:
    """The item table on the driver: as large as the catalogue, never as large as the users.

    Items are numbered 0, 1, ... by descending support, ties by id, so that an item's index is
    also its popularity rank, whatever the partitioning of the input.
    """

    ids: pa.Array  # (items,), of the input's own type
    support: npt.NDArray[np.int64]  # (items,), number of users who have the item

    @property
    def size(self) -> int:
        """Number of items."""
        return len(self.ids)

    def index_of(self, item: Any) -> int | None:
        """The index of an item by its id, of the ids' type; None if there is none."""
        index = pc.index(self.ids, pa.scalar(item, self.ids.type)).as_py()
        return index if index >= 0 else None

    def to_frame(self, spark: SparkSession) -> DataFrame:
        """As a DataFrame (item, index: int, support: long)."""
        return spark.createDataFrame(
            pa.table(
                {
                    ITEM: self.ids,
                    INDEX: pa.array(np.arange(self.size, dtype=np.int32)),
                    SUPPORT: pa.array(self.support),
                }
            )
        )

    def indices(self, spark: SparkSession) -> DataFrame:
        """(item, index: int), to go from ids to indices and back."""
        return self.to_frame(spark).select(ITEM, INDEX)

    @staticmethod
    def from_interactions(interactions: DataFrame) -> Catalogue:
        """Count and number the items of (user, item, ...), one row per pair."""
        counted = interactions.groupBy(ITEM).count().withColumnRenamed("count", SUPPORT)
        return Catalogue.from_table(counted.toArrow())

    @staticmethod
    def from_frame(frame: DataFrame) -> Catalogue:
        """The inverse of `to_frame`."""
        return Catalogue.from_table(frame.select(ITEM, SUPPORT).toArrow())

    @staticmethod
    def from_table(table: pa.Table) -> Catalogue:
        """Number the items of (item, support)."""
        order = pc.sort_indices(table, sort_keys=[(SUPPORT, "descending"), (ITEM, "ascending")])
        table = table.take(order).combine_chunks()
        return Catalogue(
            ids=_one_chunk(table[ITEM]),
            support=table[SUPPORT].to_numpy().astype(np.int64),
        )


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
