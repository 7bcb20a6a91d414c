"""What a fitted model consists of."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.columns import INDEX, ITEM, TIMES, USER
from graphrec.cooccurrence.table import PairTable
from graphrec.data.contract import Interactions
from graphrec.data.id_types import id_column
from graphrec.data.interaction_columns import InteractionColumns
from graphrec.graph.bipartite import UserItemGraph
from graphrec.serving.tables import ItemTables
from graphrec.spark.persisted import PersistedFrames


@dataclass(frozen=True)
class Learned:
    """The histories and the tables of a fit."""

    columns: InteractionColumns  # the input's names
    item_type: T.DataType
    tables: ItemTables
    histories: DataFrame  # (user, items, weights, times): the histories that were learned from
    pairs: PairTable | None  # counted on demand where no leg needed it
    interactions: Interactions | None = None  # what was read; None in a model that was loaded
    kept: PersistedFrames = field(
        default_factory=PersistedFrames, repr=False
    )  # owns the histories, where persisted

    @cached_property
    def graph(self) -> UserItemGraph:
        """The histories as a graph, made when it is first asked for."""
        return UserItemGraph.from_histories(self.histories, self.tables.catalogue)

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
        return self.histories.sparkSession

    @property
    def items(self) -> DataFrame:
        """(item, index: int)."""
        return self.tables.catalogue.indices(self.spark)

    @property
    def user_type(self) -> T.DataType:
        """The type of the user ids."""
        return self.histories.schema[USER].dataType

    @cached_property
    def latest(self) -> float | None:
        """The latest time of the histories, from which ages are counted; None without times."""
        latest = self.histories.agg(F.max(F.array_max(TIMES))).first()
        assert latest is not None  # an aggregate without groups has one row
        return latest[0]

    def users_of(self, frame: DataFrame) -> Column:
        """The user ids of a frame that has the training data's user column, see `id_column`."""
        return id_column(frame, "user", self.columns.user, self.user_type)

    def items_of(self, frame: DataFrame) -> Column:
        """The item ids of a frame that has the training data's item column, see `id_column`."""
        return id_column(frame, "item", self.columns.item, self.item_type)

    def indexed(self, dataset: DataFrame) -> DataFrame:
        """(user, index: int) of the distinct pairs of a frame whose item is known."""
        user, item = self.users_of(dataset).alias(USER), self.items_of(dataset).alias(ITEM)
        pairs = dataset.select(user, item).distinct()
        return pairs.join(F.broadcast(self.items), ITEM).select(USER, INDEX)
