"""Where an item stands, in a sentence, for every outcome."""

from __future__ import annotations

from typing import Any

import pytest

from graphrec.reports.tables.explanation import ExplanationTables
from graphrec.reports.words.explanation import sentences, standing

POSITION = {
    "score": 1.5,
    "source": "personal",
    "history_size": 12,
    "outcome": "listed",
    "full": None,
    "rank": 3,
    "length": 10,
    "boost": 1.0,
    "demotion": 1.0,
    "penalty": None,
}


def explained(**position: Any) -> ExplanationTables:
    return ExplanationTables("ann", 7, "item", POSITION | position, [], [], [], [])


@pytest.mark.parametrize(
    ("position", "said"),
    [
        ({}, "rank 3 of 10, score 1.50, by a history of 12"),
        (
            {"source": "popular", "outcome": "below the list", "rank": 11},
            "not among the 10: it would have rank 11, score 1.50, its popularity",
        ),
        ({"outcome": "disliked"}, "not listed: the user dislikes it; score"),
        ({"outcome": "over quota", "full": "genre=War (3)"}, "the quota of genre=War (3) was full"),
    ],
)
def test_where_an_item_stands(position: dict[str, Any], said: str) -> None:
    assert said in standing(explained(**position))


def test_what_was_done_to_its_score() -> None:
    assert sentences(explained(), {}) == []
    assert sentences(explained(boost=2.0, demotion=0.64), {}) == [
        "its score is boosted by 2",
        "its score counts 0.64 times, because it was shown before and not taken",
    ]
