"""What a request asks of lists: which items are hidden, boosted, demoted, or limited in number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import HIDDEN, INDEX, ITEM, USER
from graphrec.data.dataset import Dataset
from graphrec.data.frames import require_frame
from graphrec.data.histories import or_empty
from graphrec.data.interaction_columns import has_column
from graphrec.errors import ParameterError
from graphrec.serving.item_limits import boosts_of, kinds_of, quotas_of
from graphrec.serving.kernel_types import ListRules
from graphrec.serving.list_rules import list_rules
from graphrec.serving.shown import demote_shown
from graphrec.serving.tables import ItemTables


class ListFilters(TypedDict, total=False):
    """Tables by which a request changes lists; each may be left out.

    Attributes:
        allow: has the item column; nothing else is listed.
        deny: has the item column, and perhaps the user column: never listed (to that user).
        boosts: has the item column and `boost`, a factor of the item's score within a millionth and
            a million: a score above 0 is multiplied by it, one below 0 divided. Of several rows of
            an item the largest counts.
        quotas: (item, category, quota): a list has at most `quota` items of each category, and is
            filled with others, see `graphrec.category_quotas`.
        categories: (item, category): each list has the categories of the user's history in its
            shares, as far as the model's `calibration` says, see `graphrec.item_categories`.
        shown: has the user and item columns, and perhaps `count`: how often an item was shown to a
            user. Unless it is in the user's history, its score is multiplied by the model's
            `shownFactor` for each time.
    """

    allow: DataFrame | None
    deny: DataFrame | None
    boosts: DataFrame | None
    quotas: DataFrame | None
    categories: DataFrame | None
    shown: DataFrame | None


@dataclass(frozen=True)
class Filtered:
    """A request's filters, applied.

    Attributes:
        histories: with `hidden` where users are denied items of their own, and with `shown` and
            `demotion` where items were shown to users.
        rules: of all lists.
        categories: the names of those that have a quota.
    """

    histories: DataFrame
    rules: ListRules
    categories: tuple[str, ...]


def apply_filters(
    dataset: Dataset,
    tables: ItemTables,
    histories: DataFrame,
    filters: ListFilters,
    *,
    shown_factor: float,
) -> Filtered:
    """Apply the filters of a request.

    Args:
        dataset: has the catalogue and the columns' names.
        tables: of the same items.
        histories: (user, items, weights), of the users who are served.
        filters: tables of the request.
        shown_factor: what a score is multiplied by for each time that the item was shown.

    Raises:
        ParameterError: a filter is no table, or unknown, or has a number out of its range.
        ColumnError: a filter lacks a column, or has ids of another type, or a column that differs
            from that of the users in case alone.
    """
    unknown = sorted(set(filters) - set(ListFilters.__annotations__))
    if unknown:
        raise ParameterError(
            "lists have no such filter",
            found=", ".join(unknown),
            fix=f"there are {', '.join(ListFilters.__annotations__)}",
        )
    for name, frame in filters.items():
        if frame is not None:
            require_frame(frame, name)
    allow, deny = filters.get("allow"), filters.get("deny")
    if deny is not None and has_column(deny, "user", dataset.columns.user):
        histories, deny = _hide_per_user(dataset, histories, deny), None
    shown = filters.get("shown")
    if shown is not None:
        histories = demote_shown(dataset, histories, shown, shown_factor)
    names, limits = quotas_of(dataset, filters.get("quotas"))
    rules = list_rules(
        tables.popularity,
        excluded=_excluded(dataset, allow, deny),
        boost=boosts_of(dataset, filters.get("boosts")),
        quotas=limits,
        kinds=kinds_of(dataset, filters.get("categories")),
    )
    return Filtered(histories, rules, names)


def _excluded(
    dataset: Dataset, allow: DataFrame | None, deny: DataFrame | None
) -> npt.NDArray[np.bool_]:
    """(items,), True for what must not be listed; the lists are at most catalogue-sized."""
    mask = np.zeros(dataset.catalogue.size, np.bool_)
    if allow is not None:
        mask[:] = True
        mask[_item_indices(dataset, allow)] = False
    if deny is not None:
        mask[_item_indices(dataset, deny)] = True
    return mask


def _item_indices(dataset: Dataset, frame: DataFrame) -> npt.NDArray[Any]:
    known = frame.select(dataset.items_of(frame).alias(ITEM)).distinct().join(dataset.items, ITEM)
    indices: npt.NDArray[Any] = known.select(INDEX).toArrow()[INDEX].to_numpy()
    return indices


def _hide_per_user(dataset: Dataset, histories: DataFrame, deny: DataFrame) -> DataFrame:
    hidden = dataset.indexed(deny).groupBy(USER).agg(F.collect_set(INDEX).alias(HIDDEN))
    joined = histories.join(hidden, USER, "left")
    return joined.withColumn(HIDDEN, or_empty(F.col(HIDDEN), "array<int>"))
