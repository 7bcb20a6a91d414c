"""A user's history where there is no Spark: by the rules that the model's own histories are by.

`graphrec.data.contract`, `duplicates` and `recency` state these rules as queries over all users;
here they are stated for the few rows of one. That both give the same is a test.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphrec.columns import DEMOTION, DISLIKED, HIDDEN, ITEMS, SEEN, SHOWN, VECTOR, WEIGHTS
from graphrec.data.bounds import DAY_SECONDS, MAX_RATING
from graphrec.data.event_kinds import EventKinds
from graphrec.data.liked import LikedRule
from graphrec.errors import ParameterError

_NONE: Final = np.empty(0, np.int32)


@dataclass(frozen=True)
class Interaction:
    """One row of a history that is given with a request."""

    item: Any  # an id
    value: float | None = None  # a rating or weight, below 0 a dislike; None: there is none
    time: float | None = None  # seconds since 1970-01-01 UTC; None: there is none


@dataclass(frozen=True)
class History:
    """The history of one user; the items ascend by index."""

    items: npt.NDArray[np.int32]  # (n,)
    weights: npt.NDArray[np.float32]  # (n,)
    times: npt.NDArray[np.float64]  # (n,), seconds since 1970-01-01 UTC, NaN where there is none
    vector: npt.NDArray[np.float32] | None = None  # a user factor that was given
    stars: npt.NDArray[np.float64] | None = None  # (n,), ratings without decay; NaN: not rated
    disliked: npt.NDArray[np.int32] = field(default_factory=lambda: _NONE)  # items, ascending
    seen: npt.NDArray[np.int32] | None = None  # items that are not listed again; None: all

    @staticmethod
    def empty() -> History:
        """Of somebody nobody knows."""
        return History(np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0))

    @property
    def size(self) -> int:
        """Number of items."""
        return self.items.size

    def recent_first(self, half_life_days: float | None) -> History:
        """With the weights halved for each half-life before the user's latest interaction."""
        if half_life_days is None or not self.size or np.isnan(self.times).all():
            return self
        age = (np.nanmax(self.times) - self.times) / (half_life_days * DAY_SECONDS)
        decayed = self.weights * np.power(0.5, age)
        weights = np.where(np.isnan(self.times), self.weights, decayed).astype(np.float32)
        return replace(self, weights=weights)

    def seen_lately(self, days: float | None, latest: float | None) -> History:
        """With those items alone as seen that are not listed again yet.

        Args:
            days: after which an item may be listed again; None: never.
            latest: the time from which days are counted back, unless the history goes further.
        """
        if days is None or latest is None or not self.size:
            return self
        since = np.fmax(latest, np.nanmax(self.times)) - days * DAY_SECONDS
        lately = self.items[np.isnan(self.times) | (self.times > since)]
        seen = lately if self.seen is None else np.intersect1d(self.seen, lately)
        return replace(self, seen=seen)

    def row(self, hidden: npt.NDArray[np.int32], demotions: Mapping[int, float]) -> pa.RecordBatch:
        """As the ranking takes it: one row (items, weights[, disliked, hidden, shown ...]).

        Args:
            hidden: items that are never listed to this user, beside those of the history.
            demotions: factors of the scores of items, ascending.
        """
        columns = {ITEMS: _one_list(self.items), WEIGHTS: _one_list(self.weights)}
        if self.seen is not None:
            columns[SEEN] = _one_list(self.seen)
        if self.disliked.size:
            columns[DISLIKED] = _one_list(self.disliked)
        if hidden.size:
            columns[HIDDEN] = _one_list(hidden)
        if demotions:
            columns[SHOWN] = _one_list(np.array(list(demotions), np.int32))
            columns[DEMOTION] = _one_list(np.array(list(demotions.values()), np.float32))
        if self.vector is not None:
            columns[VECTOR] = _one_list(self.vector)
        return pa.RecordBatch.from_pydict(columns)


class _Row(NamedTuple):
    """What one row says of an item."""

    time: float  # NaN: there is none
    weight: float
    stars: float  # a rating without decay; NaN: there is none


