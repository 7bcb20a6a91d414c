"""Sums over all histories, per item and over all users: exact, so that their order is free."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import INDEX, ITEMS, SUPPORT, USER, WEIGHTS
from graphrec.cooccurrence.pair_kernel import Histories, sum_items
from graphrec.cooccurrence.pair_kernel_input import read_histories
from graphrec.kernels.exact_sums import PARTS, add_parts, joined_parts
from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices, Matrix, Vector, read_only

SELECTION_EXPONENT = 1.0  # the exponent whose cosine selects an item's neighbours

_UNIVERSAL_ITEM = (
    -1
)  # the index of an imaginary item that every user has: its sums are the users' own


@dataclass(frozen=True)
class Totals:
    """Sums over all histories; a channel is an exponent e of the users' strength s_u."""

    users: int
    mean_scale: dict[float, float]  # e -> mean of s_u^-e over the users, see `_sum_users`
    support: npt.NDArray[np.int64]  # (items,), users who have the item
    strength: npt.NDArray[np.float64]  # (items,), Σ_u r_ui
    own: dict[float, npt.NDArray[np.float64]]  # e -> (items,), Σ_u s_u^-e · r_ui²

    @cached_property
    def norm(self) -> Vector:
        """(items,), √own of each item for the exponent whose cosine selects the neighbours."""
        return read_only(np.sqrt(self.own[SELECTION_EXPONENT]))


def totals_of(histories: Histories, channels: Sequence[float]) -> Totals:
    """The sums over histories on the driver, to the same bits as `total_histories`.

    Args:
        histories: all of them.
        channels: their exponents.
    """
    users = histories.by_user.indptr.size - 1
    support = np.append(np.diff(histories.by_item.indptr), users)
    whole = np.concatenate((sum_items(histories), _sum_users(histories)[np.newaxis]))
    return _totals(support, whole, channels)


def total_histories(histories: DataFrame, items: int, channels: Sequence[float]) -> Totals:
    """The sums over histories, by the workers; the driver gets figures of the catalogue's size.

    Args:
        histories: (user, items, weights).
        items: number of items.
        channels: the wanted exponents.
    """
    parts = [f"part_{n}" for n in range((1 + len(channels)) * PARTS)]
    schema = ", ".join([f"{INDEX} int", f"{SUPPORT} bigint", *(f"{part} bigint" for part in parts)])
    summed = histories.select(USER, ITEMS, WEIGHTS).mapInArrow(
        partial(_sum_batches, items=items, channels=tuple(channels)), schema
    )
    table = (
        summed.groupBy(INDEX)
        .agg(*(F.sum(name).alias(name) for name in (SUPPORT, *parts)))
        .toArrow()
    )
    index = table[INDEX].to_numpy()
    support = np.zeros(items + 1, np.int64)
    support[index] = table[SUPPORT].to_numpy()
    whole = np.zeros((items + 1, len(parts)), np.int64)
    for n, part in enumerate(parts):
        whole[index, n] = table[part].to_numpy()
    return _totals(support, whole.reshape(items + 1, -1, PARTS), channels)


def _totals(support: Indices, whole: Indices, channels: Sequence[float]) -> Totals:
    """Totals of (items + 1,) and (items + 1, 1 + channels, PARTS) sums; see _UNIVERSAL_ITEM."""
    sums = joined_parts(whole)
    counted = float(sums[_UNIVERSAL_ITEM, 0])
    return Totals(
        users=int(support[_UNIVERSAL_ITEM]),
        mean_scale={
            e: float(sums[_UNIVERSAL_ITEM, 1 + n]) / counted if counted > 0.0 else 0.0
            for n, e in enumerate(channels)
        },
        support=support[:_UNIVERSAL_ITEM],
        strength=np.ascontiguousarray(sums[:_UNIVERSAL_ITEM, 0]),
        own={
            e: np.ascontiguousarray(sums[:_UNIVERSAL_ITEM, 1 + n]) for n, e in enumerate(channels)
        },
    )


def _sum_batches(
    batches: Iterable[pa.RecordBatch], *, items: int, channels: tuple[float, ...]
) -> Iterator[pa.RecordBatch]:
    """Histories -> (index, support, parts of the sums): one row per item, and one for all users."""
    support = np.zeros(items + 1, np.int64)
    whole = np.zeros((items + 1, 1 + len(channels), PARTS), np.int64)
    for batch in batches:
        table = pa.Table.from_batches([batch])
        histories = read_histories(table, items, channels, ordered=False)
        support[:_UNIVERSAL_ITEM] += np.diff(histories.by_item.indptr)
        support[_UNIVERSAL_ITEM] += batch.num_rows
        whole[:_UNIVERSAL_ITEM] += sum_items(histories)
        whole[_UNIVERSAL_ITEM] += _sum_users(histories)
    index = np.flatnonzero(support)
    parts = whole.reshape(items + 1, -1)[index]
    yield pa.RecordBatch.from_pydict(
        {
            INDEX: pa.array(np.where(index == items, _UNIVERSAL_ITEM, index).astype(np.int32)),
            SUPPORT: pa.array(support[index]),
            **{f"part_{n}": pa.array(parts[:, n].copy()) for n in range(parts.shape[1])},
        }
    )


def _sum_users(histories: Histories) -> Indices:
    """Σ_u m_u and, for each channel, Σ_u m_u · s_u^-e, exactly, (1 + channels, PARTS).

    The mean of s_u^-e over the users (`Totals.mean_scale`) is weighted by m_u, the mean of the
    user's squared weights: 1 without decay, and in proportion to what the user adds to a sum of
    r_ui · r_uj. In an unweighted mean, users whose interactions have all but decayed would outweigh
    all others, for their strength s_u is near 0 and s_u^-e is huge.
    """
    by_user = histories.by_user
    squared = np.square(by_user.data.astype(np.float64))
    sums = np.add.reduceat(squared, by_user.indptr[:-1])
    counts = (sums / np.diff(by_user.indptr))[:, np.newaxis]
    return _sum_columns(np.hstack((counts, counts * histories.scale)))


@compiled
def _sum_columns(values: Matrix) -> Indices:
    """The sums of columns, (columns, PARTS)."""
    total = np.zeros((values.shape[1], PARTS), np.int64)
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            add_parts(total[column], values[row, column])
    return total
