"""What all recommenders learn from: the clean interactions as tables, made once per fit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.columns import ITEM, WEIGHT
from graphrec.cooccurrence.table import PairTable, build_pair_table
from graphrec.data.catalogue import Catalogue
from graphrec.data.contract import InteractionFigures, Interactions, validate_interactions
from graphrec.data.duplicates import decayed
from graphrec.data.histories import build_histories, count_users
from graphrec.data.interaction_columns import InteractionColumns, find_columns
from graphrec.errors import ColumnError
from graphrec.kernels.exact_sums import LARGEST
from graphrec.progress import stage
from graphrec.recommenders.result_columns import require_free_columns
from graphrec.recommenders.shared_params import TrainingParams
from graphrec.spark.persisted import PersistedFrames

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
    histories: DataFrame  # (user, items, weights, times), persisted
    kept: PersistedFrames  # owns the histories
    users: int
    item_type: T.DataType
    params: TrainingParams
    exponents: frozenset[float] = frozenset()
    _pairs: PairTable | None = field(default=None, repr=False)

    @property
    def figures(self) -> InteractionFigures:
        """What was read and set aside."""
        return self.interactions.figures

    def unpersist(self) -> None:
        """Free the memory that the histories and the interactions take."""
        self.kept.unpersist()
        self.interactions.unpersist()

    def pairs(self) -> PairTable:
        """The pair table, with the sums that any leg of this fit wants; counted once."""
        if self._pairs is None:
            with stage(ITEM_PAIRS) as counts:
                self._pairs = count_pairs_of(
                    self.histories,
                    self.catalogue.size,
                    self.params,
                    self.exponents,
                    ordered=self.columns.timestamp is not None,
                )
                counts["pairs"] = self._pairs.neighbour.size
        return self._pairs


def count_pairs_of(
    histories: DataFrame,
    items: int,
    params: TrainingParams,
    exponents: Iterable[float],
    *,
    ordered: bool,
) -> PairTable:
    """The pair table of some histories, as the parameters say."""
    return build_pair_table(
        histories,
        items,
        max_history=params.value("maxHistory"),
        exponents=sorted(exponents),
        max_neighbours=params.neighbours_kept(items),
        min_support=params.value("minSupport"),
        ordered=ordered,
        block_entries=params.value("blockEntries"),
    )


def prepare(
    dataset: DataFrame,
    params: TrainingParams,
    exponents: Iterable[float] = (),
    *,
    legs: Iterable[str] = (),
) -> TrainingData:
    """Check the interactions, number the items and gather the histories.

    Args:
        dataset: interactions, with the columns that the parameters name or that have usual names.
        params: of the recommender.
        exponents: of the user's strength, wanted in the pair table.
        legs: names of what will be learned, which results have as columns.

    Raises:
        ColumnError: a column is not there or cannot be used, a name is taken by the results, or
            ratings are too large as weights.
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
    require_free_columns(columns, legs)
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
            | {"rejected": figures.rejected_rows}
        )
    if params.value("preference") == "weight":
        _require_summable(interactions)
    accepted = weighed(interactions.accepted, params, latest=interactions.figures.latest)
    kept = PersistedFrames()
    with stage(HISTORIES) as counts:
        catalogue = Catalogue.from_interactions(accepted)
        histories = kept.persist(build_histories(accepted, catalogue))
        users, capped = count_users(histories, params.value("maxHistory"))
        counts.update({"users": users, "items": catalogue.size})
    return TrainingData(
        spark=dataset.sparkSession,
        columns=columns,
        interactions=replace(interactions, figures=replace(figures, capped=capped)),
        catalogue=catalogue,
        histories=histories,
        kept=kept,
        users=users,
        item_type=interactions.accepted.schema[ITEM].dataType,
        params=params,
        exponents=frozenset(exponents),
    )


def weighed(accepted: DataFrame, params: TrainingParams, *, latest: float | None) -> DataFrame:
    """(user, item, weight, timestamp) with the weights that the models learn from, and serve by.

    Args:
        accepted: see `accepted_rows`.
        params: of the recommender or the model.
        latest: the time from which ages are counted back; None: there are no times.
    """
    if params.value("preference") == "weight":
        return accepted
    weight = F.lit(1.0)
    half_life = params.value("halfLife")
    if half_life is not None and latest is not None:
        weight = decayed(weight, latest=latest, half_life_days=half_life)
    return accepted.withColumn(WEIGHT, weight)


def _require_summable(interactions: Interactions) -> None:
    """Raise a ColumnError where the weights' squares cannot be summed up exactly."""
    row = interactions.accepted.agg(F.max(WEIGHT)).first()
    assert row is not None  # an aggregate without groups has one row
    largest, number = row[0], interactions.figures.interactions
    if largest * largest * number > LARGEST:
        raise ColumnError(
            "ratings are too large to be weights",
            found=f"{largest:g} among {number:,} interactions",
            fix='divide them, take their logarithm, or leave preference at "binary"',
        )
