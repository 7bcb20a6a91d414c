"""Tables of boosts, of quotas and of categories as arrays over the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Final

import numpy as np
import numpy.typing as npt
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.columns import BOOST, CATEGORY, INDEX, ITEM, QUOTA
from graphrec.data.checks import number_within, require_columns
from graphrec.data.column_types import is_missing, quoted
from graphrec.data.dataset import Dataset
from graphrec.data.feature_encoding import SEPARATOR
from graphrec.errors import ColumnError, ParameterError
from graphrec.serving.list_rules import MAX_BOOST, ItemKinds, Quotas

_MAX_QUOTA: Final = 1e9


def category_quotas(items: DataFrame, item: str, quotas: Mapping[str, float]) -> DataFrame:
    """The table of quotas by columns of items, for lists with at most so many of each value.

    Args:
        items: has the columns.
        item: the name of its column of ids.
        quotas: how many items of each value of a column a list may have, by the column's name. An
            item whose value is an array, or a text such as "Comedy|Romance", counts for each entry;
            one without a value has no quota.

    Returns:
        (item, category: string, "genre=Comedy" and the like, quota: int), for `rankedLists` and its
        like.

    Raises:
        ColumnError: a column is missing, or cannot hold categories.
        ParameterError: there is no quota, or one that is no whole number of 0 or more.

    Examples:
        >>> films = spark.createDataFrame([("f1", "Comedy|War")], "film string, genres string")
        >>> gr.category_quotas(films, "film", {"genres": 3}).show()
        +----+-------------+-----+
        |film|     category|quota|
        +----+-------------+-----+
        |  f1|genres=Comedy|    3|
        |  f1|   genres=War|    3|
        +----+-------------+-----+
    """
    if not quotas:
        raise ParameterError("quotas name no column", fix="give some, as in {'genre': 3}")
    require_columns(items, item, *quotas, of="the table of items")
    return reduce(DataFrame.union, (_of_column(items, item, *each) for each in quotas.items()))


def item_categories(items: DataFrame, item: str, column: str) -> DataFrame:
    """The table of categories by a column of items, for lists that are calibrated.

    Args:
        items: has the columns.
        item: the name of its column of ids.
        column: of the categories; an item whose value is an array, or a text such as
            "Comedy|Romance", belongs to each entry.

    Returns:
        (item, category: string), for `rankedLists` and its like.

    Raises:
        ColumnError: a column is missing, or cannot hold categories.

    Examples:
        >>> films = spark.createDataFrame([("f1", "Comedy|War")], "film string, genres string")
        >>> [row.category for row in gr.item_categories(films, "film", "genres").collect()]
        ['Comedy', 'War']
    """
    require_columns(items, item, column, of="the table of items")
    return items.select(quoted(item), F.explode(_categories(items, column)).alias(CATEGORY))


def _of_column(items: DataFrame, item: str, name: str, quota: float) -> DataFrame:
    is_number = isinstance(quota, (int, float)) and not isinstance(quota, bool)
    if not is_number or not 0 <= quota <= _MAX_QUOTA or quota != int(quota):
        raise ParameterError(
            f"the quota of {name} must be a whole number of 0 or more", found=repr(quota)
        )
    values = _categories(items, name)
    return items.select(quoted(item), F.explode(values).alias(CATEGORY)).select(
        quoted(item),
        F.concat(F.lit(f"{name}="), CATEGORY).alias(CATEGORY),
        F.lit(int(quota)).alias(QUOTA),
    )


def _categories(items: DataFrame, name: str) -> Column:
    """The categories of each item, array<string>."""
    kind = items.schema[name].dataType
    if isinstance(kind, T.ArrayType):
        entries = F.transform(quoted(name), lambda entry: entry.cast("string"))
    elif isinstance(kind, (T.StructType, T.MapType, T.BinaryType)):
        raise ColumnError(
            f"the column {name!r} of the items cannot hold categories", found=kind.simpleString()
        )
    else:
        present = F.when(~is_missing(quoted(name), kind), quoted(name).cast("string"))
        entries = F.split(present, f"[{SEPARATOR}]")
    trimmed = F.transform(entries, lambda entry: F.trim(entry, F.lit(" ")))
    return F.array_distinct(F.filter(trimmed, lambda entry: entry != ""))


def boosts_of(dataset: Dataset, frame: DataFrame | None) -> npt.NDArray[np.float32] | None:
    """The boost of each item, (items,), 1 where nothing is said; None without any.

    Args:
        dataset: has the catalogue.
        frame: (item, boost).
    """
    if frame is None:
        return None
    boosts = number_within(frame, BOOST, 1 / MAX_BOOST, MAX_BOOST, of="boosts")
    named = frame.select(dataset.items_of(frame).alias(ITEM), boosts.alias(BOOST))
    known = named.groupBy(ITEM).agg(F.max(BOOST).alias(BOOST)).join(dataset.items, ITEM)
    table = known.where(F.col(BOOST).isNotNull()).select(INDEX, BOOST).toArrow()
    boost = np.ones(dataset.catalogue.size, np.float32)
    boost[table[INDEX].to_numpy()] = table[BOOST].to_numpy()
    return boost


def kinds_of(dataset: Dataset, frame: DataFrame | None) -> ItemKinds | None:
    """The categories of the items, numbered by name; None without any.

    Args:
        dataset: has the catalogue.
        frame: (item, category).
    """
    if frame is None:
        return None
    require_columns(frame, CATEGORY, of="categories")
    named = frame.select(dataset.items_of(frame).alias(ITEM), F.col(CATEGORY).cast("string"))
    known = named.where(F.col(CATEGORY).isNotNull()).distinct().join(dataset.items, ITEM)
    table = known.select(INDEX, CATEGORY).orderBy(CATEGORY, INDEX).toArrow()
    encoded = table[CATEGORY].combine_chunks().dictionary_encode()
    kinds = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    return ItemKinds(table[INDEX].to_numpy().astype(np.int32), kinds)


def quotas_of(dataset: Dataset, frame: DataFrame | None) -> tuple[tuple[str, ...], Quotas | None]:
    """The names of the categories, and which items belong to them; the least quota of each holds.

    Args:
        dataset: has the catalogue.
        frame: (item, category, quota).
    """
    if frame is None:
        return (), None
    require_columns(frame, CATEGORY, of="quotas")
    quotas = number_within(frame, QUOTA, 0, _MAX_QUOTA, of="quotas")
    named = frame.select(
        dataset.items_of(frame).alias(ITEM),
        F.col(CATEGORY).cast("string"),
        quotas.alias(QUOTA),
    ).where(F.col(CATEGORY).isNotNull() & F.col(QUOTA).isNotNull())
    least = named.groupBy(ITEM, CATEGORY).agg(F.min(QUOTA).alias(QUOTA))
    known = least.join(dataset.items, ITEM).select(INDEX, CATEGORY, QUOTA)
    table = known.orderBy(CATEGORY, INDEX).toArrow()  # categories are numbered by name
    encoded = table[CATEGORY].combine_chunks().dictionary_encode()
    names = encoded.dictionary.to_pylist()
    categories = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    most = np.full(len(names), int(_MAX_QUOTA), np.int64)
    np.minimum.at(most, categories, table[QUOTA].to_numpy().astype(np.int64))
    items = table[INDEX].to_numpy().astype(np.int32)
    return tuple(names), Quotas(items, categories, most.astype(np.int32))
