"""The Params that say how interactions become a `Dataset`."""

from __future__ import annotations

from pyspark.sql import DataFrame

from graphrec.data.event_kinds import EventKinds, event_weights
from graphrec.data.interaction_columns import InteractionColumns, find_columns
from graphrec.data.liked import GRADED, liked_from
from graphrec.errors import ParameterError
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
            event=self._event_column(),
        )

    def _event_column(self) -> str | None:
        """The column of kinds of events, where there are such."""
        return None


class DatasetParams(ColumnParams):
    """How interactions become histories."""

    eventCol = param(
        None,
        "column of kinds of events, instead of ratings; it needs eventWeights",
        optional(text()),
    )
    eventWeights = param(
        None,
        "weight of each kind of event in eventCol, such as {'view': 1, 'purchase': 5}; below 0 a "
        "dislike; rows of other kinds are rejected",
        optional(event_weights),
    )
    targetEvent = param(
        None,
        "kind of event that lists should lead to: what a user has by a weaker kind alone may be "
        "listed; None: the kind of the largest weight",
        optional(text()),
    )
    duplicates = param(
        "last",
        "what several rows of a user and an item become: last, sum, mean or max; of several kinds "
        "of events, last is the strongest",
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

    @property
    def events(self) -> EventKinds | None:
        """The kinds of events; None where there is one kind alone.

        Raises:
            ParameterError: there is a column and no weights, or weights and no column.
        """
        if (self.value("eventCol") is None) != (self.value("eventWeights") is None):
            raise ParameterError(
                "eventCol and eventWeights need each other",
                found=f"{self.value('eventCol')!r} and {self.value('eventWeights')!r}",
                fix="give both (--event kind --events view=1,purchase=5), or none",
            )
        return EventKinds.of(self.value("eventWeights"), self.value("targetEvent"))

    def _event_column(self) -> str | None:
        column: str | None = self.value("eventCol")
        return column
