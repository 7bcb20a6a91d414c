"""The order of all items for users of whom nothing is known, on five items."""

from __future__ import annotations

import numpy as np
import pytest

from graphrec.serving.fallback import fallback_arrays, fallback_of, make_fallback
from graphrec.serving.kernel_types import Fallback
from graphrec.serving.sources import SOURCES

POPULARITY = np.array([0.8, 0.5, 0.4, 0.0, 0.0], np.float32)  # nobody has the last two


def listed(fallback: Fallback) -> list[tuple[int, str]]:
    return [(int(item), SOURCES[fallback.source[item]]) for item in fallback.order]


def test_without_anything_else_it_is_popularity() -> None:
    fallback = make_fallback(POPULARITY)
    popular = [(0, "popular"), (1, "popular"), (2, "popular")]
    assert listed(fallback) == [*popular, (3, "new"), (4, "new")]
    np.testing.assert_array_equal(fallback.score, POPULARITY)


def test_what_is_had_more_often_now_is_trending_and_picks_come_before_other_new_items() -> None:
    """.8 x .5 is .4, .5 x 1.05 is .525 and .4 x 2 is .8: the last of them comes first."""
    ratio = np.array([0.5, 1.05, 2.0, 1.0, 1.0])
    fallback = make_fallback(POPULARITY, ratio=ratio, picked=np.array([4, 0]))
    assert listed(fallback) == [
        (2, "trending"),
        (1, "popular"),
        (0, "popular"),  # what is picked and popular keeps its place
        (4, "picked"),
        (3, "new"),
    ]
    assert fallback.score[fallback.order].tolist() == pytest.approx([0.8, 0.525, 0.4, 0, 0])


def test_new_items_are_where_their_popularity_is_expected() -> None:
    """What is expected of items that somebody has is not asked."""
    expected = np.array([0.1, 0.1, 0.1, 0.0, 0.45], np.float32)
    fallback = make_fallback(
        POPULARITY, expected=expected, ratio=np.ones(5), picked=np.array([3, 0])
    )
    popular = [(0, "popular"), (1, "popular")]
    assert listed(fallback) == [*popular, (4, "new"), (2, "popular"), (3, "picked")]
    assert fallback.score.tolist() == pytest.approx([0.8, 0.5, 0.4, 0, 0.45])
    either = make_fallback(POPULARITY, expected=expected, picked=np.array([3, 4]))
    assert listed(either)[2:] == [(4, "picked"), (2, "popular"), (3, "picked")]


def test_the_workers_get_the_same_arrays() -> None:
    fallback = make_fallback(POPULARITY, picked=np.array([4]))
    for one, other in zip(fallback_of(fallback_arrays(fallback)), fallback, strict=True):
        assert one is other
