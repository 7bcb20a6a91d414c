"""What would another policy have earned? From logged propensities, without showing anything.

Each row of a log is one decision: what was shown, the probability with which it was, what it
earned, and the probability with which the other policy would have shown it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from graphrec.errors import EmptyInputError, InputError
from graphrec.evaluation.summary import normal_quantile
from graphrec.experiments.moments import Array

_EFFECTIVE: Final = 0.01  # share of the rows below which the effective sample is a warning
_LARGEST: Final = 0.05  # share of all weight that a single row may have
_MEAN: Final = 5.0  # standard errors by which the mean weight may be off 1


@dataclass(frozen=True)
class Estimate:
    """What a policy would have earned for each decision.

    Attributes:
        method: "ips", "snips" or "dr".
        value: mean reward.
        standard_error: of it.
        low: of its interval.
        high: of its interval.
    """

    method: str
    value: float
    standard_error: float
    low: float
    high: float


@dataclass(frozen=True)
class OffPolicy:
    """All estimates of a policy, and how far they can be trusted.

    Attributes:
        estimates: by their method.
        rows: of the log.
        effective_rows: (Σw)²/Σw²: as many rows of the policy's own would say as much.
        largest_weight: of a row.
        warnings: a sentence for each reason to distrust the estimates.
    """

    estimates: dict[str, Estimate]
    rows: int
    effective_rows: float
    largest_weight: float
    warnings: list[str]


def off_policy(
    rewards: npt.ArrayLike,
    logged: npt.ArrayLike,
    target: npt.ArrayLike,
    *,
    predicted: npt.ArrayLike | None = None,
    predicted_of_target: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> OffPolicy:
    """Estimate what a policy would have earned, from the log of another one.

    IPS: the mean of w·r, w the target's probability by the logged one (Horvitz and Thompson 1952).
    SNIPS: Σw·r / Σw, which does not change when a constant is added to all rewards (Swaminathan and
    Joachims 2015). DR, doubly robust: q̂_π + w·(r - q̂), right if either the propensities or the
    predictions are (Dudík, Langford and Li 2011, https://arxiv.org/abs/1103.4601).

    Args:
        rewards: (rows,), what each decision earned.
        logged: the probability with which it was made, above 0 and at most 1.
        target: the probability with which the other policy would have made it.
        predicted: q̂, the reward that a model expects of the decision that was made; None: no DR.
            The model must not have learned from these rows.
        predicted_of_target: q̂_π, the mean of what it expects of the target's decisions there.
        confidence: of the intervals.

    Raises:
        EmptyInputError: fewer than two rows.
        InputError: lengths differ, a probability is out of its range, or a value is not finite.
    """
    r, p, q = (np.asarray(values, dtype=float) for values in (rewards, logged, target))
    _check(r, p, q)
    z = normal_quantile(confidence)
    w = q / p
    snips = float((w * r).sum() / w.sum()) if w.sum() > 0 else float("nan")
    parts = {"ips": w * r, "snips": snips + w * (r - snips) / max(w.mean(), 1e-300)}
    if predicted is not None and predicted_of_target is not None:
        expected = np.asarray(predicted, dtype=float)
        of_target = np.asarray(predicted_of_target, dtype=float)
        if expected.shape != r.shape or of_target.shape != r.shape:
            raise InputError("each row of a log needs its predictions", found=f"{expected.shape}")
        parts["dr"] = of_target + w * (r - expected)
    effective = float(w.sum() ** 2 / (w**2).sum()) if w.any() else 0.0
    return OffPolicy(
        {method: _estimate(method, values, z) for method, values in parts.items()},
        len(r),
        effective,
        float(w.max()),
        _warnings(w, effective),
    )


def _estimate(method: str, values: Array, z: float) -> Estimate:
    mean = float(values.mean())
    error = float(values.std(ddof=1) / np.sqrt(len(values)))
    return Estimate(method, mean, error, mean - z * error, mean + z * error)


def _check(r: Array, p: Array, q: Array) -> None:
    if not r.shape == p.shape == q.shape or r.ndim != 1:
        raise InputError(
            "rewards and both probabilities must be of the same rows",
            found=f"{r.shape}, {p.shape}, {q.shape}",
        )
    if len(r) < 2:
        raise EmptyInputError("a log needs at least two rows", found=str(len(r)))
    if not ((p > 0) & (p <= 1)).all():
        raise InputError(
            "logged propensities must be above 0 and at most 1",
            found=f"{p.min():g} to {p.max():g}",
            fix="log the probability of what was shown",
        )
    if not ((q >= 0) & (q <= 1)).all() or not np.isfinite(r).all():
        raise InputError(
            "the target's probabilities must lie in 0 to 1, and rewards be finite",
            found=f"{q.min():g} to {q.max():g}",
        )


def _warnings(w: Array, effective: float) -> list[str]:
    found = []
    rows = len(w)
    if not w.any():
        return ["the policy shows nothing of what was logged: nothing can be said of it"]
    if effective < _EFFECTIVE * rows or effective < 30:
        found.append(
            f"weights explode: {rows:,} rows say as much as {effective:,.0f} of the policy's own"
        )
    share = float(w.max() / w.sum())
    if share > _LARGEST:
        found.append(f"one row has {share:.0%} of all weight")
    error = float(w.std(ddof=1) / np.sqrt(rows))
    if abs(w.mean() - 1) > _MEAN * max(error, 1e-12):
        found.append(
            f"weights have a mean of {w.mean():.2f} instead of 1: propensities are wrong, or the "
            "policy shows what the log never has"
        )
    return found
