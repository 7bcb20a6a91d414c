"""A table of item features, brought into the order of a catalogue with its new items behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import ITEM
from graphrec.data.checks import require_columns
from graphrec.data.column_types import quoted
from graphrec.data.dataset import Dataset
from graphrec.data.feature_encoding import feature_kinds
from graphrec.data.frames import require_frame
from graphrec.data.interaction_columns import MALFORMED_LINE
from graphrec.data.item_features import ItemFeatures, encode
from graphrec.errors import ColumnError
from graphrec.graph.feature_information import FeatureInformation, feature_information
from graphrec.spark.arrow import one_array

NOTHING: Final = "it says nothing of what users take"
_OF: Final = "the table of item features"


def read_features(
    dataset: Dataset,
    frame: DataFrame,
    features: Sequence[str] | None,
    others: pa.Array | None = None,
) -> tuple[pa.Array, ItemFeatures]:
    """Read the features of the items of a dataset, and of items that nobody has.

    Args:
        dataset: has the items.
        frame: the input's item column, and the features; catalogue-sized.
        features: see `parse_features`; None: all other columns, but those that say nothing of what
            users take.
        others: ids of more items, of which nothing may be known.

    Returns:
        the ids of items that the dataset does not have, ascending, and the features of all items:
        first those of the catalogue, then the new ones.

    Raises:
        ColumnError: a column is not there or cannot be used, an item has several rows, or no
            feature says anything.
        ParameterError: it is no table, or a feature is of an unknown kind.
    """
    new, encoded = _read(dataset, frame, features, others)
    if features is not None:
        return new, encoded
    nothing = {one.feature: NOTHING for one in _judge(dataset, encoded) if not one.tells}
    useful = len(nothing) < len(encoded.kinds)  # where none tells anything, all are used
    return new, encoded.without(nothing) if useful else encoded


def judge_features(
    dataset: Dataset, frame: DataFrame, features: Sequence[str] | None = None
) -> list[FeatureInformation]:
    """How much each feature of items says about what users take.

    Args:
        dataset: has the items and the histories.
        frame: see `read_features`.
        features: see `parse_features`; None: all other columns.

    Returns:
        One for each feature of which several items share a value, in the order of the features.

    Raises:
        As `read_features`.
    """
    return _judge(dataset, _read(dataset, frame, features)[1])


def _judge(dataset: Dataset, features: ItemFeatures) -> list[FeatureInformation]:
    return feature_information(dataset.histories, features, dataset.catalogue.support)


def _read(
    dataset: Dataset,
    frame: DataFrame,
    features: Sequence[str] | None,
    others: pa.Array | None = None,
) -> tuple[pa.Array, ItemFeatures]:
    """As `read_features`, with all features that are encoded."""
    require_frame(frame, _OF)
    ids = dataset.items_of(frame).try_cast(dataset.item_type)
    apart_from = (dataset.columns.item, MALFORMED_LINE)
    kinds = feature_kinds(frame.columns, features, apart_from=apart_from, of=_OF)
    require_columns(frame, *kinds, of=_OF)
    named = frame.select(ids.alias(ITEM), *(quoted(name).alias(f"of {name}") for name in kinds))
    table = named.where(F.col(ITEM).isNotNull()).toArrow()  # catalogue-sized
    known = dataset.catalogue.ids
    given = one_array(table[ITEM]).cast(known.type)
    _require_one_row_each(given, dataset.columns.item)
    all_ids = given if others is None else pc.unique(pa.concat_arrays([given, others]))
    new = all_ids.filter(pc.invert(pc.is_in(all_ids, known)))
    new = new.take(pc.sort_indices(new))
    rows = pc.index_in(pa.concat_arrays([known, new]), given)  # null: an item without a row
    columns = {name: table[f"of {name}"].take(rows) for name in kinds}
    return new, encode(pa.table(columns), kinds)


def _require_one_row_each(ids: pa.Array, name: str) -> None:
    if len(ids) == pc.count_distinct(ids).as_py():
        return
    counted = pc.value_counts(ids)
    most = pc.index(counted.field("counts"), pc.max(counted.field("counts"))).as_py()
    found = counted[most].as_py()
    raise ColumnError(
        "item features must have one row per item",
        found=f"{found['counts']} rows of the {name} {found['values']!r}",
        fix="join several values of an item by |, or make them an array",
    )
