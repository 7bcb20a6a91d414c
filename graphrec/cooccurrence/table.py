"""The pair table: for each item its best neighbours, with their counts and weighted sums.

One pass over the users' histories gives, for each pair of items that users have in common, how
many users that is, how many had the neighbour later, and weighted sums
`Σ_u s_u^-e · r_ui · r_uj` for each wanted exponent e, where `s_u = Σ_j r_uj` is a user's strength.
Exponent 1 is the three-step walk, exponent 1/2 the Gram matrix of EASE in which
long histories count less, exponent 0 the plain Gram matrix. Each item keeps the best neighbours by
cosine in exponent 1; everything downstream lives on that support.

The cost is `Σ_u n_u²`, so the sums take long histories as capped
(`graphrec.data.histories.cap_histories`); the numbers of users, which people read, are exact
(`graphrec.cooccurrence.long_histories`). Compiled code counts
(`graphrec.cooccurrence.pair_kernel`): on the driver where it can hold all histories and no cluster
would be quicker, else in blocks of items. The finished table has items x neighbours entries and is
the driver's: it grows with the catalogue, never with the users.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame

from graphrec.columns import AFTER, INDICES, TOGETHER
from graphrec.cooccurrence.in_blocks import count_in_blocks
from graphrec.cooccurrence.long_histories import counts_left_out
from graphrec.cooccurrence.on_driver import count_on_driver
from graphrec.cooccurrence.spec import PairCount
from graphrec.cooccurrence.totals import SELECTION_EXPONENT
from graphrec.data.dataset import Dataset
from graphrec.data.histories import HistorySizes, cap_histories, history_sizes
from graphrec.kernels.csr import CSR, csr, row_indices
from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Vector, read_only
from graphrec.progress import stage
from graphrec.spark.parallelism import is_better_on_driver

ITEM_PAIRS: Final = "item pairs"  # a stage
_DEFAULT_ENTRIES: Final = 1 << 24  # of a table whose width is not given
_MIN_NEIGHBOURS: Final = 200
_MAX_NEIGHBOURS: Final = 2000
_ENTRY_BYTES = 64  # of an interaction in all its arrays, while it is read
QUICK_ENTRIES = 1_000_000  # interactions: some seconds of work on one machine


@dataclass(frozen=True)
class PairTable:
    """Pairs (item, neighbour): a CSR of (items, items) with several values for each entry."""

    users: int
    mean_scale: dict[float, float]  # exponent -> mean of s_u^-e over the users, see `Totals`
    strength: npt.NDArray[np.float64]  # (items,), s_i = Σ_u r_ui
    support: npt.NDArray[np.int64]  # (items,), users who have the item
    own: dict[float, npt.NDArray[np.float64]]  # exponent -> (items,), an item's sum with itself
    indptr: npt.NDArray[np.int64]  # (items + 1,)
    indices: npt.NDArray[np.int32]  # (pairs,), the neighbours, ascending within a row
    together: npt.NDArray[np.int32]  # (pairs,), users who have both
    after: npt.NDArray[np.int32]  # (pairs,), users who had the neighbour later; (0,) without times
    sums: dict[float, npt.NDArray[np.float32]]  # exponent -> (pairs,)

    @property
    def items(self) -> int:
        """Number of items."""
        return self.support.size

    @property
    def row_indices(self) -> npt.NDArray[np.int32]:
        """The item (row) of each pair, (pairs,); `indices` has its neighbour (column)."""
        return row_indices(self.indptr)

    @property
    def cosine(self) -> npt.NDArray[np.float32]:
        """Cosine of each pair in the selecting exponent, (pairs,), 0 to 1."""
        norm = np.sqrt(self.own[SELECTION_EXPONENT])
        return _cosines(self.with_data(self.sums[SELECTION_EXPONENT]), read_only(norm))

    def with_items(self, items: int) -> PairTable:
        """The same pairs among more items, of which those behind the others have none."""
        more = items - self.items
        return replace(
            self,
            strength=np.pad(self.strength, (0, more)),
            support=np.pad(self.support, (0, more)),
            own={exponent: np.pad(own, (0, more)) for exponent, own in self.own.items()},
            indptr=np.pad(self.indptr, (0, more), mode="edge"),
        )

    def with_data(self, data: Vector) -> CSR:
        """A matrix (items, items) with one value, of (pairs,), for each pair."""
        return csr(self.indptr, self.indices, data)


@dataclass(frozen=True)
class PairSpec:
    """How the pairs of a dataset are counted.

    Attributes:
        exponents: of the user's strength, whose sums are wanted beside exponent 1.
        max_neighbours: neighbours that each item keeps, the best by cosine; None: as many as make
            16 million pairs, within 200 and 2000.
        min_support: users that a pair needs in common.
        block_entries: interactions that the driver, or a task, holds while it counts.
    """

    exponents: frozenset[float] = frozenset()
    max_neighbours: int | None = None
    min_support: int = 1
    block_entries: int = 32_000_000

    def neighbours_kept(self, items: int) -> int:
        """How many neighbours each of so many items keeps.

        Every pair that is cut off takes from the regression, so a small catalogue is not cut at
        all; a large one is, for the table passes through the driver.
        """
        if self.max_neighbours is not None:
            return self.max_neighbours
        return min(max(_DEFAULT_ENTRIES // max(items, 1), _MIN_NEIGHBOURS), _MAX_NEIGHBOURS)


def count_pairs(dataset: Dataset, spec: PairSpec) -> PairTable:
    """Count the item pairs of a dataset, under the stage "item pairs".

    Args:
        dataset: histories longer than its `maxHistory` are summed up in part.
        spec: what is counted, and how much is kept.
    """
    with stage(ITEM_PAIRS) as counts:
        table = build_pair_table(
            dataset.histories,
            dataset.catalogue.size,
            max_neighbours=spec.neighbours_kept(dataset.catalogue.size),
            max_history=dataset.rules.max_history,
            exponents=sorted(spec.exponents),
            min_support=spec.min_support,
            ordered=dataset.timed,
            block_entries=spec.block_entries,
            sizes=dataset.sizes,
        )
        counts["pairs"] = table.indices.size
    return table


def build_pair_table(
    histories: DataFrame,
    items: int,
    *,
    max_neighbours: int,
    max_history: int = 2000,
    exponents: Sequence[float] = (),
    min_support: int = 1,
    ordered: bool = False,
    block_entries: int = 32_000_000,
    sizes: HistorySizes | None = None,
) -> PairTable:
    """Count the pairs of a set of histories.

    Args:
        histories: (user, items, weights, times), see `build_histories`.
        items: number of items.
        max_neighbours: how many neighbours each item keeps.
        max_history: interactions of a user that are summed up: the latest. All count as users.
        exponents: wanted beside 1, which is always there.
        min_support: pairs with fewer common users are left out.
        ordered: also count in how many histories the neighbour came later.
        block_entries: how many history entries the driver, or one task, may hold, some 64 bytes
            each; with more data there are more blocks, not larger ones.
        sizes: of the histories, capped at `max_history`; counted where they are not known.
    """
    channels = (SELECTION_EXPONENT, *sorted(set(exponents) - {SELECTION_EXPONENT}))
    count = PairCount(items, channels, max_neighbours, min_support, ordered)
    _, interactions, beyond = sizes or history_sizes(histories, max_history)
    entries, too_long = interactions - beyond.interactions, beyond.users
    capped = cap_histories(histories, max_history) if too_long else histories
    on_driver = _is_for_driver(histories, count, entries, block_entries)
    if on_driver:
        totals, indptr, found = count_on_driver(capped, count)
    else:
        totals, indptr, found = count_in_blocks(capped, count, block_entries=block_entries)
    table = PairTable(
        users=totals.users,
        mean_scale=totals.mean_scale,
        strength=totals.strength,
        support=totals.support,
        own=totals.own,
        indptr=indptr,
        indices=found[INDICES],
        together=found[TOGETHER],
        after=found.get(AFTER, np.empty(0, np.int32)),
        sums={e: found[f"sums_{e}"] for e in channels},
    )
    return _whole(table, histories, max_history, on_driver) if too_long else table


def _is_for_driver(
    histories: DataFrame, count: PairCount, entries: int, block_entries: int
) -> bool:
    return entries <= block_entries and is_better_on_driver(
        histories.sparkSession,
        size=entries * _ENTRY_BYTES + count.most_bytes,
        quick=entries <= QUICK_ENTRIES,
    )


def _whole(table: PairTable, histories: DataFrame, max_history: int, on_driver: bool) -> PairTable:
    """The table with exact numbers of users, see `graphrec.cooccurrence.long_histories`."""
    ordered = table.after.size > 0
    left_out = counts_left_out(
        histories,
        table.indptr,
        table.indices,
        max_history=max_history,
        ordered=ordered,
        on_driver=on_driver,
    )
    return replace(
        table,
        support=table.support + left_out.support,
        together=(table.together + left_out.together).astype(np.int32),
        after=(table.after + left_out.after).astype(np.int32) if ordered else table.after,
    )


@compiled
def _cosines(sums: CSR, norm: Vector) -> Vector:
    """Each pair's sum over both norms; row by row, for arrays of all pairs are large."""
    cosine = np.empty(sums.indices.size, np.float32)
    for row in range(norm.size):
        for pair in range(sums.indptr[row], sums.indptr[row + 1]):
            cosine[pair] = sums.data[pair] / (norm[row] * norm[sums.indices[pair]])
    return cosine
