"""Learning the rating model: both sides in turn, each by what is known of the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphrec.kernels.types import Indices, Matrix
from graphrec.recommenders.rating.features import Features
from graphrec.recommenders.rating.prior import Prior, first_prior, learned_prior
from graphrec.recommenders.rating.sides import Sides

FIRST_NOISE = 0.6  # of a variance of 1: what biases and factors leave of most sets of ratings
FIRST_PRECISION = 5.0
MIN_NOISE = 1e-3
_BIAS_SHRINKAGE = 5.0  # ratings of the mean that an item starts with
_FIRST_DEVIATION = 0.1  # of random factors


@dataclass(frozen=True)
class Factors:
    """What is learned, in units of the ratings' deviation; d = rank + 1."""

    items: Matrix  # (items, 2d), float32: means of bias and factor, then their variances
    parts: Matrix  # (items, features), float32, see `Features.parts`
    users: Prior  # of users before they rate anything, by their features
    unknown: Matrix  # (2d,), of an item that nobody rated
    noise: float  # σ²


def shrunken_bias(total: Matrix, support: Indices) -> Matrix:
    """Items' biases from their summed ratings, (items,)."""
    return total / (support + _BIAS_SHRINKAGE)


def learn(
    sides: Sides,
    features: Features,
    bias: Matrix,
    *,
    rank: int,
    iterations: int,
    ratings: int,
    seed: int,
) -> Factors:
    """Alternate between the sides.

    Args:
        sides: the ratings without mean and drift, in units of their deviation.
        features: of the items, and what those of users are made of.
        bias: (items,), to start from.
        rank: of the factors.
        iterations: how many times both sides are solved.
        ratings: their number.
        seed: of the first factors.
    """
    size = rank + 1
    random = np.random.default_rng(seed).normal(0.0, _FIRST_DEVIATION, (bias.size, rank))
    items = np.column_stack((bias, random, np.zeros((bias.size, size)))).astype(np.float32)
    of_users = sides.user_features(features.parts)
    users = first_prior(of_users.shape[1], size, FIRST_PRECISION)
    known = first_prior(features.items.shape[1], size, FIRST_PRECISION)
    noise = FIRST_NOISE
    for _ in range(iterations):
        solved = sides.solve_users(items, of_users @ users.weights, users.precision, noise)
        users = learned_prior(of_users, solved[:, :size], solved[:, size : 2 * size])
        fixed = np.ascontiguousarray(solved[:, :-1])
        solved = sides.solve_items(fixed, features.items @ known.weights, known.precision, noise)
        items = np.ascontiguousarray(solved[:, : 2 * size])
        known = learned_prior(features.items, items[:, :size], items[:, size:])
        noise = max(float(solved[:, -1].sum(dtype=np.float64)) / ratings, MIN_NOISE)
    return Factors(items, features.parts, users, _of_nobody(known), noise)


def _of_nobody(known: Prior) -> Matrix:
    """Mean and variance of an item without ratings, (2d,)."""
    features = np.zeros(known.weights.shape[0])
    features[0] = 1.0
    variance = np.diag(np.linalg.inv(known.precision))
    return np.concatenate((features @ known.weights, variance)).astype(np.float32)
