"""The words that say what kind an item is: its genres, and those of its title."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.data.column_types import quoted
from graphrec.data.id_types import readable_ids
from graphrec.graph.community_names import ID, WORDS, community_names, first_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_GENRE_COLUMNS: Final = ("genre", "category", "categorie", "tag", "keyword", "topic", "subject")
_SEPARATORS: Final = ("|", ";", ",")  # the first of them that a text has divides it
_WORD_BREAK: Final = r"[^\p{L}\p{M}'’-]+"  # noqa: RUF001
_MIN_WORD_LENGTH: Final = 3  # letters of a word

_GENRES: Final = "genres"
_TITLE_WORDS: Final = "title_words"
_MIN_SHARE: Final = {_GENRES: 0.1, _TITLE_WORDS: 0.03}  # a title has few words, and others each


def words_of(frame: DataFrame, ids: str, title: str, genres: str | None) -> DataFrame:
    """(id, genres: array of strings, empty without any, title_words: array of strings).

    Args:
        frame: the items.
        ids: its column of ids.
        title: its column of titles.
        genres: its column of genres; found by its name if None.
    """
    named = genres or _usual_column([name for name in frame.columns if name not in (ids, title)])
    return frame.select(
        quoted(ids).alias(ID),
        (_listed(frame, named) if named else F.array().cast("array<string>")).alias(_GENRES),
        _words(quoted(title).cast("string")).alias(_TITLE_WORDS),
    )


def named_communities(
    roles: DataFrame, item: str, words: DataFrame | None, kind: T.DataType
) -> Mapping[int, str]:
    """The names of communities: by genres, and where these distinguish nothing by words of titles.

    Args:
        roles: (item, community, ...).
        item: the name that the items have there.
        words: as `words_of` gives them; there are no names without.
        kind: the type of the items' ids.
    """
    if words is None:
        return {}
    ids = readable_ids(words, ID, kind).alias(ID)
    return first_of(
        *(
            community_names(
                roles, item, words.select(ids, F.col(column).alias(WORDS)), min_share=share
            )
            for column, share in _MIN_SHARE.items()
        )
    )


def _usual_column(names: list[str]) -> str | None:
    plain = {name: re.sub(r"[\W_]", "", name.lower()).removesuffix("s") for name in names}
    return next((name for name in names if plain[name].endswith(_GENRE_COLUMNS)), None)


def _listed(frame: DataFrame, column: str) -> Column:
    """The parts of a text that lists them, or of an array; what stands in brackets says "none"."""
    if isinstance(frame.schema[column].dataType, T.ArrayType):
        parts = quoted(column).cast("array<string>")
    else:
        text = quoted(column).cast("string")
        parts = F.array(text)
        for mark in reversed(_SEPARATORS):
            parts = F.when(text.contains(mark), F.split(text, re.escape(mark))).otherwise(parts)
    trimmed = F.transform(parts, lambda part: F.trim(part))  # noqa: PLW0108  trim has two parameters
    said = F.filter(trimmed, lambda part: (part != "") & ~part.rlike(r"^\(.*\)$"))
    return F.coalesce(said, F.array().cast("array<string>"))


def _words(title: Column) -> Column:
    words = F.filter(
        F.split(F.lower(title), _WORD_BREAK), lambda word: F.length(word) >= _MIN_WORD_LENGTH
    )
    return F.coalesce(words, F.array().cast("array<string>"))
