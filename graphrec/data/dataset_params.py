"""The Params that say how interactions become a `Dataset`."""

from __future__ import annotations

from pyspark.sql import DataFrame

from graphrec.data.interaction_columns import InteractionColumns, find_columns
from graphrec.data.liked import GRADED, liked_from
from graphrec.params import DefaultParams, at_least, one_of, optional, param, positive, text


class ColumnParams(DefaultParams):
    """The names of the input's columns; None recognises the usual names."""

    userCol = param(None, "column of user ids: string or whole number", optional(text()))
    itemCol = param(None, "column of item ids: string or whole number", optional(text()))
    ratingCol = param(
        None, "column of ratings or weights; '' ignores one with a usual name", optional(text())
    )
    timestampCol = param(
        None, "column of times; '' ignores one with a usual name", optional(text())
    )

    def columns_in(self, frame: DataFrame) -> InteractionColumns:
        """The columns of a frame of interactions, see `find_columns`.

        Raises:
            ParameterError: it is no DataFrame, or a stream.
            ColumnError: a column is not there, or several could be meant.
        """
        return find_columns(
            frame,
            user=self.value("userCol"),
            item=self.value("itemCol"),
            rating=self.value("ratingCol"),
            timestamp=self.value("timestampCol"),
        )


class DatasetParams(ColumnParams):
    """How interactions become histories."""

    duplicates = param(
        "last",
        "what several rows of a user and an item become: last, sum, mean or max",
        one_of("last", "sum", "mean", "max"),
    )
    preference = param(
        None,
        "binary: an interaction counts 1 whatever its rating; weight: it counts its rating; "
        "graded: its share of the highest rating; None: graded where ratings are a scale, else "
        "binary",
        optional(one_of("binary", "weight", GRADED)),
    )
    likedFrom = param(
        None,
        "the least rating of an item that a user likes, or mean, mean-1, mean+0.5 ...: the user's "
        "own mean; what is rated lower is no reason and never listed again; None: the middle of "
        "the ratings where they are a scale, else 0. A rating below 0 is always a dislike",
        optional(liked_from),
    )
    halfLife = param(
        None,
        "age in days at which an interaction counts half; None: no decay",
        optional(positive()),
    )
    maxHistory = param(
        2000,
        "latest interactions of a user that item pairs are learned from; numbers of users in "
        "results count all",
        at_least(2),
    )
