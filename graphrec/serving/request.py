"""A request for lists or scores, as it travels to the workers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphrec.kernels.types import Vector, read_only
from graphrec.serving.fallback import make_fallback
from graphrec.serving.kernel_types import Fallback, ListRules, Settings


@dataclass(frozen=True)
class Request:
    """One request for lists or scores."""

    blend: tuple[float, ...]  # weights of the legs, in the order of the tables
    standardise: bool
    length: int = 10
    candidates: int = 300
    reasons: int = 3
    diversity: float = 0.0
    calibration: float = 0.0
    filter_seen: bool = True
    decay: tuple[float, ...] = ()  # see `Settings`; none of the legs where it is empty
    offset: int = 0  # how many of the best items are left out at the top of each list

    def retrieves_by_graph(self, neighbour_legs: int) -> bool:
        """Whether one of the neighbour legs, the first ones of the blend, has any weight."""
        return any(weight > 0.0 for weight in self.blend[:neighbour_legs])

    def settings(
        self, popularity: Vector, rules: ListRules, fallback: Fallback | None = None
    ) -> Settings:
        """As the kernel takes it; no list, and no other number of items, exceeds the catalogue.

        Args:
            popularity: (items,), descending.
            rules: what holds for all lists.
            fallback: for users of whom nothing is known; None: what is popular.
        """
        items = popularity.size
        length = self.length + self.offset
        return Settings(
            read_only(np.array(self.blend, np.float32)),
            read_only(np.array(self.decay or (0.0,) * len(self.blend), np.float32)),
            self.standardise,
            rules,
            popularity,
            fallback or make_fallback(popularity),
            min(max(self.candidates, length), items),
            min(length, items),
            min(self.reasons, items),
            self.diversity,
            self.calibration,
        )
