"""Crossed experiments: what each factor does by itself, and what two of them do to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from graphrec.errors import EmptyInputError, ParameterError
from graphrec.experiments.moments import Moments
from graphrec.experiments.multiplicity import Correction, corrected


class Effect(NamedTuple):
    """What a level of one factor does, or levels of two factors beyond what each does.

    Attributes:
        name: "algorithm: new", or "algorithm: new x diversity: high".
        order: 1 for a main effect, 2 for an interaction.
        difference: in units of the metric.
        variance: of it.
        p_value: corrected for the number of effects.
        low: of its interval, corrected as well.
        high: of its interval.
    """

    name: str
    order: int
    difference: float
    variance: float
    p_value: float
    low: float
    high: float


def effects(
    cells: Mapping[tuple[str, ...], Moments],
    factors: Mapping[str, Sequence[str]],
    *,
    correction: Correction = "holm",
    alpha: float = 0.05,
) -> list[Effect]:
    """Return main effects and the interactions of two factors.

    A main effect is the mean difference between a level and the first one over all levels of the
    other factors, each weighing the same; an interaction how much the difference of one factor
    changes with another: (b1 - b0) - (a1 - a0).

    Args:
        cells: the sums of each combination of levels, in the order of `factors`.
        factors: the levels of each by its name; the first level is the control.
        correction: of all effects together.
        alpha: of all together.

    Raises:
        ParameterError: a factor has one level only.
        EmptyInputError: a combination has no users.
    """
    for name, levels in factors.items():
        if len(levels) < 2:
            raise ParameterError(f"the factor {name} has one level", found=", ".join(levels))
    shape = tuple(len(levels) for levels in factors.values())
    means, variances = _table(cells, factors, shape)
    contrasts = dict(_contrasts(factors, shape))
    differences = [float((c * means).sum()) for c in contrasts.values()]
    spread = [float((c**2 * variances).sum()) for c in contrasts.values()]
    fixed = corrected(differences, spread, method=correction, alpha=alpha)
    return [
        Effect(
            name,
            1 + name.count(_CROSSED),
            differences[at],
            spread[at],
            *(float(values[at]) for values in fixed),
        )
        for at, name in enumerate(contrasts)
    ]


_CROSSED = " x "


def _table(
    cells: Mapping[tuple[str, ...], Moments],
    factors: Mapping[str, Sequence[str]],
    shape: tuple[int, ...],
) -> tuple[np.ndarray, np.ndarray]:
    means, variances = np.empty(shape), np.empty(shape)
    for index in np.ndindex(*shape):
        key = tuple(levels[at] for levels, at in zip(factors.values(), index, strict=True))
        cell = cells.get(key)
        if cell is None or cell.users < 2 or not cell.y > 0:
            raise EmptyInputError(
                f"too few users to measure have {', '.join(key)}",
                fix="cross the experiments, or look at one of them",
            )
        means[index], variances[index] = cell.ratio, cell.user_variance / cell.users
    return means, variances


def _contrasts(
    factors: Mapping[str, Sequence[str]], shape: tuple[int, ...]
) -> list[tuple[str, np.ndarray]]:
    """The weights of the cells in each effect."""
    names = list(factors)
    single = [(axis, level) for axis, size in enumerate(shape) for level in range(1, size)]
    found = [(_named(factors, names, (one,)), _weights(shape, (one,))) for one in single]
    crossed = [(a, b) for a, b in combinations(single, 2) if a[0] != b[0]]
    found += [(_named(factors, names, pair), _weights(shape, pair)) for pair in crossed]
    return found


def _named(
    factors: Mapping[str, Sequence[str]], names: Sequence[str], levels: Sequence[tuple[int, int]]
) -> str:
    return _CROSSED.join(f"{names[a]}: {factors[names[a]][level]}" for a, level in levels)


def _weights(shape: tuple[int, ...], levels: Sequence[tuple[int, int]]) -> np.ndarray:
    """+1 at the level and -1 at the first one of its factor, averaged over the other factors."""
    weights = np.ones(())
    wanted = dict(levels)
    for axis, size in enumerate(shape):
        own = np.full(size, 1 / size)
        if axis in wanted:
            own = np.zeros(size)
            own[wanted[axis]], own[0] = 1.0, -1.0
        weights = np.multiply.outer(weights, own)
    return weights
