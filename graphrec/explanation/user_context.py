"""One user's history and the model's tables, on the driver, as the ranking kernel takes them.

An explanation needs many figures of one user. The history is at most as large as the catalogue,
and the tables are on the driver anyway, so the kernel is called there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphrec.columns import DISLIKED, VECTOR
from graphrec.kernels.types import Array
from graphrec.serving.factor_scores import user_vector
from graphrec.serving.fallback import fallback_of
from graphrec.serving.kernel_types import Factors, Histories, ListRules, Lists, Neighbours, Settings
from graphrec.serving.list_rules import without_quotas
from graphrec.serving.ranking import rank_batch, read_histories, user_factors
from graphrec.serving.request import Request
from graphrec.serving.sources import DEMOGRAPHIC, PERSONAL, SOURCES
from graphrec.serving.tables import ItemTables, factors_of, neighbours_of
from graphrec.spark.arrow import values
from graphrec.spark.threads import one_thread


@dataclass(frozen=True)
class UserContext:
    """What a user's scores and list are made of.

    Attributes:
        row: (items, weights), perhaps `disliked`, `hidden`, `shown` and `demotion`, and `vector`,
            one row; see `serving.lists.serve`.
        tables: the model.
        request: what the user's list shall be.
        rules: of all lists.
        categories: (categories,), the names of those that have a quota.
    """

    row: pa.RecordBatch
    tables: ItemTables
    request: Request
    rules: ListRules
    categories: Sequence[str] = ()

    @cached_property
    def arrays(self) -> dict[str, Array]:
        """The tables."""
        return self.tables.arrays(diversify=self.request.diversity > 0)

    @cached_property
    def histories(self) -> Histories:
        """The history, and what must not be listed."""
        return read_histories(self.row, filter_seen=self.request.filter_seen)

    @property
    def history(self) -> npt.NDArray[np.int32]:
        """The items of the history, (n,)."""
        return self.histories.items.indices

    @property
    def weight(self) -> npt.NDArray[np.float64]:
        """Their weights, (n,)."""
        return self.histories.items.data.astype(np.float64)

    @property
    def disliked(self) -> npt.NDArray[np.int32]:
        """The items that the user dislikes, of the history or not, (n,)."""
        if DISLIKED not in self.row.schema.names:
            return np.empty(0, np.int32)
        return values(self.row[DISLIKED], np.int32)

    @property
    def personal(self) -> bool:
        """Whether the scores are the user's own; they are those of the fallback otherwise."""
        weights = self.request.blend[len(self.tables.neighbour_names) :]
        by_graph = self.request.retrieves_by_graph(len(self.tables.neighbour_names))
        return (by_graph and self.history.size > 0) or any(
            weight > 0.0 and bool(user_vector(self.factors, leg, 0).any())
            for leg, weight in enumerate(weights)
        )

    def source(self, item: int) -> str:
        """On what ground an item is listed."""
        if not self.personal:
            return SOURCES[self.settings.fallback.source[item]]
        return PERSONAL if self.history.size > 0 else DEMOGRAPHIC

    @property
    def has_given_factor(self) -> bool:
        """Whether the user's factor was given, and not folded in."""
        return VECTOR in self.row.schema.names and bool(self.row[VECTOR][0].is_valid)

    @cached_property
    def neighbours(self) -> Neighbours:
        """The neighbour table."""
        return neighbours_of(self.arrays)

    @cached_property
    def factors(self) -> Factors:
        """The factor legs with the user's vectors."""
        with one_thread():
            user = user_factors(self.row, self.histories, self.arrays, self.tables.fold_ins)
        return factors_of(self.arrays, user)

    @cached_property
    def settings(self) -> Settings:
        """The request, as the kernel takes it."""
        popularity, fallback = self.arrays["popularity"], fallback_of(self.arrays)
        return self.request.settings(popularity, self.rules, fallback)

    def boost_of(self, item: int) -> float:
        """The factor of an item's score for all users."""
        return float(self.rules.boost[item]) if self.rules.boost.size else 1.0

    def demotion_of(self, item: int) -> float:
        """The factor of an item's score for this user, who was shown it and did not take it."""
        demoted = self.histories.demoted
        return float(np.prod(demoted.data[demoted.indices == item]))

    def ranked(self, length: int) -> Lists:
        """The user's list by score alone, without quotas or re-ranking; the same candidates."""
        request = replace(
            self.request,
            length=length,
            candidates=self.settings.candidates,
            diversity=0.0,
            calibration=0.0,
            reasons=0,
        )
        return self._lists(request, without_quotas(self.rules))

    def listed(self) -> Lists:
        """The user's list as it is."""
        return self._lists(replace(self.request, reasons=0), self.rules)

    def _lists(self, request: Request, rules: ListRules) -> Lists:
        with one_thread():
            return rank_batch(self.row, self.arrays, rules, self.tables.fold_ins, request)
