"""Ratings of one user after the other: folded in from the history, then predicted."""

import numpy as np

from graphrec.kernels.csr import CSR
from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Matrix, Vector
from graphrec.recommenders.rating import drift
from graphrec.recommenders.rating.features import features_of_user
from graphrec.recommenders.rating.posterior import (
    features_of,
    offsets_of,
    posterior,
    spread_of,
)


@compiled
def predict_rows(
    histories: CSR,
    wanted: CSR,
    fixed: Matrix,
    parts: Matrix,
    weights: Matrix,
    precision: Matrix,
    settings: Vector,
    only_earlier: bool,
) -> Matrix:
    """Means and variances of the wanted ratings, (wanted, 2).

    Args:
        histories: (users, items), data (ratings, 2): rating and time, times ascending.
        wanted: (users, items), data (wanted,): the time, NaN where it is not known.
        fixed: (items, 2d), the items' posteriors; wanted items may be the last one, which stands
            for all that are unknown.
        parts: (items, features), see `graphrec.recommenders.rating.features`.
        weights: (features, d), of the prior of users.
        precision: (d, d), of the prior of users.
        settings: noise σ², variance s² and memory τ of the drift.
        only_earlier: take the ratings before the time of each wanted one alone.
    """
    found = np.empty((wanted.indices.size, 2))
    for user in range(histories.indptr.size - 1):
        first, last = histories.indptr[user], histories.indptr[user + 1]
        columns, rated = histories.indices[first:last], histories.data[first:last]
        asked = slice(wanted.indptr[user], wanted.indptr[user + 1])
        if not only_earlier:
            _predict(
                columns, rated, wanted.indices[asked], wanted.data[asked],
                fixed, parts, weights, precision, settings, found[asked],
            )  # fmt: skip
            continue
        for at in range(wanted.indptr[user], wanted.indptr[user + 1]):
            when, alone = wanted.data[at], slice(at, at + 1)
            known = columns.size if np.isnan(when) else np.searchsorted(rated[:, 1], when)
            _predict(
                columns[:known], rated[:known], wanted.indices[alone], wanted.data[alone],
                fixed, parts, weights, precision, settings, found[alone],
            )  # fmt: skip
    return found


@compiled
def _predict(
    columns: Indices,
    rated: Matrix,
    items: Indices,
    times: Vector,
    fixed: Matrix,
    parts: Matrix,
    weights: Matrix,
    precision: Matrix,
    settings: Vector,
    found: Matrix,
) -> None:
    """One user's wanted ratings into `found`, (wanted, 2)."""
    size = precision.shape[0]
    noise, variance, memory = settings[0], settings[1], settings[2]
    features, time = features_of(columns, fixed, size), rated[:, 1]
    target = rated[:, 0] - offsets_of(columns, fixed)
    # What the drift alone would say of the ratings, and of each feature, (n, 1 + d):
    drifted = np.zeros((columns.size, 1 + size))
    spread_drift = np.zeros((columns.size, 2))
    if variance > 0.0 and columns.size > 0:
        drifted[:, 0] = target / noise
        drifted[:, 1:] = features / noise
        lower, pivot = drift.factorise(time, variance, memory, noise)
        drift.solve(lower, pivot, drifted)
        spread_drift = drift.covariances(lower, pivot)
    prior = np.dot(features_of_user(columns, parts), weights)
    mean, covariance = posterior(
        features,
        features - drifted[:, 1:],
        target - drifted[:, 0],
        spread_of(columns, fixed, size),
        prior,
        precision,
        noise,
    )
    level = drifted[:, 0] - np.dot(drifted[:, 1:].copy(), mean)  # the drift at the ratings, (n,)
    for at in range(items.size):
        towards = np.ones(size)
        towards[1:] = fixed[items[at], 1:size]
        value, unsure = float(fixed[items[at], 0]), float(fixed[items[at], size])
        for d in range(size):
            value += towards[d] * mean[d]
            if d > 0:
                unsure += fixed[items[at], size + d] * (mean[d] * mean[d] + covariance[d, d])
        if variance > 0.0:
            after, old, new, rest = drift.between(time, times[at], memory)
            unsure += variance * rest
            if old > 0.0:
                value += old * level[after - 1]
                unsure += old * old * spread_drift[after - 1, 0]
                towards -= old * drifted[after - 1, 1:]
            if new > 0.0:
                value += new * level[after]
                unsure += new * new * spread_drift[after, 0]
                towards -= new * drifted[after, 1:]
            if old > 0.0 and new > 0.0:
                unsure += 2.0 * old * new * spread_drift[after, 1]
        unsure += np.dot(towards, np.dot(covariance, towards)) + noise
        found[at, 0], found[at, 1] = value, unsure


@compiled
def drift_of_rows(histories: CSR, bias: Vector, settings: Vector, precision: float) -> Vector:
    """The drift at each rating, (ratings,), of users who have a bias and no factor.

    Args:
        histories: (users, items), data (ratings, 2): rating and time, times ascending.
        bias: (items,), of the items.
        settings: noise σ², variance s² and memory τ of the drift.
        precision: of the users' biases before any rating.
    """
    level = np.zeros(histories.indices.size)
    for user in range(histories.indptr.size - 1):
        entries = slice(histories.indptr[user], histories.indptr[user + 1])
        target = histories.data[entries, 0] - bias[histories.indices[entries]]
        drifted = np.empty((target.size, 2))
        drifted[:, 0], drifted[:, 1] = target / settings[0], 1.0 / settings[0]
        lower, pivot = drift.factorise(
            histories.data[entries, 1], settings[1], settings[2], settings[0]
        )
        drift.solve(lower, pivot, drifted)
        explained = (target - drifted[:, 0]).sum() / settings[0]
        weight = precision + (1.0 - drifted[:, 1]).sum() / settings[0]
        level[entries] = drifted[:, 0] - drifted[:, 1] * (explained / weight)
    return level
