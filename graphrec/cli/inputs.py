"""The tables that a verb reads: interactions, titles, and lists of users and items."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.cli.item_words import words_of
from graphrec.cli.options import InputOptions, ItemsOptions
from graphrec.data.column_types import quoted
from graphrec.data.columns_found import (
    MALFORMED_LINE,
    UNUSED,
    USUAL_NAMES,
    InteractionColumns,
    find_columns,
    require_column,
)
from graphrec.data.readers import read_table
from graphrec.errors import ColumnError, ParameterError
from graphrec.viz.text import printable

_ID: Final = "id"
_TITLE: Final = "title"


# --- interactions ---------------------------------------------------------------------------------


def column_params(options: InputOptions) -> dict[str, str | None]:
    """The columns that are named on the command line, as parameters of a recommender.

    Raises:
        ParameterError: `--implicit` beside a rating column.
    """
    if options.implicit and options.rating:
        raise ParameterError(
            "--implicit takes no rating", found=f"--rating {options.rating}", fix="give one of them"
        )
    return {
        "userCol": options.user,
        "itemCol": options.item,
        "ratingCol": UNUSED if options.implicit else options.rating,
        "timestampCol": options.timestamp,
    }


@dataclass(frozen=True)
class Ratings:
    """Interactions that were opened but not read yet."""

    frame: DataFrame
    columns: InteractionColumns


def open_ratings(spark: SparkSession, options: InputOptions, *, timed: str | None) -> Ratings:
    """Open the interactions and find their columns.

    Args:
        spark: reads them.
        options: `input` is there.
        timed: what needs times, if anything does.

    Raises:
        UnreadableInputError, ColumnError: they cannot be read.
        ParameterError: there are no times, and something needs them.
    """
    assert options.input is not None
    frame = read_table(spark, options.input, format=options.input_format)
    named = column_params(options)
    columns = find_columns(
        frame, **{role: named[f"{role}Col"] for role in ("user", "item", "rating", "timestamp")}
    )
    if timed and columns.timestamp is None:
        raise ParameterError(
            f"{timed} needs times",
            found="no timestamp column",
            fix=f"name it by --timestamp, or leave {timed} out",
        )
    return Ratings(frame, columns)


# --- lists of ids ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class IdList:
    """A table with ids of users, of items, or of both, whose types are not those of the model yet.

    Attributes:
        frame: the table.
        columns: the model's name of each id column, and its name here.
    """

    frame: DataFrame
    columns: dict[str, str]

    def typed(self, kinds: dict[str, T.DataType]) -> DataFrame:
        """The id columns with the model's names and types.

        An id that is not of the type becomes null, which is nobody's id: text in a list of whole
        numbers is a name that the model has never seen.
        """
        return self.frame.select(
            *(quoted(here).try_cast(kinds[name]).alias(name) for name, here in self.columns.items())
        )


def open_ids(
    spark: SparkSession, path: str, *, wanted: dict[str, str], also: dict[str, str] | None = None
) -> IdList:
    """Open a table of ids and find the columns in it.

    Args:
        spark: reads it.
        path: a file or directory of any format.
        wanted: the role (user, item) and the model's name of each column that must be there.
        also: the same of columns that may be there.

    Raises:
        UnreadableInputError: it cannot be read.
        ColumnError: a wanted column is not there.
    """
    frame = read_table(spark, path)
    columns = {name: _id_column(frame, path, role, name) for role, name in wanted.items()}
    for role, name in (also or {}).items():
        if found := _same_ids(frame, role, name):
            columns[name] = found
    return IdList(frame, columns)


def _id_column(frame: DataFrame, path: str, role: str, name: str) -> str:
    found = _same_ids(frame, role, name)
    if found is None:
        raise ColumnError(
            f"no column of {path} holds the {role}",
            found=", ".join(_own_columns(frame)),
            fix=f"name one of them {name}",
        )
    return found


def _same_ids(frame: DataFrame, role: str, name: str) -> str | None:
    """The column of this very name, or of this name spelled otherwise, or a usual one, or `id`."""
    names = _own_columns(frame)
    usual = [other for other in names if _plain(other) in USUAL_NAMES[role]]
    for fitting in (
        [other for other in names if other == name],
        [other for other in names if _plain(other) == _plain(name)],
        [other for other in usual if _plain(other).endswith("id")],
        usual,
        [other for other in names if _plain(other) == "id"],
    ):
        if fitting:
            return fitting[0]
    return None


# --- titles ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Titles:
    """What items are called; without a table, by their ids."""

    frame: DataFrame | None  # (id, title)
    words: DataFrame | None = None  # (id, genres: array or null, title_words: array)

    def of(self, ids: Iterable[Any], kind: T.DataType) -> dict[Any, str]:
        """The titles of some items, as many as people see on a page.

        Args:
            ids: of the items.
            kind: the type of the ids.
        """
        wanted = sorted(set(ids))
        titles = {item: printable(str(item)) for item in wanted}
        if self.frame is None or not wanted:
            return titles
        typed = self.frame.select(F.col(_ID).try_cast(kind).alias(_ID), _TITLE)
        shown = self.frame.sparkSession.createDataFrame(
            [(item,) for item in wanted], T.StructType([T.StructField(_ID, kind)])
        )
        found = typed.join(F.broadcast(shown), _ID).where(f"{_TITLE} IS NOT NULL")
        rows = found.collect()
        return titles | {row[_ID]: printable(row[_TITLE]) for row in rows}


def open_titles(
    spark: SparkSession, options: ItemsOptions, *, item: str, genres: str | None = None
) -> Titles:
    """Open the items' file, if one is named, and find its columns.

    Args:
        spark: reads it.
        options: name it.
        item: the interactions' name of the items.
        genres: its column of what kind an item is; by default a usual name, if it has one.

    Raises:
        UnreadableInputError: it cannot be read.
        ColumnError: it has no column of ids, or none of titles.
    """
    if options.items is None:
        return Titles(None)
    frame = read_table(spark, options.items)
    ids = _id_column(frame, options.items, "item", item)
    if options.title:
        require_column(frame, _TITLE, options.title)
    title = options.title or _title_column(_own_columns(frame), ids)
    if title is None:
        raise ColumnError(
            f"no column of {options.items} has a usual name for titles",
            found=", ".join(_own_columns(frame)),
            fix="name it by --title",
        )
    if genres:
        require_column(frame, "genres", genres)
    named = frame.select(quoted(ids).alias(_ID), quoted(title).cast("string").alias(_TITLE))
    return Titles(named, words_of(frame, ids, title, genres))


def _title_column(names: Sequence[str], ids: str) -> str | None:
    """`title` or `name`, or else what ends so: movie_title, artistName."""
    others = [name for name in names if name != ids]
    for word in ("title", "name"):
        if fitting := [name for name in others if _plain(name) == word]:
            return fitting[0]
    return next((name for name in others if _plain(name).endswith(("title", "name"))), None)


def _own_columns(frame: DataFrame) -> list[str]:
    return [name for name in frame.columns if name != MALFORMED_LINE]


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())
