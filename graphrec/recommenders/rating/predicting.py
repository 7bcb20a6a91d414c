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
        wanted: (users, items), data (wanted,): the time; NaN where it is not known: the drift is
            then the mean of those at the user's ratings.
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
    size, noise = precision.shape[0], settings[0]
    features = features_of(columns, fixed, size)
    target = rated[:, 0] - offsets_of(columns, fixed)
    explained, beside = _explained_by_drift(features, target, rated[:, 1], settings)
    mean, covariance = posterior(
        features,
        features - explained[:, 1:],
        target - explained[:, 0],
        spread_of(columns, fixed, size),
        np.dot(features_of_user(columns, parts), weights),
        precision,
        noise,
    )
    for at in range(items.size):
        item = fixed[items[at]]
        towards = np.ones(size)
        towards[1:] = item[1:size]
        value, unsure = float(item[0]), float(item[size]) + noise
        for d in range(1, size):
            unsure += item[size + d] * (mean[d] * mean[d] + covariance[d, d])
        if settings[1] > 0.0:
            drifted, more = _drift_at(times[at], rated[:, 1], explained, beside, settings, towards)
            value, unsure = value + drifted, unsure + more
        found[at, 0] = value + np.dot(towards, mean)
        found[at, 1] = unsure + np.dot(towards, np.dot(covariance, towards))


@compiled
def _explained_by_drift(
    features: Matrix, target: Vector, time: Vector, settings: Vector
) -> tuple[Matrix, Matrix]:
    """What the drift alone would make of the ratings and of each feature.

    Returns:
        (n, 1 + d), its posterior means; and their covariances, (n, 2), see `drift.covariances`.
    """
    explained = np.zeros((target.size, 1 + features.shape[1]))
    beside = np.zeros((target.size, 2))
    if settings[1] > 0.0 and target.size > 0:
        explained[:, 0] = target
        explained[:, 1:] = features
        explained /= settings[0]
        lower, pivot = drift.factorise(time, settings[1], settings[2], settings[0])
        drift.solve(lower, pivot, explained)
        beside = drift.covariances(lower, pivot)
    return explained, beside


@compiled
def _drift_at(
    when: float,
    time: Vector,
    explained: Matrix,
    beside: Matrix,
    settings: Vector,
    towards: Vector,
) -> tuple[float, float]:
    """What the ratings say of the drift at a time.

    The drift is linear in the user's bias and factor, so its part that is due to them is taken off
    `towards`, (d,), the features of the wanted rating.

    Returns:
        the other part, and the variance of the drift were bias and factor known.
    """
    value, variance = 0.0, settings[1]
    if np.isnan(when):  # as at any of the user's ratings
        for entry in range(time.size):
            value += explained[entry, 0] / time.size
            for d in range(towards.size):
                towards[d] -= explained[entry, 1 + d] / time.size
        return value, variance
    after, old, new, rest = drift.between(time, when, settings[2])
    variance *= rest
    for weight, entry in ((old, after - 1), (new, after)):
        if weight > 0.0:
            value += weight * explained[entry, 0]
            variance += weight * weight * beside[entry, 0]
            for d in range(towards.size):
                towards[d] -= weight * explained[entry, 1 + d]
    if old > 0.0 and new > 0.0:
        variance += 2.0 * old * new * beside[after, 1]
    return value, variance


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
