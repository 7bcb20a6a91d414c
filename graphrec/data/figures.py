"""How many rows of a table were read, and what the interactions of them are like.

This file needs no Spark: a model that is opened without it shows these figures, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphrec.data.liked import RatingRange

if TYPE_CHECKING:
    from graphrec.data.duplicates import DuplicateRule


@dataclass(frozen=True)
class CappedHistories:
    """Histories of which pairs are counted in the latest interactions only.

    Attributes:
        longest: interactions of a user that are read, at most.
        users: number of users with a longer history.
        interactions: number of interactions that are not read.
    """

    longest: int
    users: int
    interactions: int


@dataclass(frozen=True)
class InteractionFigures:
    """How many rows were read, rejected and combined.

    Attributes:
        rows_read: rows of the input: accepted_rows + rejected_rows.
        accepted_rows: rows that fulfil the contract, before duplicates are combined.
        interactions: distinct (user, item) among them that are not disliked: the rows of
            `Interactions.accepted`.
        rejected: rows rejected by reason, in the order of `Reason`; reasons without rows are
            left out.
        latest: the latest accepted time in seconds since 1970-01-01 UTC; None without times.
        duplicates: the rule by which rows of the same user and item were combined.
        capped: which histories are cut to `maxHistory` where pairs are counted; None before
            histories are built.
        dislikes: distinct (user, item) that are disliked, by a rating below 0: they are no
            interactions.
        ratings: what the ratings of at least 0 are like; None where there is no rating column.
        earliest: as `latest`.
        histogram: how many of these ratings there are, from each lower bound up to the next, see
            `graphrec.data.pair_figures`.
        fingerprint: of all distinct (user, item) with their ratings and times: equal data have
            equal ones, whatever their files and the order of their rows.
    """

    rows_read: int
    accepted_rows: int
    interactions: int
    rejected: dict[str, int]
    latest: float | None
    duplicates: DuplicateRule = "last"
    capped: CappedHistories | None = None
    dislikes: int = 0
    ratings: RatingRange | None = None
    earliest: float | None = None
    histogram: tuple[tuple[float, int], ...] = ()
    fingerprint: str = ""

    @staticmethod
    def from_described(described: Mapping[str, Any]) -> InteractionFigures:
        """The inverse of `dataclasses.asdict`, also of what JSON makes of it."""
        capped, ratings = described["capped"], described["ratings"]
        return InteractionFigures(
            **{
                **described,
                "capped": None if capped is None else CappedHistories(**capped),
                "ratings": None if ratings is None else RatingRange(**ratings),
                "histogram": tuple((low, number) for low, number in described["histogram"]),
            }
        )

    @property
    def combined_rows(self) -> int:
        """Rows that were combined with another one of the same user and item."""
        return self.accepted_rows - self.interactions - self.dislikes

    @property
    def rejected_rows(self) -> int:
        """Rows rejected for any reason."""
        return sum(self.rejected.values())
