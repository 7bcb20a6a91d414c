"""Parameters that several recommenders share."""

from __future__ import annotations

from graphrec.columns import PREDICTION
from graphrec.params import (
    DefaultParams,
    at_least,
    between,
    filled,
    flag,
    one_of,
    optional,
    param,
    positive,
    text,
)

_PAIRS = 1 << 24
_FEWEST_NEIGHBOURS = 200
_MOST_NEIGHBOURS = 2000


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


class PredictionParams(DefaultParams):
    """The name of what `transform` adds."""

    predictionCol = param(
        PREDICTION, "column that transform adds; it must not be there already", filled()
    )


class TrainingParams(ColumnParams):
    """How interactions become histories and item pairs."""

    duplicates = param(
        "last",
        "what several rows of a user and an item become: last, sum, mean or max",
        one_of("last", "sum", "mean", "max"),
    )
    preference = param(
        "binary",
        "binary: an interaction counts 1 whatever its rating; weight: it counts its rating",
        one_of("binary", "weight"),
    )
    halfLife = param(
        None,
        "age in days at which an interaction counts half; None: no decay",
        optional(positive()),
    )
    maxHistory = param(
        2000,
        "interactions of a user that item pairs are learned from: the latest; whatever is counted "
        "for people to read counts all",
        at_least(2),
    )
    maxNeighbours = param(
        None,
        "neighbours that each item keeps, the best by cosine; None: as many as make 16 million "
        "pairs, within 200 and 2000",
        optional(at_least(1)),
    )
    minSupport = param(1, "users that a pair of items needs in common", at_least(1))
    blockEntries = param(
        32_000_000,
        "interactions that the driver, or a task, holds while it counts pairs or solves factors",
        at_least(1000),
    )

    def neighbours_kept(self, items: int) -> int:
        """How many neighbours each of so many items keeps.

        Every pair that is cut off takes from the regression, so a small catalogue is not cut at
        all; a large one is, for the table passes through the driver.
        """
        wanted: int | None = self.value("maxNeighbours")
        if wanted is not None:
            return wanted
        return min(max(_PAIRS // max(items, 1), _FEWEST_NEIGHBOURS), _MOST_NEIGHBOURS)


class OrderParams(DefaultParams):
    """How much it counts what is watched after what; see `graphrec.cooccurrence.order`."""

    orderExponent = param(
        0.0,
        "weights are multiplied by (2 x share of the common users who had the listed item "
        "later) to this power; above 0 needs times",
        between(0.0, 10.0),
    )


class ServingParams(DefaultParams):
    """How lists are made; may be changed on a fitted model."""

    filterSeen = param(True, "leave out what the user has in the history", flag())
    candidates = param(300, "items retrieved by the graph before they are blended", at_least(1))
    diversity = param(
        0.0,
        "λ of MMR: 0 keeps the blended order, 1 looks at dissimilarity alone",
        between(0.0, 1.0),
    )
    recencyHalfLife = param(
        None,
        "age in days, before the user's latest interaction, at which an item of the history "
        "counts half in the lists; None: all count alike",
        optional(positive()),
    )
    numReasons = param(3, "items of the history that are named as reasons", at_least(0))
