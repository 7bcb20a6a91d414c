"""A user's history where there is no Spark: by the rules that the model's own histories are by.

`graphrec.data.contract`, `duplicates` and `recency` state these rules as queries over all users;
here they are stated for the few rows of one. That both give the same is a test.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphrec.columns import HIDDEN, ITEMS, VECTOR, WEIGHTS
from graphrec.errors import ParameterError

MAX_VALUE: Final = 1e9  # of a rating, as in the contract of interactions
_DAY_SECONDS: Final = 86400.0


@dataclass(frozen=True)
class Interaction:
    """One row of a history that is given with a request."""

    item: Any  # an id
    value: float | None = None  # a rating or weight >= 0; None: there is none
    time: float | None = None  # seconds since 1970-01-01 UTC; None: there is none


@dataclass(frozen=True)
class History:
    """The history of one user; the items ascend by index."""

    items: npt.NDArray[np.int32]  # (n,)
    weights: npt.NDArray[np.float32]  # (n,)
    times: npt.NDArray[np.float64]  # (n,), seconds since 1970-01-01 UTC, NaN where there is none
    vector: npt.NDArray[np.float32] | None = None  # a user factor that was given

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
        age = (np.nanmax(self.times) - self.times) / (half_life_days * _DAY_SECONDS)
        decayed = self.weights * np.power(0.5, age)
        weights = np.where(np.isnan(self.times), self.weights, decayed).astype(np.float32)
        return History(self.items, weights, self.times, self.vector)

    def row(self, hidden: npt.NDArray[np.int32]) -> pa.RecordBatch:
        """As the ranking takes it: one row (items, weights, hidden), and the vector if it has one.

        Args:
            hidden: items that are never listed to this user, beside those of the history.
        """
        columns = {ITEMS: _one_list(self.items), WEIGHTS: _one_list(self.weights)}
        if hidden.size:
            columns[HIDDEN] = _one_list(hidden)
        if self.vector is not None:
            columns[VECTOR] = _one_list(self.vector)
        return pa.RecordBatch.from_pydict(columns)


@dataclass(frozen=True)
class Rules:
    """How rows become a history, as the model learned from its own."""

    duplicates: str  # "last", "sum", "mean" or "max"
    preference: str  # "binary" or "weight"
    half_life: float | None  # days
    latest: float | None  # the time from which ages are counted back; None: there are no times

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
        entries: dict[int, list[tuple[float, float]]] = {
            int(item): [(float(time), float(weight))]
            for item, weight, time in zip(known.items, known.weights, known.times, strict=True)
        }
        for row in rows:
            index = positions.get(row.item)
            if index is not None:
                time = math.nan if row.time is None else row.time
                weight = self._decayed(1.0 if row.value is None else row.value, time)
                entries.setdefault(index, []).append((time, weight))
        items = sorted(entries)
        combined = [self._combined(entries[item]) for item in items]
        return History(
            np.array(items, np.int32),
            np.array([weight for _, weight in combined], np.float64).astype(np.float32),
            np.array([time for time, _ in combined], np.float64),
            known.vector,
        )

    def _combined(self, rows: list[tuple[float, float]]) -> tuple[float, float]:
        """One (time, weight) of several of an item."""
        times = [time for time, _ in rows if not math.isnan(time)]
        latest = max(times) if times else math.nan
        if self.preference == "binary":
            return latest, self._decayed(1.0, latest)
        weights = sorted(weight for _, weight in rows)
        if self.duplicates == "last":
            at_last = [weight for time, weight in rows if time == latest]
            return latest, max(at_last or weights)
        if self.duplicates == "max":
            return latest, weights[-1]
        total = 0.0
        for weight in weights:  # in the order in which Spark adds them up
            total += weight
        return latest, total if self.duplicates == "sum" else total / len(weights)

    def _decayed(self, weight: float, time: float) -> float:
        if self.half_life is None or self.latest is None or math.isnan(time):
            return weight
        age = max(self.latest - time, 0.0)
        return float(weight * np.power(0.5, age / (self.half_life * _DAY_SECONDS)))


def check(rows: Iterable[Any]) -> list[Interaction]:
    """Rows of a history as they are given: ids, (id, value, time), or interactions.

    Raises:
        ParameterError: a value or a time that the contract of interactions would reject.
    """
    checked = []
    for row in rows:
        interaction = _interaction(row)
        for name, number, highest in (
            ("value", interaction.value, MAX_VALUE),
            ("time", interaction.time, math.inf),
        ):
            if number is not None and not (0 <= number <= highest and math.isfinite(number)):
                raise ParameterError(
                    f"the {name} of an interaction must be a number of 0 or more",
                    found=repr(number),
                    fix="leave it out, or correct it",
                )
        checked.append(interaction)
    return checked


def _interaction(row: Any) -> Interaction:
    if isinstance(row, Interaction):
        return row
    return Interaction(*row) if isinstance(row, (tuple, list)) else Interaction(row)


def _one_list(values: npt.NDArray[Any]) -> pa.ListArray:
    offsets = pa.array(np.array([0, values.size], np.int32))
    return pa.ListArray.from_arrays(offsets, pa.array(values))
