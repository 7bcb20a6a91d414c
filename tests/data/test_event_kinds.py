"""Kinds of events and their weights."""

from __future__ import annotations

import math
from typing import Any

import pytest

from graphrec.data.event_kinds import EventKinds, event_weights
from graphrec.errors import ParameterError

KINDS = {"view": 1.0, "cart": 3.0, "purchase": 5.0, "dislike": -1.0}


def test_weights_are_numbers_by_kind() -> None:
    assert event_weights({"view": 1, "purchase": 5, "dislike": -1}) == {
        "view": 1.0,
        "purchase": 5.0,
        "dislike": -1.0,
    }


@pytest.mark.parametrize(
    "value",
    [
        {},
        "view=1",
        {"view": "1"},
        {"view": True},
        {"view": 0.0},
        {"view": math.nan},
        {"view": 1e7},
        {"dislike": -1.0},
    ],
)
def test_what_weighs_nothing_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="a mapping"):
        event_weights(value)


def test_the_largest_weight_is_one_and_the_target_unless_another_is_named() -> None:
    kinds = EventKinds.of(KINDS, None)
    assert kinds is not None
    assert (kinds.target, kinds.least_target) == ("purchase", 1.0)
    assert kinds.scaled == {"view": 0.2, "cart": 0.6, "purchase": 1.0, "dislike": -0.2}
    cart = EventKinds.of(KINDS, "cart")
    assert cart is not None
    assert cart.least_target == 0.6
    assert EventKinds.of(None, None) is None


@pytest.mark.parametrize("target", ["dislike", "click"])
def test_a_target_has_a_weight_above_0(target: str) -> None:
    with pytest.raises(ParameterError, match="one of view, cart, purchase"):
        EventKinds.of(KINDS, target)


def test_a_target_needs_weights() -> None:
    with pytest.raises(ParameterError, match="targetEvent needs eventWeights"):
        EventKinds.of(None, "purchase")
