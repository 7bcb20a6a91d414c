from __future__ import annotations

import numpy as np

from graphrec.kernels.csr import csr
from graphrec.recommenders.criteria.biases import (
    Biases,
    Posteriors,
    Sums,
    evidence_of,
    first_biases,
    learned_biases,
)

NOISE = np.array([[0.5, 0.3], [0.3, 0.4]])
OF_USERS = np.array([[0.3, 0.1], [0.1, 0.2]])
ITEMS = Posteriors(np.array([[0.5, 0.2], [-0.4, 0.1]]), np.tile(0.1 * np.eye(2), (2, 1, 1)))
KNOWN = Biases(*ITEMS, np.array([0.1, 0.0]), 0.2 * np.eye(2), OF_USERS, NOISE)


def test_a_user_s_bias_is_the_normal_posterior_of_all_ratings_that_are_there() -> None:
    ratings = np.array([[1.0, np.nan], [0.3, -0.6]])
    found = evidence_of(csr(np.array([0, 2]), np.array([0, 1], np.int32), ratings), KNOWN)
    # the same as one vector of three numbers: r = A·c + noise
    design = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    noise = np.zeros((3, 3))
    noise[0, 0], noise[1:, 1:] = NOISE[0, 0], NOISE
    left = np.array([1.0 - 0.5, 0.3 + 0.4, -0.6 - 0.1])
    gain = OF_USERS @ design.T @ np.linalg.inv(design @ OF_USERS @ design.T + noise)
    mean, covariance = gain @ left, OF_USERS - gain @ design @ OF_USERS
    np.testing.assert_allclose(found.users[0], np.outer(mean, mean) + covariance)
    alone, both = found.precision
    np.testing.assert_allclose(alone, [[1 / NOISE[0, 0], 0.0], [0.0, 0.0]])
    np.testing.assert_allclose(both, np.linalg.inv(NOISE))
    np.testing.assert_allclose(found.weighted[1], both @ (ratings[1] - mean))


def test_nothing_given_says_nothing() -> None:
    nothing = csr(np.array([0, 1]), np.array([0], np.int32), np.full((1, 2), np.nan))
    found = evidence_of(nothing, KNOWN)
    np.testing.assert_allclose(found.users[0], OF_USERS)
    for empty in (found.precision, found.weighted, found.noise):
        assert not empty.any()


def test_covariances_are_found_though_ratings_are_missing() -> None:
    random = np.random.default_rng(0)
    users, items, each = 150, 60, 20
    of_items = np.array([[0.4, 0.3], [0.3, 0.3]])
    planted = random.multivariate_normal([0.2, -0.1], of_items, items)
    own = random.multivariate_normal([0, 0], OF_USERS, users)
    rated = np.concatenate([random.choice(items, each, replace=False) for _ in range(users)])
    ratings = planted[rated] + np.repeat(own, each, axis=0)
    ratings += random.multivariate_normal([0, 0], NOISE, rated.size)
    ratings[random.random(ratings.shape) < 0.3] = np.nan
    rows = csr(np.arange(0, rated.size + 1, each), rated.astype(np.int32), ratings)
    known = first_biases(items, 2)
    for _ in range(20):
        found = evidence_of(rows, known)
        precision, weighted = np.zeros((items, 2, 2)), np.zeros((items, 2))
        np.add.at(precision, rated, found.precision)
        np.add.at(weighted, rated, found.weighted)
        sums = (precision, weighted, found.users.sum(axis=0), found.noise.sum(axis=0))
        known = learned_biases(known, Sums(*sums, (users, rated.size)))
    np.testing.assert_allclose(known.noise, NOISE, atol=0.03)
    np.testing.assert_allclose(known.of_users, OF_USERS, atol=0.07)
    np.testing.assert_allclose(known.of_items, np.cov(planted.T), atol=0.07)
    assert np.corrcoef(known.item_mean[:, 0], planted[:, 0])[0, 1] > 0.95