@dataclass(frozen=True)
class Rules:
    """How rows become a history, as the model learned from its own."""

    duplicates: str  # "last", "sum", "mean" or "max"
    preference: str | None  # "weight": of the ratings; otherwise 1, or graded by `highest`
    half_life: float | None  # days
    latest: float | None  # the time from which ages are counted back; None: there are no times
    liked: LikedRule | None = None  # which rated items are liked; None: all
    highest: float | None = None  # the rating that weighs 1, where ratings are graded
    events: EventKinds | None = None  # whose weights values are; None: there are no kinds

    def extend(
        self, known: History, positions: Mapping[Any, int], rows: Iterable[Interaction]
    ) -> History:
        """A history with more rows.

        What is known of an item counts as one row of it, so where the rule is the mean, a row that
        was itself the mean of several counts once.

        Args:
            known: what is there already.
            positions: the indices of the items that the model knows, by id; others are left out.
            rows: checked, see `check`.
        """
        entries: dict[int, list[_Row]] = {
            int(item): [_Row(float(time), float(weight), stars)]
            for item, weight, time, stars in zip(
                known.items, known.weights, known.times, _stars_of(known), strict=True
            )
        }
        learned = -math.inf if self.latest is None else self.latest
        disliked_at = dict.fromkeys(set(known.disliked.tolist()) - entries.keys(), learned)
        for row in rows:
            index = positions.get(row.item)
            if index is None:
                continue
            time = math.nan if row.time is None else row.time
            if row.value is not None and row.value < 0:
                disliked_at[index] = max(disliked_at.get(index, -math.inf), _or_first(time))
                continue
            value = None if row.value is None else row.value / self._most
            weight = self._decayed(1.0 if value is None else value, time)
            stars = math.nan if value is None else float(value)
            entries.setdefault(index, []).append(_Row(time, weight, stars))
        combined = {item: self._combined(entries[item]) for item in sorted(entries)}
        refused = {
            item
            for item, time in disliked_at.items()
            if item not in combined or not combined[item].time >= time
        }
        return self._history(
            {item: row for item, row in combined.items() if item not in refused},
            refused,
            known.vector,
        )

    def _history(
        self,
        combined: Mapping[int, _Row],
        refused: set[int],
        vector: npt.NDArray[np.float32] | None,
    ) -> History:
        """The history of combined rows, ascending by item, beside items that are disliked."""
        stars = [row.stars for row in combined.values()]
        if self.liked is not None:
            lowest = self.liked.lowest_liked_of(stars)
            refused = refused | {item for item, row in combined.items() if row.stars < lowest}
        return History(
            np.array(list(combined), np.int32),
            np.array([row.weight for row in combined.values()], np.float64).astype(np.float32),
            np.array([row.time for row in combined.values()], np.float64),
            vector,
            np.array(stars, np.float64),
            np.array(sorted(refused), np.int32),
            self._seen(combined),
        )

    @property
    def _most(self) -> float:
        """What a value is divided by: the weight of the strongest kind of events."""
        return 1.0 if self.events is None else max(self.events.weights.values())

    def _seen(self, combined: Mapping[int, _Row]) -> npt.NDArray[np.int32] | None:
        """The items that are not listed again; what has no kind counts as the target."""
        if self.events is None:
            return None
        least = self.events.least_target
        return np.array([item for item, row in combined.items() if not row.stars < least], np.int32)

    def _combined(self, rows: list[_Row]) -> _Row:
        """One row of several of an item."""
        times = [row.time for row in rows if not math.isnan(row.time)]
        latest = max(times) if times else math.nan
        rated = [(row.time, row.stars) for row in rows if not math.isnan(row.stars)]
        stars = self._one_of(rated)
        if self.events is not None:
            stars = max((stars for _, stars in rated), default=math.nan)
        if self.preference == "weight":
            return _Row(latest, self._one_of([(row.time, row.weight) for row in rows]), stars)
        return _Row(latest, self._decayed(self._graded(stars), latest), stars)

    def _graded(self, stars: float) -> float:
        if self.highest is None or math.isnan(stars):
            return 1.0
        return min(stars / self.highest, 1.0)

    def _one_of(self, timed: list[tuple[float, float]]) -> float:
        """One value of several (time, value), by the rule for duplicates; NaN of none."""
        values = sorted(value for _, value in timed)
        if not values:
            return math.nan
        if self.duplicates == "last":
            latest = max((time for time, _ in timed if not math.isnan(time)), default=math.nan)
            return max([value for time, value in timed if time == latest] or values)
        if self.duplicates == "max":
            return values[-1]
        total = 0.0
        for value in values:  # in the order in which Spark adds them up
            total += value
        return total if self.duplicates == "sum" else total / len(values)

    def _decayed(self, weight: float, time: float) -> float:
        if self.half_life is None or self.latest is None or math.isnan(time):
            return weight
        age = max(self.latest - time, 0.0)
        return float(weight * np.power(0.5, age / (self.half_life * DAY_SECONDS)))


def check(rows: Iterable[Any]) -> list[Interaction]:
    """Rows of a history as they are given: ids, (id, value, time), or interactions.

    Raises:
        ParameterError: a value or a time that the contract of interactions would reject.
    """
    checked = []
    for row in rows:
        interaction = _interaction(row)
        for name, number, least, most, of in (
            ("value", interaction.value, -MAX_RATING, MAX_RATING, "within a billion of 0"),
            ("time", interaction.time, 0.0, math.inf, "of 0 or more"),
        ):
            if number is not None and not (least <= number <= most and math.isfinite(number)):
                raise ParameterError(
                    f"the {name} of an interaction must be a number {of}",
                    found=repr(number),
                    fix="leave it out, or correct it",
                )
        checked.append(interaction)
    return checked


def _stars_of(known: History) -> list[float]:
    return [math.nan] * known.size if known.stars is None else known.stars.tolist()


def _or_first(time: float) -> float:
    """A time to compare with; what has none is taken to be before all that has."""
    return -math.inf if math.isnan(time) else time


def _interaction(row: Any) -> Interaction:
    if isinstance(row, Interaction):
        return row
    return Interaction(*row) if isinstance(row, (tuple, list)) else Interaction(row)


def _one_list(values: npt.NDArray[Any]) -> pa.ListArray:
    offsets = pa.array(np.array([0, values.size], np.int32))
    return pa.ListArray.from_arrays(offsets, pa.array(values))
