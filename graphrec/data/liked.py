"""What ratings say: which items a user likes, and how much a rating weighs.

Ratings are a scale where they are opinions, and amounts where they are plays or pieces bought. On a
scale, an item is liked that is rated at least the middle, unless `likedFrom` says otherwise: a
rating, or a distance from the user's own mean. A user of few ratings has hardly a mean of their
own, so it is shrunk towards the mean of all ratings μ, as if each user had given `PRIOR` of these
besides: (Σ r + PRIOR·μ) / (n + PRIOR).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

GRADED: Final = "graded"  # a value of `preference`
PRIOR: Final = 5.0  # ratings of the mean of all, with which each user's own mean begins
MAX_SCALE: Final = 100.0  # the largest rating of a scale

LikedFrom = float | str
"""A rating, or "mean", "mean-1", "mean+0.5" ...: the user's own mean, and what is added to it."""

_RELATIVE: Final = re.compile(r"mean(?P<offset>[+-]\d+(\.\d*)?|[+-]\.\d+)?")


def liked_from(value: Any) -> LikedFrom:
    """Check a `LikedFrom`."""
    if isinstance(value, str) and _RELATIVE.fullmatch(value):
        return str(value)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value):
        raise ValueError("a rating, or mean, mean-1, mean+0.5 ...: the user's own mean")
    return float(value)


@dataclass(frozen=True)
class RatingRange:
    """The ratings of all interactions, those of at least 0, when duplicates are combined.

    Attributes:
        lowest: the least of them.
        highest: the largest.
        mean: their mean, to six decimals: the last bits of a sum depend on its order.
    """

    lowest: float
    highest: float
    mean: float

    @property
    def middle(self) -> float:
        """Of the range."""
        return (self.lowest + self.highest) / 2

    @property
    def is_scale(self) -> bool:
        """Whether they are opinions on a scale, not amounts such as plays or pieces bought.

        Opinions gather above the middle of their scale, for people choose what they expect to
        like; amounts gather at the low end of theirs.
        """
        return self.lowest < self.highest <= MAX_SCALE and self.mean >= self.middle


@dataclass(frozen=True)
class LikedRule:
    """Items that are rated below a threshold are disliked.

    Attributes:
        threshold: a rating; or what is added to the user's mean.
        mean: the mean of all ratings, where the threshold counts from the user's mean; else None.
    """

    threshold: float
    mean: float | None = None

    def lowest_liked_of(self, stars: Iterable[float]) -> float:
        """The least rating with which a user likes an item.

        `graphrec.data.histories` has the same as a query, to the same bits.

        Args:
            stars: the user's ratings by ascending item; what is NaN was not rated.
        """
        if self.mean is None:
            return self.threshold
        total, number = 0.0, 0
        for rating in stars:
            if not math.isnan(rating):
                total, number = total + rating, number + 1
        return (total + PRIOR * self.mean) / (number + PRIOR) + self.threshold


def liked_rule(value: LikedFrom | None, ratings: RatingRange | None) -> LikedRule | None:
    """By which of the rated items some are disliked; None: all are liked.

    Args:
        value: `likedFrom`; None: the middle, where ratings are a scale.
        ratings: those that are learned from; None: there are none.
    """
    if ratings is None or (value is None and not ratings.is_scale):
        return None
    if value is None:
        return LikedRule(ratings.middle)
    if not isinstance(value, str):
        return LikedRule(value)
    matched = _RELATIVE.fullmatch(value)
    assert matched is not None  # see `liked_from`
    return LikedRule(float(matched["offset"] or 0.0), ratings.mean)


def highest_on_scale(preference: str | None, ratings: RatingRange | None) -> float | None:
    """The rating that weighs 1 where ratings are graded; None: they are not.

    A rating weighs its share of the highest, see docs/decisions/likes.md.

    Args:
        preference: "graded"; None: graded, where ratings are a scale; or another.
        ratings: see `liked_rule`.
    """
    if ratings is None or preference not in (None, GRADED):
        return None
    return ratings.highest if preference == GRADED or ratings.is_scale else None
