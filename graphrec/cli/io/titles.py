"""Titles beside the ids in the tables that are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.cli.io.inputs import Titles
from graphrec.columns import ITEM, NEIGHBOUR
from graphrec.data.column_types import quoted
from graphrec.data.dataset import Dataset
from graphrec.data.interaction_columns import InteractionColumns
from graphrec.errors import ColumnError

TITLE: Final = "title"
NEIGHBOUR_TITLE: Final = "neighbour_title"

_KEY: Final = "_titled_id"


def check_free(titles: Titles, columns: InteractionColumns) -> None:
    """Require that no id column has the name of a column of titles.

    Args:
        titles: without a table, there are no such columns.
        columns: of the interactions.

    Raises:
        ColumnError: one has.
    """
    for role, name in (("user", columns.user), ("item", columns.item)):
        if titles.frame is not None and name.lower() in (TITLE, NEIGHBOUR_TITLE):
            raise ColumnError(
                f"the {role} column cannot be named like a column of titles",
                found=repr(name),
                fix="rename it in the input, or leave --items out",
            )


def with_titles(table: DataFrame, dataset: Dataset, titles: Titles) -> DataFrame:
    """Put each item's title behind its id: `title`, and `neighbour_title` where it has neighbours.

    Args:
        table: has the dataset's item column, and perhaps `neighbour`.
        dataset: knows the items.
        titles: without a table, nothing is added.

    Returns:
        the table with the columns of titles, null where the items' file does not know the item.
    """
    if titles.frame is None:
        return table
    item = dataset.columns.item
    named = {item: TITLE, NEIGHBOUR: NEIGHBOUR_TITLE}
    there = {ids: title for ids, title in named.items() if ids in table.columns}
    joined = table
    for ids, title in there.items():
        # Broadcast: there is one row per item, and the order of the table stays as it is.
        joined = joined.join(
            F.broadcast(_known(dataset, titles, title)), quoted(ids) == F.col(_KEY), "left"
        ).drop(_KEY)
    return joined.select(*map(quoted, _in_order(table, there)))


def _known(dataset: Dataset, titles: Titles, name: str) -> DataFrame:
    """(id, title) of the dataset's items, one row for each that has a title."""
    typed = titles.typed(dataset.item_type)
    catalogue = dataset.items.select(F.col(ITEM).alias(_KEY))
    known = catalogue.join(typed.toDF(_KEY, name), _KEY)
    return known.groupBy(_KEY).agg(F.min(name).alias(name))


def _in_order(table: DataFrame, titles: Mapping[str, str]) -> list[str]:
    names = []
    for name in table.columns:
        names += [name, titles[name]] if name in titles else [name]
    return names
