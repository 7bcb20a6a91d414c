"""What listed items have earned: impressions and clicks of the event store, some seconds late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from graphrec.experiments.bandits import Feedback, Policy
from graphrec.experiments.moments import Array
from graphrec.service.events import EventStore

REFRESH_SECONDS: Final = 5.0
_BLOCK: Final = 20_000  # events that are read, and then forgotten in part, at a time
_DRAWS: Final = 500  # of a rate: in a millisecond or two for all candidates of a list


@dataclass(frozen=True)
class Earnings:
    """What is known at a time; another one takes its place.

    Attributes:
        policy: with the prior that all items together give.
        feedback: of the items.
        positions: where in it an item is, by its id as text.
        until: the number of the last event that is in it.
    """

    policy: Policy
    feedback: Feedback = field(default_factory=lambda: Feedback.none(1))
    positions: dict[str, int] = field(default_factory=dict)
    until: int = 0

    def values(self, items: Sequence[str], random: np.random.Generator) -> Array:
        """What a policy compares items by, (draws, items); unknown ones have the prior alone."""
        at = np.array([self.positions.get(item, -1) for item in items])
        known = at >= 0
        own = Feedback(
            np.where(known, self.feedback.successes[at], 0.0),
            np.where(known, self.feedback.trials[at], 0.0),
        )
        return self.policy.values(own, random, _DRAWS)

    def with_new_events(self, store: EventStore) -> Earnings:
        """These, and what the store has got since."""
        last = store.count()
        if last == self.until:
            return self
        feedback, positions = self.feedback, dict(self.positions)
        for begin in range(self.until, last, _BLOCK):
            rows = store.earned(begin, min(begin + _BLOCK, last))
            for row in rows:
                positions.setdefault(row.item, len(positions))
            wins, shown = np.zeros((2, max(len(positions), 1)))
            at = [positions[row.item] for row in rows]
            wins[at] = [row.clicks for row in rows]
            shown[at] = [row.impressions for row in rows]
            feedback = feedback.of_size(len(wins)).counted(
                wins, shown, discount=self.policy.discount
            )
        return Earnings(self.policy.with_prior(feedback.prior()), feedback, positions, last)
