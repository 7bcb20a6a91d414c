"""The tables that a verb reads: interactions, titles, and lists of users and items."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.cli.io.item_words import words_of
from graphrec.cli.named_values import named_numbers
from graphrec.cli.options import FeatureOptions, InputOptions, ItemsOptions, TextOptions
from graphrec.data.checks import require_columns
from graphrec.data.column_types import is_missing, quoted
from graphrec.data.feature_encoding import VECTOR_KIND, parse_features
from graphrec.data.id_types import id_column, readable_ids
from graphrec.data.interaction_columns import (
    MALFORMED_LINE,
    UNUSED,
    USUAL_NAMES,
    InteractionColumns,
    find_columns,
    require_column,
)
from graphrec.data.reading.readers import read_table
from graphrec.data.text_ids import is_untyped
from graphrec.data.text_vectors import TEXT_VECTOR, text_vectors
from graphrec.errors import ColumnError, ParameterError
from graphrec.recommenders.hybrid.weights import DEFAULT_WEIGHTS, UNSEARCHED
from graphrec.recommenders.result_columns import require_free_columns
from graphrec.reports.words.text import printable

RAW: Final = "as_written"  # an id of a list, as its file has it

_ID: Final = "id"
_TITLE: Final = "title"


# --- interactions ---------------------------------------------------------------------------------


def column_params(options: InputOptions) -> dict[str, Any]:
    """The columns that are named on the command line, as parameters of a recommender.

    Raises:
        ParameterError: `--implicit` beside a rating column.
    """
    if options.implicit and options.rating:
        raise ParameterError(
            "--implicit takes no rating", found=f"--rating {options.rating}", fix="give one of them"
        )
    weights = None
    if options.events is not None:
        weights = named_numbers("--events", options.events, "view=1,cart=3,purchase=5")
    return {
        "userCol": options.user,
        "itemCol": options.item,
        "ratingCol": UNUSED if options.implicit else options.rating,
        "timestampCol": options.timestamp,
        "eventCol": options.event,
        "eventWeights": weights,
        "targetEvent": options.target,
    }


@dataclass(frozen=True)
class Ratings:
    """Interactions that were opened but not read yet.

    Attributes:
        path: where they are.
        frame: the table.
        columns: its columns.
    """

    path: str
    frame: DataFrame
    columns: InteractionColumns

    @property
    def id_types(self) -> dict[str, T.DataType]:
        """The types of the user and the item column by their names, as far as they are known.

        What a file without types holds is known when all of it was read.
        """
        return {
            name: self.frame.schema[name].dataType
            for name in (self.columns.user, self.columns.item)
            if not is_untyped(self.frame, name)
        }


def open_ratings(spark: SparkSession, options: InputOptions, *, timed: str | None) -> Ratings:
    """Open the interactions and find their columns.

    Args:
        spark: reads them.
        options: `input` is there.
        timed: what needs times, if anything does.

    Raises:
        UnreadableInputError, ColumnError: they cannot be read, or results could not have their
            columns' names.
        ParameterError: there are no times, and something needs them.
    """
    assert options.input is not None
    frame = _table(spark, options.input, options, options.input_format)
    named = column_params(options)
    roles = ("user", "item", "rating", "timestamp", "event")
    columns = find_columns(frame, **{role: named[f"{role}Col"] for role in roles})
    require_free_columns(columns, [*DEFAULT_WEIGHTS, *UNSEARCHED])  # the legs of every verb
    if timed and columns.timestamp is None:
        raise ParameterError(
            f"{timed} needs times",
            found="no timestamp column",
            fix=f"name it by --timestamp, or leave {timed} out",
        )
    return Ratings(options.input, frame, columns)


# --- lists of ids ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class IdColumn:
    """A column of ids: its name in the model, and its name in a file."""

    name: str
    here: str


@dataclass(frozen=True)
class IdList:
    """A table with ids of users, of items, or of both, not converted to the model's types yet.

    Attributes:
        frame: the table.
        path: where it was read.
        columns: the id columns by role (user, item).
        kept: other columns that go with the ids.
    """

    frame: DataFrame
    path: str
    columns: dict[str, IdColumn]
    kept: list[str]

    def check(self, kinds: Mapping[str, T.DataType]) -> None:
        """Require ids of the model's types, as far as these are known; see `id_column`.

        Args:
            kinds: by the model's names of the columns.

        Raises:
            ColumnError: a column has ids of another type.
        """
        for role, column in self.columns.items():
            if column.name in kinds:
                self._ids(role, kinds)

    def typed(self, kinds: Mapping[str, T.DataType]) -> DataFrame:
        """The id columns with the model's names and types, and those that go with them.

        In a file without types, text instead of a whole number becomes null, which is
        nobody's id: it is a name that the model has never seen.
        """
        return self.frame.select(*(self._ids(role, kinds) for role in self.columns), *self.kept)

    def distinct(self, role: str, kinds: Mapping[str, T.DataType]) -> DataFrame:
        """(`RAW`: the id as text, the id with the model's name and type), each once, no blank."""
        here = self.columns[role].here
        raw = quoted(here).cast("string").alias(RAW)
        listed = self.frame.where(~is_missing(quoted(here), self.frame.schema[here].dataType))
        return listed.select(raw, self._ids(role, kinds)).distinct()

    def _ids(self, role: str, kinds: Mapping[str, T.DataType]) -> Column:
        name, here = self.columns[role].name, self.columns[role].here
        try:
            return id_column(self.frame, role, here, kinds[name]).alias(name)
        except ColumnError as error:
            raise ColumnError(
                f"{self.path}: {error.wrong}", found=error.found, fix=error.fix
            ) from None


def open_ids(
    spark: SparkSession,
    path: str,
    *,
    wanted: dict[str, str],
    also: dict[str, str] | None = None,
    kept: Sequence[str] = (),
    text: TextOptions | None = None,
) -> IdList:
    """Open a table of ids and find the columns in it.

    Args:
        spark: reads it.
        path: a file or directory of any format.
        wanted: the role (user, item) and the model's name of each column that must be there.
        also: the same of columns that may be there.
        kept: names of other columns that are kept, where they are there.
        text: how text files are written; None: as usual.

    Raises:
        UnreadableInputError: it cannot be read.
        ColumnError: a wanted column is not there.
    """
    frame = _table(spark, path, text or TextOptions())
    columns = {
        role: IdColumn(name, _id_column(frame, path, role, name)) for role, name in wanted.items()
    }
    for role, name in (also or {}).items():
        if found := _same_ids(frame, role, name):
            columns[role] = IdColumn(name, found)
    used = {column.here for column in columns.values()}
    others = [name for name in kept if name in frame.columns and name not in used]
    return IdList(frame, path, columns, others)


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
    """The id column of a file, None if there is none.

    The first of: this very name, this name in another spelling, a usual name, `id`.
    """
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
    """The titles of items; without a table of titles, their ids."""

    frame: DataFrame | None  # (id, title)
    words: DataFrame | None = None  # (id, genres: array or null, title_words: array)

    def typed(self, kind: T.DataType) -> DataFrame:
        """(id, title) of the items that have a title, the ids of the model's type; with a table."""
        assert self.frame is not None
        typed = self.frame.select(readable_ids(self.frame, _ID, kind).alias(_ID), _TITLE)
        return typed.where(F.col(_ID).isNotNull() & F.col(_TITLE).isNotNull())

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
        typed = self.typed(kind)
        shown = self.frame.sparkSession.createDataFrame(
            [(item,) for item in wanted], T.StructType([T.StructField(_ID, kind)])
        )
        rows = typed.join(F.broadcast(shown), _ID).collect()
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
    frame = _table(spark, options.items, options)
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


def open_features(
    spark: SparkSession, options: FeatureOptions, *, item: str
) -> tuple[DataFrame, list[str] | None] | None:
    """Open the items' file for its features, if some are named.

    Args:
        spark: reads it.
        options: name the file and the features.
        item: the interactions' name of the items.

    Returns:
        The file, and the names of the features, None for all; None where none is named.

    Raises:
        UnreadableInputError: the file cannot be read.
        ColumnError: it has no column of ids, or none of a feature.
        ParameterError: no file is named, or a feature is of an unknown kind.
    """
    if not options.has_features:
        return None
    if options.items is None:
        named = "--features" if options.features else "--text-vectors"
        raise ParameterError(f"{named} names columns of --items", fix="give that file, too")
    frame = open_items(spark, options, item=item)
    names = _names(options.features)
    if options.features != "all":
        require_columns(frame, *parse_features(names), of=options.items)
    if options.text_vectors is not None:
        frame = text_vectors(frame, *_names(options.text_vectors))
        names.append(f"{TEXT_VECTOR}:{VECTOR_KIND}")
    return frame, None if options.features == "all" else names


def _names(text: str | None) -> list[str]:
    """`genres, year` as names."""
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def open_items(spark: SparkSession, options: ItemsOptions, *, item: str) -> DataFrame:
    """The items' file with all its columns, that of the ids named as the interactions have it.

    Args:
        spark: reads it.
        options: name it.
        item: the interactions' name of the items.

    Raises:
        UnreadableInputError: it cannot be read.
        ColumnError: it has no column of ids.
    """
    assert options.items is not None
    return open_named(spark, options.items, options, role="item", name=item)


def open_named(
    spark: SparkSession, path: str, text: TextOptions, *, role: str, name: str
) -> DataFrame:
    """A table with all its columns, that of the ids named as the interactions have it.

    Args:
        spark: reads it.
        path: a file or directory of any format.
        text: how text files are written.
        role: user or item.
        name: of the interactions' column of these ids.

    Raises:
        UnreadableInputError: it cannot be read.
        ColumnError: it has no column of ids.
    """
    frame = _table(spark, path, text)
    return frame.withColumnRenamed(_id_column(frame, path, role, name), name)


def _title_column(names: Sequence[str], ids: str) -> str | None:
    """`title` or `name`, or else what ends so: movie_title, artistName."""
    others = [name for name in names if name != ids]
    for word in ("title", "name"):
        if fitting := [name for name in others if _plain(name) == word]:
            return fitting[0]
    return next((name for name in others if _plain(name).endswith(("title", "name"))), None)


def _table(
    spark: SparkSession, path: str, text: TextOptions, file_format: str | None = None
) -> DataFrame:
    return read_table(
        spark, path, format=file_format, encoding=text.encoding, delimiter=text.delimiter
    )


def _own_columns(frame: DataFrame) -> list[str]:
    return [name for name in frame.columns if name != MALFORMED_LINE]


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())
