"""The pair table: for each item its best partners, with all that association is made of.

One pass over the users' histories gives, for each pair of items that users have in common, how
many users that is, how many had the partner later, and weighted sums
`Σ_u s_u^-e · r_ui · r_uj` for each wanted exponent e, where `s_u = Σ_j r_uj` is a user's strength.
Exponent 1 is the three-step walk, exponent 1/2 the Gram matrix of the ridge regression in which
long histories count less, exponent 0 the plain Gram matrix. Each item keeps the best partners by
cosine in exponent 1; everything downstream lives on that support.

Histories travel to the blocks of items that they touch, at most once to each; a block is counted
in compiled code (`graphrec.graph.pair_counting`). The cost is `Σ_u n_u²` and needs histories to be
capped (`graphrec.data.profiles.cap_histories`). The finished table has items x partners entries
and passes through the driver: it grows with the catalogue, never with the users.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from graphrec.artifacts import SharedArrays, read_only, share_arrays
from graphrec.columns import ITEM, ITEMS, NEIGHBOUR, TIMES, USER, WEIGHTS
from graphrec.data.exact import exact_sum
from graphrec.data.packed import gather, pack, packed_schema
from graphrec.data.ragged import offsets, one_array, values
from graphrec.graph.pair_counting import count_pairs
from graphrec.parallelism import parallelism

_BLOCK = "block"
_FAINTEST = 1e-6  # a history of less weight counts for nothing: decay may leave next to none
_SELECTING = 1.0  # the exponent whose cosine selects the partners
_BLOCK_CHOICES = tuple(2**power for power in range(15))


@dataclass(frozen=True)
class PairTable:
    """Pairs (item, neighbour) as rows of a sparse matrix, with one column per exponent."""

    users: int
    mean_scale: dict[float, float]  # exponent -> mean of s_u^-e over the users
    strength: npt.NDArray[np.float64]  # (items,), s_i = Σ_u r_ui
    support: npt.NDArray[np.int64]  # (items,), users who have the item
    own: dict[float, npt.NDArray[np.float64]]  # exponent -> (items,), an item's sum with itself
    start: npt.NDArray[np.int64]  # (items + 1,)
    neighbour: npt.NDArray[np.int32]  # (pairs,), ascending within a row
    together: npt.NDArray[np.int32]  # (pairs,), users who have both
    after: npt.NDArray[np.int32]  # (pairs,), users who had the neighbour later; (0,) without times
    sums: dict[float, npt.NDArray[np.float32]]  # exponent -> (pairs,)

    @property
    def items(self) -> int:
        """Number of items."""
        return self.support.size

    @property
    def item(self) -> npt.NDArray[np.int32]:
        """The row of each pair, (pairs,)."""
        return np.repeat(np.arange(self.items, dtype=np.int32), np.diff(self.start))

    @property
    def cosine(self) -> npt.NDArray[np.float32]:
        """Cosine of each pair in the selecting exponent, (pairs,), 0 to 1."""
        norm = np.sqrt(self.own[_SELECTING])
        cosine = self.sums[_SELECTING] / (norm[self.item] * norm[self.neighbour])
        return cosine.astype(np.float32)


def build_pair_table(
    profiles: DataFrame,
    items: int,
    *,
    max_partners: int,
    exponents: Sequence[float] = (),
    min_support: int = 1,
    ordered: bool = False,
    block_entries: int = 64_000_000,
) -> PairTable:
    """Count the pairs of a set of histories.

    Args:
        profiles: (user, items, weights, times), see `build_profiles`; capped.
        items: number of items.
        max_partners: how many partners each item keeps.
        exponents: wanted beside 1, which is always there.
        min_support: pairs with fewer common users are left out.
        ordered: also count in how many histories the neighbour came later.
        block_entries: how many history entries one task may hold, some 16 bytes each; with more
            data there are more blocks, not larger ones.
    """
    channels = (_SELECTING, *sorted(set(exponents) - {_SELECTING}))
    strengths = profiles.withColumn("strength", _total(WEIGHTS))
    totals = _user_totals(strengths, channels)
    own = _item_totals(strengths, channels, items)
    blocks = _blocks(totals, block_entries, parallelism(profiles.sparkSession))
    norm = np.sqrt(own[f"own_{_SELECTING}"])
    shared = share_arrays(profiles.sparkSession, {"norm": norm})
    count = partial(
        _count_block,
        shared=shared,
        blocks=blocks,
        channels=channels,
        max_partners=max_partners,
        min_support=min_support,
        ordered=ordered,
    )

    def count_block(key: tuple[pa.Scalar, ...], profiles: pa.Table) -> pa.Table:
        return count(key[0].as_py(), profiles)  # Spark reads a signature, which partial has not

    counted = (
        profiles.select(USER, ITEMS, WEIGHTS, *([TIMES] if ordered else []))
        .withColumn(_BLOCK, F.explode(_touched_blocks(blocks)))
        .groupBy(_BLOCK)
        .applyInArrow(count_block, schema=packed_schema(_entries(channels, ordered)))
    )
    start, entries = gather(counted, items, _entries(channels, ordered))
    return PairTable(
        users=totals["users"],
        mean_scale={e: float(totals[f"scale_{e}"]) / max(totals["users"], 1) for e in channels},
        strength=own["strength"],
        support=own["support"].astype(np.int64),
        own={e: own[f"own_{e}"] for e in channels},
        start=start,
        neighbour=entries[NEIGHBOUR],
        together=entries["together"],
        after=entries.get("after", np.empty(0, np.int32)),
        sums={e: entries[f"sums_{e}"] for e in channels},
    )


def _total(weights: str) -> Column:
    """Sum of an array of floats, in double."""
    return F.aggregate(weights, F.lit(0.0), lambda total, weight: total + weight.cast("double"))


def _scale(exponent: float) -> Column:
    power = F.pow("strength", F.lit(-exponent))
    return F.when(F.col("strength") > _FAINTEST, power).otherwise(0.0)


def _user_totals(strengths: DataFrame, channels: Sequence[float]) -> dict[str, Any]:
    """Figures of all histories, in one row."""
    size = F.size(ITEMS).cast("long")
    row = strengths.agg(
        F.count("*").alias("users"),
        F.coalesce(F.sum(size), F.lit(0)).alias("entries"),
        *(exact_sum(_scale(e)).alias(f"scale_{e}") for e in channels),
        *(F.sum(size * F.least(size, F.lit(b))).alias(f"sent_{b}") for b in _BLOCK_CHOICES),
    ).first()
    assert row is not None  # an aggregate without groups has one row
    return {key: 0 if value is None else value for key, value in row.asDict().items()}


def _item_totals(
    strengths: DataFrame, channels: Sequence[float], items: int
) -> dict[str, npt.NDArray[np.float64]]:
    """Per item: support, strength and its sum with itself in each channel; catalogue-sized."""
    entries = strengths.select(
        F.col("strength"), F.explode(F.arrays_zip(ITEMS, WEIGHTS)).alias("entry")
    ).select("strength", F.col(f"entry.{ITEMS}").alias(ITEM), F.col(f"entry.{WEIGHTS}").alias("w"))
    weight = F.col("w").cast("double")
    table = (
        entries.groupBy(ITEM)
        .agg(
            F.count("*").cast("double").alias("support"),
            exact_sum(weight).alias("strength"),
            *(exact_sum(_scale(e) * weight * weight).alias(f"own_{e}") for e in channels),
        )
        .toArrow()
    )
    index = table[ITEM].to_numpy()
    totals = {}
    for name in table.column_names[1:]:
        totals[name] = np.zeros(items, np.float64)
        totals[name][index] = table[name].to_numpy()
    return totals


def _blocks(totals: dict[str, Any], block_entries: int, parallelism: int) -> int:
    """The fewest blocks that keep all cores busy and each block within its bound."""
    for blocks in _BLOCK_CHOICES:
        if blocks >= parallelism and totals[f"sent_{blocks}"] / blocks <= block_entries:
            return blocks
    return _BLOCK_CHOICES[-1]


def _touched_blocks(blocks: int) -> Column:
    """Items are dealt out in turn, so that popular ones, which cost most, spread evenly."""
    if blocks == 1:
        return F.array(F.lit(0))
    return F.array_distinct(F.transform(ITEMS, lambda item: item % blocks))


def _entries(channels: Sequence[float], ordered: bool) -> dict[str, type[np.generic]]:
    """What a block counts for each pair, and as what."""
    counts = (NEIGHBOUR, "together", "after") if ordered else (NEIGHBOUR, "together")
    return dict.fromkeys(counts, np.int32) | {f"sums_{e}": np.float32 for e in channels}


def _count_block(
    block: int,
    profiles: pa.Table,
    *,
    shared: SharedArrays,
    blocks: int,
    channels: Sequence[float],
    max_partners: int,
    min_support: int,
    ordered: bool,
) -> pa.Table:
    """Count one block: (block, profiles that touch it) -> packed rows of the table."""
    norm = shared.open()["norm"]
    profiles = profiles.sort_by(USER)  # sums of floats depend on their order
    start = offsets(one_array(profiles[ITEMS]))
    item = values(one_array(profiles[ITEMS]), np.int32)
    weight = values(one_array(profiles[WEIGHTS]), np.float32)
    time = values(one_array(profiles[TIMES]), np.float64) if ordered else np.empty(0)
    row_item, row_start, row_entry = _rows_of_block(item, block, blocks, norm.size)
    user_of_entry = np.repeat(np.arange(start.size - 1, dtype=np.int32), np.diff(start))
    found = count_pairs(
        read_only(row_start),
        read_only(user_of_entry[row_entry]),
        read_only(row_entry),
        read_only(row_item),
        read_only(start),
        read_only(item),
        read_only(weight),
        read_only(time),
        read_only(_user_scale(start, weight, channels)),
        norm,
        max_partners,
        min_support,
    )
    sums = {f"sums_{e}": found.sums[:, channel] for channel, e in enumerate(channels)}
    entries = found._asdict() | sums
    names = _entries(channels, ordered)
    return pa.Table.from_batches(
        [pack(row_item, found.start, {name: entries[name] for name in names})]
    )


def _rows_of_block(
    item: npt.NDArray[np.int32], block: int, blocks: int, items: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The items of a block, and for each the entries that name it, in the users' order."""
    entries = np.flatnonzero(item % blocks == block)
    entries = entries[np.argsort(item[entries], kind="stable")]
    counts = np.bincount(item[entries] // blocks, minlength=(items - block + blocks - 1) // blocks)
    row_item = np.arange(block, items, blocks, dtype=np.int32)
    return row_item, np.concatenate(([0], np.cumsum(counts))), entries


def _user_scale(
    start: npt.NDArray[np.int64], weight: npt.NDArray[np.float32], channels: Sequence[float]
) -> npt.NDArray[np.float64]:
    """s_u^-e for each user and channel, (users, channels); no history is empty."""
    strength = np.add.reduceat(weight.astype(np.float64), start[:-1])
    scale = np.zeros((strength.size, len(channels)))
    positive = strength > _FAINTEST
    for channel, exponent in enumerate(channels):
        scale[positive, channel] = strength[positive] ** -exponent
    return scale
