"""The ratings by user and by item, as learning sees them."""

from __future__ import annotations

from typing import Protocol

from graphrec.kernels.types import Matrix


class Sides(Protocol):
    """The ratings by user and by item, wherever they are."""

    def user_features(self, parts: Matrix) -> Matrix:
        """(users, 2 + rank), see `graphrec.recommenders.rating.features`."""

    def item_features(self, parts: Matrix) -> Matrix:
        """(items, 2 + rank), the same with users in the place of items."""

    def solve_users(self, fixed: Matrix, prior: Matrix, precision: Matrix, noise: float) -> Matrix:
        """See `graphrec.recommenders.rating.posterior.solve_rows`."""

    def solve_items(self, fixed: Matrix, prior: Matrix, precision: Matrix, noise: float) -> Matrix:
        """Likewise."""
