"""What all recommenders learn from: the clean interactions as tables, made once per fit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.storagelevel import StorageLevel

from graphrec.columns import ITEM, WEIGHT
from graphrec.data.catalogue import Catalogue
from graphrec.data.columns_found import InteractionColumns, find_columns
from graphrec.data.duplicates import decayed
from graphrec.data.interactions import InteractionFigures, Interactions, validate_interactions
from graphrec.data.profiles import build_profiles, cap_histories
from graphrec.graph.pairs import PairTable, build_pair_table
from graphrec.models.params import TrainingParams
from graphrec.progress import stage

READ = "read"
HISTORIES = "histories"
ITEM_PAIRS = "item pairs"


@dataclass
class TrainingData:
    """Histories, catalogue and pair table of one fit; the pair table is counted when asked for."""

    spark: SparkSession
    columns: InteractionColumns
    interactions: Interactions
    catalogue: Catalogue
    profiles: DataFrame  # (user, items, weights, times), persisted
    users: int
    item_type: T.DataType
    params: TrainingParams
    exponents: frozenset[float] = frozenset()
    _pairs: PairTable | None = field(default=None, repr=False)

    @property
    def figures(self) -> InteractionFigures:
        """What was read and set aside."""
        return self.interactions.figures

    def pairs(self) -> PairTable:
        """The pair table, with the sums that any leg of this fit wants; counted once."""
        if self._pairs is None:
            with stage(ITEM_PAIRS) as counts:
                self._pairs = count_pairs_of(
                    self.profiles,
                    self.catalogue.size,
                    self.params,
                    self.exponents,
                    ordered=self.columns.timestamp is not None,
                )
                counts["pairs"] = self._pairs.neighbour.size
        return self._pairs


def count_pairs_of(
    profiles: DataFrame,
    items: int,
    params: TrainingParams,
    exponents: Iterable[float],
    *,
    ordered: bool,
) -> PairTable:
    """The pair table of some histories, as the parameters say."""
    capped = cap_histories(profiles, params.value("maxHistory"))
    return build_pair_table(
        capped,
        items,
        exponents=sorted(exponents),
        max_partners=params.partners_kept(items),
        min_support=params.value("minSupport"),
        ordered=ordered,
        block_entries=params.value("blockEntries"),
    )


def prepare(
    dataset: DataFrame, params: TrainingParams, exponents: Iterable[float] = ()
) -> TrainingData:
    """Check the interactions, number the items and gather the histories.

    Args:
        dataset: interactions, with the columns that the parameters name or that have usual names.
        params: of the recommender.
        exponents: of the user's strength, wanted in the pair table.

    Raises:
        ColumnError: a column is not there or cannot be used.
        ParameterError: interactions are to decay, and have no times.
        EmptyInputError: no row is accepted.
    """
    columns = find_columns(
        dataset,
        user=params.value("userCol"),
        item=params.value("itemCol"),
        rating=params.value("ratingCol"),
        timestamp=params.value("timestampCol"),
    )
    with stage(READ) as counts:
        interactions = validate_interactions(
            dataset,
            columns,
            duplicates=params.value("duplicates"),
            half_life_days=params.value("halfLife"),
        )
        figures = interactions.figures
        counts.update(
            {"rows": figures.rows_read, "accepted": figures.accepted_rows}
            | {"set aside": figures.rejected_rows}
        )
    accepted = _weighed(interactions, params)
    with stage(HISTORIES) as counts:
        catalogue = Catalogue.from_interactions(accepted)
        profiles = build_profiles(accepted, catalogue).persist(StorageLevel.MEMORY_AND_DISK)
        users = profiles.count()
        counts.update({"users": users, "items": catalogue.size})
    return TrainingData(
        spark=dataset.sparkSession,
        columns=columns,
        interactions=interactions,
        catalogue=catalogue,
        profiles=profiles,
        users=users,
        item_type=interactions.accepted.schema[ITEM].dataType,
        params=params,
        exponents=frozenset(exponents),
    )


def _weighed(interactions: Interactions, params: TrainingParams) -> DataFrame:
    """(user, item, weight, timestamp) with the weights that the models learn from."""
    if params.value("preference") == "weight":
        return interactions.accepted
    weight = F.lit(1.0)
    half_life, latest = params.value("halfLife"), interactions.figures.latest
    if half_life is not None and latest is not None:
        weight = decayed(weight, latest=latest, half_life_days=half_life)
    return interactions.accepted.withColumn(WEIGHT, weight)
