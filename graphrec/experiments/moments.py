"""Sums over users that all tests are made of: nothing as long as the table of users is needed.

A metric is a ratio of two sums, Σx / Σy, such as clicks by impressions; x and y are a user's own
sums, for users are what was assigned, and one user's events resemble each other.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """Sums over the users of an arm; arrays of one shape are as many experiments at a time.

    Attributes:
        users: their number.
        x: of the numerators, such as clicks.
        y: of the denominators, such as impressions; 1 of each user for a mean per user.
        xx: of the squares of x; yy, xy: of the other products.
        yy: see `xx`.
        xy: see `xx`.
        z: of a covariate from before the experiment, 0 without one; zz, xz, yz: products with it.
        zz: see `z`.
        xz: see `z`.
        yz: see `z`.
    """

    users: Array
    x: Array
    y: Array
    xx: Array
    yy: Array
    xy: Array
    z: Array
    zz: Array
    xz: Array
    yz: Array

    @classmethod
    def of(
        cls, x: npt.ArrayLike, y: npt.ArrayLike | None = None, z: npt.ArrayLike | None = None
    ) -> Self:
        """Sum over the last axis.

        Args:
            x: (..., users), the users' numerators.
            y: their denominators; None: 1 each, so that the ratio is the mean of x.
            z: their covariate; None: none.
        """
        a = np.asarray(x, dtype=np.float64)
        b = np.ones_like(a) if y is None else np.asarray(y, dtype=np.float64)
        c = np.zeros_like(a) if z is None else np.asarray(z, dtype=np.float64)
        sums = {
            name: np.asarray(values.sum(axis=-1))
            for name, values in (
                *(("x", a), ("y", b), ("xx", a * a), ("yy", b * b), ("xy", a * b)),
                *(("z", c), ("zz", c * c), ("xz", a * c), ("yz", b * c)),
            )
        }
        return cls(np.full(a.shape[:-1], float(a.shape[-1])), **sums)

    def __add__(self, other: Moments) -> Moments:
        """Of the users of both."""
        return Moments(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def cumulated(self) -> Moments:
        """Of what came until then, along the last axis."""
        return Moments(*(np.cumsum(getattr(self, f.name), axis=-1) for f in fields(self)))

    @property
    def ratio(self) -> Array:
        """Σx / Σy; NaN where Σy is 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.x / np.where(self.y == 0, np.nan, self.y)

    @property
    def user_variance(self) -> Array:
        """Of one user's part of the ratio, (x - r·y) / mean of y: the ratio's variance times users.

        By the delta method: (s²_x - 2r·s_xy + r²·s²_y) / ȳ²
        (Deng, Knoblich and Lu 2018, https://arxiv.org/abs/1803.06336).
        """
        r = self.ratio
        xx = _covariance(self.users, self.x, self.x, self.xx)
        yy = _covariance(self.users, self.y, self.y, self.yy)
        xy = _covariance(self.users, self.x, self.y, self.xy)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.maximum(xx - 2 * r * xy + r**2 * yy, 0.0) / (self.y / self.users) ** 2

    @property
    def covariate_variance(self) -> Array:
        """Of the covariate."""
        return _covariance(self.users, self.z, self.z, self.zz)

    @property
    def covariate_covariance(self) -> Array:
        """Of the covariate with a user's part of the ratio."""
        xz = _covariance(self.users, self.x, self.z, self.xz)
        yz = _covariance(self.users, self.y, self.z, self.yz)
        with np.errstate(divide="ignore", invalid="ignore"):
            return (xz - self.ratio * yz) / (self.y / self.users)


def _covariance(users: Array, a: Array, b: Array, ab: Array) -> Array:
    """Of a sample, from sums; NaN of fewer than two users."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return (ab - a * b / users) / np.where(users > 1, users - 1, np.nan)
