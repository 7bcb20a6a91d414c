"""What a model lists to users of whom it knows nothing: what is popular now, and editor's picks.

An item's share of the users, times the ratio of `graphrec.recommenders.trend`, is the share that
it has now; by it all items are ranked that anybody has. Those that are had `MIN_RISE` times as
often as over the whole time, or more, are trending, and the others popular. Then come the items
that an editor picked and nobody has had yet, then the other new ones.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import ITEM
from graphrec.data.dataset import Dataset
from graphrec.data.frames import require_frame
from graphrec.kernels.csr import csr
from graphrec.recommenders.content.completion import with_new
from graphrec.recommenders.model import RecommenderModel
from graphrec.recommenders.trend import decayed_ratios
from graphrec.serving.fallback import make_fallback
from graphrec.serving.item_factors import ItemFactors
from graphrec.serving.tables import FactorLeg, ItemTables
from graphrec.spark.arrow import one_array

OF_PICKS: Final = "the table of default items"


def picked_items(dataset: Dataset, frame: DataFrame | None) -> pa.Array:
    """The ids that an editor picked, each once, in the order of the table.

    Args:
        dataset: has the type of the ids.
        frame: has the input's item column; None: nothing is picked.

    Raises:
        ParameterError: it is no table.
        ColumnError: it has no item column, or ids of another type.
    """
    kind = dataset.catalogue.ids.type
    if frame is None:
        return pa.array([], kind)
    require_frame(frame, OF_PICKS)
    ids = dataset.items_of(frame).try_cast(dataset.item_type).alias(ITEM)
    table = frame.select(ids).where(F.col(ITEM).isNotNull()).toArrow()  # an editor wrote it
    return pc.unique(one_array(table[ITEM]).cast(kind))


def with_fallbacks(
    model: RecommenderModel, picked: pa.Array, *, half_life: float | None
) -> RecommenderModel:
    """A model that lists what is popular now, and picked items, to users it knows nothing of.

    Args:
        model: its catalogue may have items that nobody has.
        picked: ids; those that the model does not know are added to it.
        half_life: in days, of what counts as now; None, or without times: all time counts.
    """
    unknown = picked.filter(pc.invert(pc.is_in(picked, model.dataset.catalogue.ids)))
    if len(unknown):
        tables = _with_placeless(model.tables, unknown.take(pc.sort_indices(unknown)))
        model = model.completed(tables, model.features)
    catalogue, now = model.tables.catalogue, None
    if half_life is not None and model.dataset.timed:
        now = decayed_ratios(model.dataset, half_life)
    if now is None and not len(picked):
        return model
    positions = pc.index_in(picked, catalogue.ids).to_numpy()
    predicted = model.tables.fallback
    fallback = make_fallback(
        model.tables.popularity,
        expected=None if predicted is None else predicted.score,
        ratio=now,
        picked=positions,
    )
    model.tables = replace(model.tables, fallback=fallback)
    return model


def _with_placeless(tables: ItemTables, new: pa.Array) -> ItemTables:
    """The tables with items of which no leg knows anything."""
    whole = tables.neighbours
    longer = np.concatenate((whole.indptr, np.full(len(new), whole.indptr[-1])))
    return replace(
        tables,
        catalogue=with_new(tables.catalogue, new),
        neighbours=csr(longer, whole.indices, whole.data),
        factor_legs=tuple(
            FactorLeg(leg.name, replace(leg.factors, vector=_padded(leg.factors, len(new))))
            for leg in tables.factor_legs
        ),
    )


def _padded(factors: ItemFactors, rows: int) -> npt.NDArray[np.float32]:
    return np.concatenate((factors.vector, np.zeros((rows, factors.rank), np.float32)))
