"""The positions of items in ranked lists: an item counts once, at the first position that it has.

All metrics of lists read them by this rule, so that none is above what its formula allows, whatever
a list looks like:

- an item that stands in a list again takes up a position there, and counts for nothing;
- so does a cell without an id: null, blank text or NaN is no item;
- a position holds one item: rows of the same rank take positions one after the other, in the order
  of their ids, and no position is before the first. Gaps in the ranks are positions that are left
  empty;
- a row without a rank has no position.
"""

from __future__ import annotations

from typing import Final

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.data.column_types import finite_number, is_missing, quoted
from graphrec.errors import ColumnError

_ROW_NUMBER: Final = "__row_number"  # int, from 1: of a row in its list


def is_id(column: Column, kind: T.DataType) -> Column:
    """Whether a cell of this type names a user or an item."""
    named = ~is_missing(column, kind)
    return named & ~F.isnan(column) if isinstance(kind, T.DoubleType | T.FloatType) else named


def named_pairs(frame: DataFrame, *ids: str) -> DataFrame:
    """The rows that have an id in each of these columns; the others are no interactions."""
    for name in ids:
        frame = frame.where(is_id(quoted(name), frame.schema[name].dataType))
    return frame


def with_positions(rows: DataFrame, *lists: str, item: str, rank: str) -> DataFrame:
    """Replace the ranks by positions, from 1 (int); null where there is none.

    Args:
        rows: (the columns of `lists`, item, rank); other columns are kept.
        lists: columns that identify a list.
        item: name of the item column.
        rank: name of the rank column.

    Raises:
        ColumnError: ranks are no numbers.
    """
    kind = rows.schema[rank].dataType
    if not isinstance(kind, T.NumericType):
        raise ColumnError(
            f"'{rank}' must hold the positions of a list",
            found=kind.simpleString(),
            fix="give numbers from 1",
        )
    in_order = Window.partitionBy(*map(quoted, lists)).orderBy(
        quoted(rank).asc_nulls_last(), quoted(item)
    )
    ranked = rows.withColumn(rank, F.ceil(finite_number(quoted(rank), kind)).try_cast("int"))
    numbered = ranked.withColumn(_ROW_NUMBER, F.row_number().over(in_order))
    # As far as ranks are ahead of the rows' numbers, positions before them are left empty.
    ahead = F.max(quoted(rank) - F.col(_ROW_NUMBER)).over(in_order)
    position = F.col(_ROW_NUMBER) + F.greatest(ahead, F.lit(0))
    return numbered.withColumn(rank, F.when(quoted(rank).isNotNull(), position)).drop(_ROW_NUMBER)


def first_positions(
    recommendations: DataFrame, *lists: str, item: str, rank: str, longest: int
) -> DataFrame:
    """The items of lists, each once, with the first position that it has.

    Args:
        recommendations: (the columns of `lists`, item, rank); other columns are ignored.
        lists: columns that identify a list.
        item: name of the item column.
        rank: name of the rank column.
        longest: positions after this one are left out.

    Returns:
        (the columns of `lists`, item, rank: int, from 1).
    """
    rows = recommendations.select(*map(quoted, (*lists, item, rank)))
    rows = rows.where(quoted(rank) <= longest)  # no position is before its rank
    with_numbers = named_pairs(with_positions(rows, *lists, item=item, rank=rank), item)
    firsts = with_numbers.groupBy(*map(quoted, (*lists, item))).agg(F.min(quoted(rank)).alias(rank))
    return firsts.where(quoted(rank) <= longest)
