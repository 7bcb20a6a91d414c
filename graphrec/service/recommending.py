"""A user's list of this moment: what the model knows, and the user's events since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from graphrec.data.event_names import CONSUMED, DISLIKE, RATING
from graphrec.experiments.exploration import Exploration, fill
from graphrec.kernels.types import Mask
from graphrec.scorer.history import History, Interaction, Rules
from graphrec.scorer.request_rules import RequestRules
from graphrec.service.events import Event, EventStore
from graphrec.service.experiments import ArmSettings
from graphrec.service.feedback import Earnings
from graphrec.service.limits import NONE, Limits, Room
from graphrec.service.served import Served

STORED = "stored"  # the source of a list that was made before, by `graphrec recommend`
_ADDED_UP = ("sum", "mean")  # rules by which an interaction must not be counted twice


@dataclass(frozen=True)
class Wanted:
    """What a list shall be."""

    k: int = 10
    offset: int = 0
    diversity: float | None = None
    weights: dict[str, float] | None = None
    allow: tuple[Any, ...] | None = None  # ids
    deny: tuple[Any, ...] = ()
    where: str | None = None
    limits: Limits = NONE
    boosts: Mapping[Any, float] = field(default_factory=dict)  # of single items, by id
    shown: Mapping[Any, float] = field(default_factory=dict)  # how often, by id
    profile: Mapping[str, Any] = field(default_factory=dict)  # features of the user
    exploration: Exploration | None = None

    def under(self, settings: ArmSettings, exploration: Exploration) -> Wanted:
        """The same with what the user's arms set, which goes before what the request asks for."""
        if settings.explore is not None:
            exploration = replace(exploration, share=settings.explore)
        return replace(
            self,
            diversity=self.diversity if settings.diversity is None else settings.diversity,
            weights=self.weights if settings.weights is None else dict(settings.weights),
            exploration=exploration if exploration.share > 0 else None,
        )

    def allowed(self, served: Served) -> Mask | None:
        """(items,), True for what may be listed; None: everything."""
        mask: npt.NDArray[np.bool_] | None = None
        if self.allow is not None:
            mask = served.scorer.mask(self.allow)
        if self.where is not None:
            fulfils = served.items.where(self.where)
            mask = fulfils if mask is None else mask & fulfils
        return mask

    def rules(self, served: Served) -> RequestRules | None:
        """Quotas and boosts; None: there are none."""
        return served.limits.with_boosts(self.limits, self.boosts)


def history_of(served: Served, store: EventStore, user: Any | None, wanted: Wanted) -> History:
    """What a list is made of: what is known of a user, if one is named, and the profile."""
    profile = served.scorer.profile(wanted.profile)
    if user is None:
        return profile
    now = history_now(served, store, user)
    return now if profile.vector is None else replace(now, vector=profile.vector)


def history_now(served: Served, store: EventStore, user: Any) -> History:
    """A user's history with the events since.

    Where the model adds up the values of an item, events that are not newer than all that it
    learned from are in its histories already, and are not counted again.
    """
    scorer = served.scorer
    known, events = scorer.history(user), store.of_user(str(user))
    if not events:
        return known
    rules = scorer.model.rules
    since = rules.latest if rules.duplicates in _ADDED_UP and rules.latest is not None else 0.0
    rows = [
        Interaction(scorer.model.items.from_text(event.item), _value(event, rules), event.time)
        for event in events
        if _is_told(event, rules, since)
    ]
    return scorer.extended(known, rows)


def _is_told(event: Event, rules: Rules, since: float) -> bool:
    """Whether an event says something that the model does not know."""
    if event.kind == DISLIKE:
        return True
    kinds = CONSUMED if rules.events is None else rules.events.weights
    return event.kind in kinds and event.time > since


def _value(event: Event, rules: Rules) -> float | None:
    """The rating or weight of an event; a price or a number of seconds is none on a scale."""
    if event.kind == DISLIKE:
        return -1.0
    if rules.events is not None:
        return rules.events.weights[event.kind]
    is_rating = event.kind == RATING or rules.highest is None
    return event.value if is_rating else None


def live(
    served: Served, history: History, wanted: Wanted, earnings: Earnings
) -> list[dict[str, Any]]:
    """The list, scored now; of which slots are explored, with propensities."""
    exploration = wanted.exploration
    listed = served.scorer.recommend(
        history,
        wanted.k if exploration is None else exploration.pool(wanted.k),
        offset=wanted.offset,
        diversity=wanted.diversity,
        weights=wanted.weights,
        allow=wanted.allowed(served),
        deny=wanted.deny,
        shown=wanted.shown,
        rules=wanted.rules(served),
    )
    rows = [dict(vars(one)) for one in listed]  # `asdict` would copy all that is in them
    if exploration is not None and rows:
        rows = _explored(rows, wanted, exploration, earnings)
    return [titled(served, row) for row in rows]


def _explored(
    pool: list[dict[str, Any]], wanted: Wanted, exploration: Exploration, earnings: Earnings
) -> list[dict[str, Any]]:
    """The rows of a list that is filled from those of a longer one."""
    random = np.random.default_rng()
    values = earnings.values([str(row["item"]) for row in pool], random)
    chances = exploration.chances(min(wanted.k, len(pool)), wanted.offset)
    uniform = random.random((1, len(chances)))
    positions, propensities = fill(values[None], earnings.policy.floor, chances, uniform)
    return [
        pool[at] | {"rank": rank, "propensity": propensity}
        for rank, (at, propensity) in enumerate(
            zip(positions[0].tolist(), propensities[0].tolist(), strict=True), wanted.offset + 1
        )
    ]


def in_time(
    served: Served, store: EventStore, user: Any | None, wanted: Wanted
) -> list[dict[str, Any]]:
    """A list that needs no scoring: the stored one, and behind it what anybody gets.

    What the user has seen or does not want is not in it either, and quotas hold.
    """
    scorer = served.scorer
    now = History.empty() if user is None else history_now(served, store, user)
    allowed = wanted.allowed(served)
    now = scorer.served(now)
    seen = set((now.items if now.seen is None else now.seen).tolist()) | set(now.disliked.tolist())
    seen |= {
        index for item in wanted.deny if (index := scorer.model.items.position(item)) is not None
    }
    stored = served.lists.of_user(user) if served.lists is not None and user is not None else []
    length = wanted.offset + wanted.k
    chosen: dict[int, str] = {}
    room = Room(wanted.rules(served))
    for index, source in chain(((index, STORED) for index in stored), scorer.fallback()):
        if len(chosen) == length:
            break
        if index in seen or index in chosen or not (allowed is None or allowed[index]):
            continue
        if room.takes(index):
            chosen[index] = source
    rows = [
        {"item": scorer.model.items[index], "rank": rank, "source": source}
        for rank, (index, source) in enumerate(chosen.items(), 1)
    ]
    return [titled(served, row) for row in rows[wanted.offset :]]


def titled(served: Served, row: dict[str, Any]) -> dict[str, Any]:
    """A row with the title of its item, if it has one."""
    if not served.items.have_titles:
        return row
    index = served.scorer.model.items.position(row["item"])
    title = None if index is None else served.items.title(index)
    return row if title is None else row | {"title": title}
