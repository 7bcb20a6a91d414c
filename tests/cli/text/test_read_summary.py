"""What the data became, in words."""

from __future__ import annotations

from dataclasses import replace

from graphrec.cli.text.read_summary import ground_truth, learned_from
from graphrec.data.figures import CappedHistories, InteractionFigures
from graphrec.evaluation.ground_truth import GroundTruthFigures

ROWS = InteractionFigures(9, 9, 9, {}, None)
GROUND_TRUTH = GroundTruthFigures(
    rows=2000,
    interactions=2000,
    seen=0,
    seen_left_out=True,
    unknown=0,
    users=40,
    unreachable_users=0,
    unmeasured_users=0,
)


def test_nothing_is_said_of_what_did_not_happen() -> None:
    assert list(learned_from(ROWS)) == []
    assert list(learned_from(replace(ROWS, capped=CappedHistories(2000, 0, 0)))) == []
    assert list(ground_truth(GROUND_TRUTH)) == ["tested on 2,000 interactions of 40 users"]


def test_rows_that_are_combined_and_histories_that_are_capped() -> None:
    figures = replace(ROWS, interactions=7, duplicates="sum", capped=CappedHistories(2000, 1, 1234))
    assert list(learned_from(figures)) == [
        "9 rows became 7 interactions: those of the same user and item were combined "
        "(duplicates=sum)",
        "1 user with more than maxHistory=2000 interactions: pairs are counted by the latest, "
        "1,234 interactions left out",
    ]


def test_what_of_a_test_set_cannot_be_found() -> None:
    figures = replace(
        GROUND_TRUTH, rows=2001, seen=30, unknown=3, unreachable_users=3, unmeasured_users=1
    )
    assert list(ground_truth(figures)) == [
        "tested on 2,000 interactions of 40 users",
        "  1 row came again and count once",
        "  30 are in the training set, too: never listed, so left out",
        "  3 are with items that the training set does not have: missed",
        "  3 users without anything to find: 1 not measured, all was left out; 2 with 0 in all "
        "metrics of accuracy",
    ]
    assert "  30 are in the training set, too: they count, as all others" in list(
        ground_truth(replace(figures, seen_left_out=False))
    )
