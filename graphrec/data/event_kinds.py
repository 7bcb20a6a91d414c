"""Kinds of events, such as views and purchases, and how much each counts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphrec.errors import ParameterError

_MOST = 1e6  # by which the weights may differ, so that single precision holds them together


def event_weights(value: Any) -> dict[str, float]:
    """Check a mapping of kinds to weights."""
    if not isinstance(value, Mapping) or not value:
        raise ValueError("a mapping of kinds of events to weights")
    for weight in value.values():
        is_number = isinstance(weight, (int, float)) and not isinstance(weight, bool)
        if not is_number or not math.isfinite(weight) or not 1 / _MOST <= abs(weight) <= _MOST:
            raise ValueError("a mapping to numbers, below 0 for dislikes, none of them 0 or huge")
    if max(value.values()) < 0:
        raise ValueError("a mapping with a weight above 0")
    return {str(kind): float(weight) for kind, weight in value.items()}


@dataclass(frozen=True)
class EventKinds:
    """The kinds of events of some interactions.

    Attributes:
        weights: by kind, as they were given; below 0: a dislike. Other kinds are rejected.
        target: the kind that lists should lead to; an item that a user has by a weaker kind alone
            may be listed again.
    """

    weights: Mapping[str, float]
    target: str

    @staticmethod
    def of(weights: Mapping[str, float] | None, target: str | None) -> EventKinds | None:
        """The kinds of Params; None where there is one kind alone.

        Args:
            weights: passed by `event_weights`, or None.
            target: None: the kind of the largest weight.

        Raises:
            ParameterError: the target is no kind of a weight above 0.
        """
        if weights is None:
            if target is not None:
                raise ParameterError("targetEvent needs eventWeights", found=repr(target))
            return None
        if target is None:
            target = max(weights, key=lambda kind: weights[kind])
        if weights.get(target, -1.0) < 0:
            raise ParameterError(
                "targetEvent must be a kind of a weight above 0",
                found=repr(target),
                fix=f"one of {', '.join(kind for kind, weight in weights.items() if weight > 0)}",
            )
        return EventKinds(weights, target)

    @property
    def scaled(self) -> dict[str, float]:
        """The weights, the largest being 1."""
        most = max(self.weights.values())
        return {kind: weight / most for kind, weight in self.weights.items()}

    @property
    def least_target(self) -> float:
        """The scaled weight of the target: an item of this weight or more is not listed again."""
        return self.scaled[self.target]
