"""The weights of a blend: the defaults, what may be given, and their order by leg.

How the defaults were chosen is in `docs/decisions`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from graphrec.errors import ParameterError
from graphrec.params import between

DEFAULT_WEIGHTS: Final[dict[str, float]] = {
    "walk": 0.1,
    "ease": 0.16,
    "als": 0.32,
    "embedding": 0.42,
    "trend": 0.0,  # where weights are learned, or name it
}
DEFAULT_DECAY: Final[dict[str, float]] = {"walk": 15.0, "demographic": 2.0}
UNSEARCHED: Final[dict[str, float]] = {"demographic": 1.0}
"""Weights beside those of the other legs, 1 in all, that are not learned: what is held out is of
users with histories, whose lists say nothing of those who have none."""

LEARNED: Final = "learned"  # weights that are found on held-out items
DEFAULT: Final = "default"  # those above, without looking at the data
_LEAST, _MOST = 1e-6, 1e6  # weights and lengths that single precision holds together


def weights_by_leg(value: Any) -> dict[str, float]:
    """Check a mapping of leg names to weights."""
    if not isinstance(value, Mapping) or not value:
        raise ValueError("a mapping of leg names to weights")
    if not all(weight == 0 or _is_moderate(weight) for weight in value.values()):
        raise ValueError(f"a mapping to 0 or numbers from {_LEAST:g} to {_MOST:,.0f}")
    if sum(value.values()) <= 0:
        raise ValueError("a mapping with a weight above 0")
    return {str(name): float(weight) for name, weight in value.items()}


def lengths_by_leg(value: Any) -> dict[str, float]:
    """Check a mapping of leg names to lengths of histories."""
    if not isinstance(value, Mapping):
        raise ValueError("a mapping of leg names to lengths")
    if not all(map(_is_moderate, value.values())):
        raise ValueError(f"a mapping to numbers from {_LEAST:g} to {_MOST:,.0f}")
    return {str(name): float(length) for name, length in value.items()}


def _is_moderate(value: Any) -> bool:
    """Whether it is a number that is neither far too small nor far too large."""
    try:
        between(_LEAST, _MOST)(value)
    except ValueError:
        return False
    return True


def weights_or_word(value: Any) -> dict[str, float] | str:
    """Check weights, or one of the words `learned` and `default`."""
    return value if is_word(value) else weights_by_leg(value)


def is_word(value: Any) -> bool:
    """Whether it stands for weights that a fit has to find."""
    return isinstance(value, str) and value in {LEARNED, DEFAULT}


def default_weights(legs: Sequence[str]) -> dict[str, float]:
    """The default weight of each leg; one that has none has the mean of the others, not 0."""
    known = [DEFAULT_WEIGHTS[leg] for leg in legs if DEFAULT_WEIGHTS.get(leg, 0.0) > 0.0]
    mean = sum(known) / len(known) if known else 1.0
    return {leg: (DEFAULT_WEIGHTS | UNSEARCHED).get(leg, mean) for leg in legs}


def with_unsearched(weights: Mapping[str, float], legs: Sequence[str]) -> dict[str, float]:
    """Weights with those of legs that are neither named nor searched for."""
    return {leg: UNSEARCHED[leg] for leg in legs if leg in UNSEARCHED} | dict(weights)


def in_order(values: Mapping[str, float], legs: Sequence[str]) -> tuple[float, ...]:
    """The values of the legs, in their order; 0 for one that is not named."""
    return tuple(values.get(leg, 0.0) for leg in legs)


def require_known(weights: Mapping[str, float], legs: Sequence[str]) -> None:
    """Check that weights name none but these legs.

    Raises:
        ParameterError: they name another.
    """
    unknown = sorted(set(weights) - set(legs))
    if unknown:
        raise ParameterError(
            "weights name a leg that the hybrid does not have",
            found=", ".join(unknown),
            fix=f"it has {', '.join(legs)}",
        )
