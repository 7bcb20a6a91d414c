"""What a user likes: a rating, or the user's own mean, is the least of it."""

from __future__ import annotations

import math
from typing import Any

import pytest

from graphrec.data.liked import (
    LikedRule,
    RatingRange,
    highest_on_scale,
    liked_from,
    liked_rule,
)

STARS = RatingRange(0.5, 5.0, 4.0)
PLAYS = RatingRange(1.0, 10.0, 2.0)


@pytest.mark.parametrize("value", [3, 3.5, -1.0, "mean", "mean-1", "mean+0.5", "mean-.25"])
def test_numbers_and_distances_from_the_mean_are_taken(value: Any) -> None:
    assert liked_from(value) == value


@pytest.mark.parametrize("value", [None, True, math.nan, math.inf, "3.5", "mean1", "mean-", "avg"])
def test_anything_else_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="a rating, or mean, mean-1"):
        liked_from(value)


def test_a_number_is_the_same_for_all() -> None:
    rule = liked_rule(3.5, STARS)
    assert rule is not None
    assert rule.lowest_liked_of([1.0, 2.0]) == 3.5


def test_the_mean_of_a_user_begins_with_five_ratings_of_the_mean_of_all() -> None:
    rule = liked_rule("mean-0.5", STARS)
    assert rule is not None
    assert rule.lowest_liked_of([]) == 3.5
    assert rule.lowest_liked_of([1.0, math.nan]) == (1.0 + 5 * 4.0) / 6 - 0.5
    assert rule.lowest_liked_of([2.0] * 95) == pytest.approx(2.1 - 0.5)


def test_by_default_the_upper_half_of_a_scale_is_liked_and_all_amounts() -> None:
    assert liked_rule(None, STARS) == LikedRule(2.75)
    assert liked_rule(None, PLAYS) is None
    assert liked_rule(2.0, PLAYS) == LikedRule(2.0)
    assert liked_rule(None, None) is None
    assert liked_rule(3.0, None) is None


def test_ratings_are_graded_on_a_scale_or_where_it_is_asked_for() -> None:
    assert highest_on_scale(None, STARS) == 5.0
    assert highest_on_scale(None, PLAYS) is None
    assert highest_on_scale("graded", PLAYS) == 10.0
    assert highest_on_scale("binary", STARS) is None
    assert highest_on_scale("weight", STARS) is None
    assert highest_on_scale(None, None) is None


@pytest.mark.parametrize(
    ("ratings", "is_scale"),
    [
        (RatingRange(0.5, 5.0, 3.5), True),  # MovieLens
        (RatingRange(1.0, 10.0, 7.6), True),  # books, of which people read what they expect to like
        (RatingRange(0.0, 10.0, 2.87), False),  # the same with 0 for "read, and not rated"
        (RatingRange(1.0, 40_000.0, 240.0), False),  # plays
        (RatingRange(1.0, 10.0, 1.8), False),  # pieces bought
        (RatingRange(1.0, 1.0, 1.0), False),  # all alike
    ],
)
def test_opinions_gather_above_the_middle_of_their_scale(
    ratings: RatingRange, is_scale: bool
) -> None:
    assert ratings.is_scale == is_scale
