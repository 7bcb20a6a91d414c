"""Crossed experiments: main effects and interactions that were planted."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from graphrec.errors import EmptyInputError, ParameterError
from graphrec.experiments.factorial import effects
from graphrec.experiments.moments import Moments

FACTORS = {"algorithm": ["old", "new"], "diversity": ["none", "some", "much"]}


def cells(seed: int = 0, users: int = 4000) -> dict[tuple[str, ...], Moments]:
    """new adds 1, much adds .5, and both together another 2."""
    draw = np.random.default_rng(seed)
    return {
        (a, d): Moments.of(
            draw.normal(
                (a == "new") + 0.5 * (d == "much") + 2 * (a == "new" and d == "much"), 1, users
            )
        )
        for a, d in product(*FACTORS.values())
    }


def test_what_was_planted_is_found() -> None:
    found = {one.name: one for one in effects(cells(), FACTORS)}
    planted = {
        "algorithm: new": 1 + 2 / 3,
        "diversity: some": 0.0,
        "diversity: much": 1.5,
        "algorithm: new x diversity: some": 0.0,
        "algorithm: new x diversity: much": 2.0,
    }
    assert {name: one.order for name, one in found.items()} == {
        name: 1 + name.count(" x ") for name in planted
    }
    for name, effect in planted.items():
        assert found[name].low < effect < found[name].high
        assert found[name].difference == pytest.approx(effect, abs=0.12)
        assert (found[name].p_value < 0.05) == (effect > 0)


def test_the_interaction_of_two_by_two_is_a_difference_of_differences() -> None:
    values = {("a", "x"): 1.0, ("a", "y"): 2.0, ("b", "x"): 4.0, ("b", "y"): 9.0}
    made = {key: Moments.of([v - 1, v, v + 1]) for key, v in values.items()}
    main, other, crossed = effects(made, {"f": ["a", "b"], "g": ["x", "y"]}, correction="none")
    assert (main.difference, other.difference, crossed.difference) == (5.0, 3.0, 4.0)
    assert main.variance == pytest.approx(1 / 3)  # four means of variance 1/3, a quarter each
    assert crossed.variance == pytest.approx(4 / 3)


def test_what_is_not_crossed_is_refused() -> None:
    without = cells(users=10)
    del without["new", "some"]
    with pytest.raises(EmptyInputError, match="new, some"):
        effects(without, FACTORS)
    with pytest.raises(ParameterError, match="the factor f has one level"):
        effects({}, {"f": ["a"]})
