"""Parameters that several recommenders share."""

from __future__ import annotations

from collections.abc import Iterable

from graphrec.columns import PREDICTION
from graphrec.cooccurrence.table import PairSpec
from graphrec.data.dataset_params import DatasetParams
from graphrec.params import (
    DefaultParams,
    at_least,
    between,
    filled,
    flag,
    optional,
    param,
    positive,
)


class PredictionParams(DefaultParams):
    """The name of what `transform` adds."""

    predictionCol = param(
        PREDICTION, "column that transform adds; it must not be there already", filled()
    )


class TrainingParams(DatasetParams):
    """How interactions become histories and item pairs."""

    maxNeighbours = param(
        None,
        "neighbours of each item in the pair table, the best by cosine; None: for 16 million pairs "
        "in all, within 200 and 2000",
        optional(at_least(1)),
    )
    minSupport = param(1, "users that a pair of items needs in common", at_least(1))
    blockEntries = param(
        32_000_000,
        "interactions that the driver, or a task, holds while it counts pairs or solves factors",
        at_least(1000),
    )

    def pair_spec(self, exponents: Iterable[float] = ()) -> PairSpec:
        """How item pairs are counted.

        Args:
            exponents: of the user's strength, whose sums are wanted.
        """
        return PairSpec(
            frozenset(exponents),
            self.value("maxNeighbours"),
            self.value("minSupport"),
            self.value("blockEntries"),
        )


class OrderParams(DefaultParams):
    """How much the order of two interactions counts; see `graphrec.cooccurrence.order`."""

    orderExponent = param(
        0.0,
        "weights are multiplied by (2 x share of the common users who had the listed item "
        "later) to this power; above 0 needs times",
        between(0.0, 10.0),
    )


class ServingParams(DefaultParams):
    """How lists are made; may be changed on a fitted model."""

    filterSeen = param(True, "leave out what the user has in the history", flag())
    seenAgainAfter = param(
        None,
        "days before the latest interaction that is known, after which what the user has may be "
        "listed again; None: never. It needs times",
        optional(positive()),
    )
    shownFactor = param(
        0.8,
        "what the score of an item counts for each time that it was shown to the user and not "
        "taken (a score below 0 is divided by it); 1: as much as before",
        between(0.01, 1.0),
    )
    candidates = param(300, "items retrieved by the graph before they are blended", at_least(1))
    diversity = param(
        0.0,
        "λ of MMR: 0 keeps the blended order, 1 looks at dissimilarity alone",
        between(0.0, 1.0),
    )
    calibration = param(
        0.05,
        "how much a list shall have the categories of the history in its shares, where a request "
        "names categories: 0 keeps the blended order, 1 looks at the shares alone",
        between(0.0, 1.0),
    )
    recencyHalfLife = param(
        None,
        "age in days, before the user's latest interaction, at which an item of the history "
        "counts half in the lists; None: all count alike",
        optional(positive()),
    )
    numReasons = param(3, "items of the history that are named as reasons", at_least(0))
