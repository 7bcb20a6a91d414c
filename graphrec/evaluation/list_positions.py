"""The places of items in ranked lists: an item counts once, at the first place that it has.

All metrics of lists read them by this rule, so that none is above what its formula allows, whatever
a list looks like:

- an item that stands in a list again takes up a place there, and counts for nothing;
- so does a cell without an id: null, blank text or NaN is no item;
- a place holds one item: rows of the same rank take places one after the other, in the order of
  their ids, and no place is before the first. Gaps in the ranks are places that are left empty;
- a row without a rank has no place.
"""

from __future__ import annotations

from typing import Final

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.data.column_types import finite_number, is_missing, quoted
from graphrec.errors import ColumnError

_POSITION: Final = "__position"  # int, from 1: of a row in its list


def is_id(column: Column, kind: T.DataType) -> Column:
    """Whether a cell of this type names a user or an item."""
    named = ~is_missing(column, kind)
    return named & ~F.isnan(column) if isinstance(kind, T.DoubleType | T.FloatType) else named


def named_pairs(frame: DataFrame, *ids: str) -> DataFrame:
    """The rows that have an id in each of these columns; the others are no interactions."""
    for name in ids:
        frame = frame.where(is_id(quoted(name), frame.schema[name].dataType))
    return frame


def in_places(rows: DataFrame, *lists: str, item: str, rank: str) -> DataFrame:
    """Replace the ranks by places, from 1 (int); null where there is none.

    Args:
        rows: (the columns of `lists`, item, rank); other columns are kept.
        lists: columns that tell one list from another.
        item: name of the item column.
        rank: name of the rank column.

    Raises:
        ColumnError: ranks are no numbers.
    """
    kind = rows.schema[rank].dataType
    if not isinstance(kind, T.NumericType):
        raise ColumnError(
            f"'{rank}' must hold the places of a list",
            found=kind.simpleString(),
            fix="give numbers from 1",
        )
    in_order = Window.partitionBy(*map(quoted, lists)).orderBy(
        quoted(rank).asc_nulls_last(), quoted(item)
    )
    ranked = rows.withColumn(rank, F.ceil(finite_number(quoted(rank), kind)).try_cast("int"))
    numbered = ranked.withColumn(_POSITION, F.row_number().over(in_order))
    # As far as ranks are ahead of the rows' numbers, places before them are left empty.
    ahead = F.max(quoted(rank) - F.col(_POSITION)).over(in_order)
    place = F.col(_POSITION) + F.greatest(ahead, F.lit(0))
    return numbered.withColumn(rank, F.when(quoted(rank).isNotNull(), place)).drop(_POSITION)


def first_places(
    recommendations: DataFrame, *lists: str, item: str, rank: str, longest: int
) -> DataFrame:
    """The items of lists, each once, with the first place that it has.

    Args:
        recommendations: (the columns of `lists`, item, rank); other columns are ignored.
        lists: columns that tell one list from another.
        item: name of the item column.
        rank: name of the rank column.
        longest: places after this one are left out.

    Returns:
        (the columns of `lists`, item, rank: int, from 1).
    """
    rows = recommendations.select(*map(quoted, (*lists, item, rank)))
    rows = rows.where(quoted(rank) <= longest)  # no place is before its rank
    placed = named_pairs(in_places(rows, *lists, item=item, rank=rank), item)
    firsts = placed.groupBy(*map(quoted, (*lists, item))).agg(F.min(quoted(rank)).alias(rank))
    return firsts.where(quoted(rank) <= longest)
