"""Arms by a hash: stable, as large as planned, and independent."""

from __future__ import annotations

from collections import Counter

import pytest
from scipy import stats

from graphrec.errors import ParameterError
from graphrec.experiments.assignment import assign, shares
from graphrec.experiments.independence import chi_square


def test_the_arm_of_a_user_never_changes() -> None:
    """Computed by hand with `printf 'salt\\x1flist\\x1fu1' | sha256sum`."""
    assert assign("u1", "list", ["old", "new"]) == "old"
    arms = ["a", "b", "c"]
    assert [assign(user, "list", arms, [1, 1, 2], "salt") for user in range(8)] == [
        assign(str(user), "list", arms, [0.25, 0.25, 0.5], "salt") for user in range(8)
    ]


def test_a_million_ids_have_the_planned_shares_and_experiments_are_independent() -> None:
    arms, weights = ["a", "b"], [0.3, 0.7]
    counts = Counter(
        (assign(user, "one", arms, weights), assign(user, "two", arms)) for user in range(1_000_000)
    )
    table = [[counts[one, two] for two in arms] for one in arms]
    first = [sum(row) for row in table]
    assert stats.chisquare(first, [300_000, 700_000]).pvalue > 0.01
    assert stats.chisquare([sum(column) for column in zip(*table, strict=True)]).pvalue > 0.01
    assert chi_square(table).p_value > 0.01


@pytest.mark.parametrize(
    ("arms", "weights", "message"),
    [
        (["a"], None, "at least two arms; found a$"),
        (["a", "a"], None, "named once"),
        (["a", "b"], [1.0], "2 arms, weights 1"),
        (["a", "b"], [1.0, 0.0], "above 0"),
        (["a", "b"], [1.0, float("inf")], "above 0"),
    ],
)
def test_what_is_no_experiment_is_refused(
    arms: list[str], weights: list[float] | None, message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        shares(arms, weights)
