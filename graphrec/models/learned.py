"""What a fitted model consists of."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.columns import INDEX, ITEM, USER
from graphrec.data.column_types import quoted
from graphrec.data.columns_found import InteractionColumns
from graphrec.data.interactions import Interactions
from graphrec.graph.bipartite import UserItemGraph
from graphrec.graph.pairs import PairTable
from graphrec.kept import Kept
from graphrec.ranking.tables import ItemTables


@dataclass(frozen=True)
class Learned:
    """The histories and the tables of a fit."""

    columns: InteractionColumns  # the input's names
    item_type: T.DataType
    tables: ItemTables
    profiles: DataFrame  # (user, items, weights, times): the histories that were learned from
    pairs: PairTable | None  # counted on demand where no leg needed it
    interactions: Interactions | None = None  # what was read; None in a model that was loaded
    kept: Kept = field(default_factory=Kept, repr=False)  # owns the histories, where persisted

    @cached_property
    def graph(self) -> UserItemGraph:
        """The histories as a graph, made when it is first asked for."""
        return UserItemGraph.from_profiles(self.profiles, self.tables.catalogue)

    def unpersist(self) -> None:
        """Free the memory that the histories, the interactions and the graph take."""
        self.kept.unpersist()
        if self.interactions is not None:
            self.interactions.unpersist()
        if "graph" in vars(self):
            self.graph.unpersist()

    @property
    def spark(self) -> SparkSession:
        """The session that the histories are in."""
        return self.profiles.sparkSession

    @property
    def items(self) -> DataFrame:
        """(item, index: int)."""
        return self.tables.catalogue.indices(self.spark)

    def indexed(self, dataset: DataFrame) -> DataFrame:
        """(user, index: int) of the distinct pairs of a frame whose item is known."""
        user, item = quoted(self.columns.user).alias(USER), quoted(self.columns.item).alias(ITEM)
        pairs = dataset.select(user, item).distinct()
        return pairs.join(F.broadcast(self.items), ITEM).select(USER, INDEX)
