"""Explored slots in the lists of all users, in Arrow batches.

Lists come as `rankedLists` gives them: all rows of a user one after the other, best first. So they
need no shuffle; a user whose rows are in two batches is held back until the second one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.columns import ITEM, RANK
from graphrec.data.column_types import quoted
from graphrec.data.event_names import PROPENSITY
from graphrec.data.hashing import seeded_hash, seeded_uniform
from graphrec.experiments.bandits import Feedback, Policy, ThompsonSampler
from graphrec.experiments.exploration import Exploration, fill
from graphrec.experiments.item_feedback import CLICKS, SHOWN
from graphrec.experiments.moments import Array
from graphrec.spark.shared_arrays import SharedArrays, share_arrays

_HASH: Final = "_item_hash"
_UNIFORM: Final = "_uniform"
_DRAWS: Final = 500  # of the rate of an item
_LISTS: Final = 64  # that are filled at a time: their draws are some megabytes
_REMEMBERED: Final = 50_000  # items whose draws are kept


def explored_lists(
    lists: DataFrame,
    exploration: Exploration,
    length: int,
    *,
    offset: int = 0,
    earned: pd.DataFrame | None = None,
    seed: int = 0,
) -> DataFrame:
    """Fill some slots of lists by exploration.

    Equal input gives equal lists, however it is partitioned: what is drawn depends on the seed, the
    user, the slot and the item.

    Args:
        lists: as `rankedLists` gives them, of `exploration.pool(length)` items: all rows of a user
            in one partition, one after the other.
        exploration: which slots, and how.
        length: of the lists that are wanted.
        offset: of the lists.
        earned: (item: text, clicks, shown), as `item_feedback` adds them up; the prior of all items
            is made of it. None: only the policy's own prior is known.
        seed: of all draws.

    Returns:
        The same columns and `propensity`: double, the probability of what stands in the slot given
        the slots above.
    """
    user, item = lists.columns[:2]
    spark = lists.sparkSession
    if earned is None:
        earned = pd.DataFrame({ITEM: pd.Series(dtype=str), CLICKS: 0.0, SHOWN: 0.0})
    else:
        own = Feedback(earned[CLICKS].to_numpy(float), earned[SHOWN].to_numpy(float))
        policy = exploration.policy.with_prior(own.prior())
        exploration = replace(exploration, policy=policy)
    drawn = lists.withColumns(
        {
            _HASH: seeded_hash(seed, quoted(item)),
            _UNIFORM: seeded_uniform(seed, quoted(user), F.col(RANK)),
        }
    )
    schema = T.StructType([*lists.schema.fields, T.StructField(PROPENSITY, T.DoubleType())])
    fill_batches = partial(
        _fill_batches,
        shared=share_arrays(spark, _by_hash(lists, earned, seed)),
        policy=exploration.policy,
        chances=exploration.chances(length, offset),
        offset=offset,
    )
    return drawn.mapInArrow(fill_batches, schema)


def _by_hash(lists: DataFrame, earned: pd.DataFrame, seed: int) -> dict[str, npt.NDArray[Any]]:
    """What items have earned, in the order of the hash by which their rows are drawn."""
    spark = lists.sparkSession
    ids = spark.createDataFrame(earned[[ITEM]].astype(str), f"{ITEM} string")
    hashes = ids.select(ITEM, seeded_hash(seed, F.col(ITEM)).alias(_HASH)).toPandas()
    rows = earned.merge(hashes, on=ITEM).sort_values(_HASH)
    return {
        _HASH: rows[_HASH].to_numpy(np.int64),
        CLICKS: rows[CLICKS].to_numpy(np.float64),
        SHOWN: rows[SHOWN].to_numpy(np.float64),
    }


def _fill_batches(
    batches: Iterable[pa.RecordBatch],
    *,
    shared: SharedArrays,
    policy: Policy,
    chances: Array,
    offset: int,
) -> Iterator[pa.RecordBatch]:
    values = _Values(policy, shared.open())
    held: pa.Table | None = None
    for batch in batches:
        rows = pa.Table.from_batches([batch])
        rows = rows if held is None else pa.concat_tables([held, rows])
        begins = np.flatnonzero(rows[RANK].to_numpy() == offset + 1)
        last = int(begins[-1]) if len(begins) else 0
        yield from _fill_lists(rows[:last], values, chances, offset)
        held = rows[last:]
    if held is not None:
        yield from _fill_lists(held, values, chances, offset)


def _fill_lists(
    rows: pa.Table, values: _Values, chances: Array, offset: int
) -> Iterator[pa.RecordBatch]:
    begins = np.flatnonzero(rows[RANK].to_numpy() == offset + 1)
    ends = np.append(begins[1:], rows.num_rows)
    for at in range(0, len(begins), _LISTS):
        begin, end = begins[at : at + _LISTS], ends[at : at + _LISTS]
        some = rows[int(begin[0]) : int(end[-1])].combine_chunks()
        yield from _filled(some, begin - begin[0], end - begin[0], values, chances, offset)


def _filled(
    rows: pa.Table,
    begins: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    values: _Values,
    chances: Array,
    offset: int,
) -> Iterator[pa.RecordBatch]:
    """Lists of which each has its rows from `begins` to `ends`."""
    place = begins[:, None] + np.arange((ends - begins).max())
    there = place < ends[:, None]
    place = np.where(there, place, begins[:, None])
    uniform = rows[_UNIFORM].to_numpy()[place[:, : len(chances)]]
    compared = values.of(rows[_HASH].to_numpy()[place])
    chances = chances[: place.shape[1]]
    position, propensity = fill(compared, values.policy.floor, chances, uniform, there)
    row, slot = np.nonzero(position >= 0)
    listed = rows.take(pa.array(begins[row] + position[row, slot]))
    ranks = pa.array((slot + offset + 1).astype(np.int32))
    listed = listed.set_column(listed.column_names.index(RANK), RANK, ranks)
    listed = listed.append_column(PROPENSITY, pa.array(propensity[row, slot]))
    yield from listed.drop_columns([_HASH, _UNIFORM]).to_batches()


class _Values:
    """By what a policy compares the items of lists."""

    def __init__(self, policy: Policy, arrays: dict[str, npt.NDArray[Any]]) -> None:
        self.policy = policy
        self._hash, self._clicks, self._shown = (arrays[name] for name in (_HASH, CLICKS, SHOWN))
        self._drawn: dict[int, Array] = {}

    def of(self, items: npt.NDArray[np.int64]) -> Array:
        """(lists, draws, items), of the hashes of items, (lists, items)."""
        unique, inverse = np.unique(items, return_inverse=True)
        feedback = self._earned(unique)
        inverse = inverse.reshape(items.shape)
        if isinstance(self.policy, ThompsonSampler):
            return np.moveaxis(self._draws(unique, feedback)[:, inverse], 0, 1)
        lists = Feedback(feedback.successes[inverse], feedback.trials[inverse])
        return self.policy.values(lists, np.random.default_rng(0))

    def _earned(self, unique: npt.NDArray[np.int64]) -> Feedback:
        if not self._hash.size:
            return Feedback.none(len(unique))
        at = np.minimum(np.searchsorted(self._hash, unique), self._hash.size - 1)
        known = self._hash[at] == unique
        return Feedback(
            np.where(known, self._clicks[at], 0.0), np.where(known, self._shown[at], 0.0)
        )

    def _draws(self, unique: npt.NDArray[np.int64], feedback: Feedback) -> Array:
        """(draws, items), the same for an item in whichever batch it comes."""
        if len(self._drawn) > _REMEMBERED:
            self._drawn.clear()
        for n, item in enumerate(unique.tolist()):
            if item not in self._drawn:
                one = Feedback(feedback.successes[n : n + 1], feedback.trials[n : n + 1])
                random = np.random.default_rng(item & (2**64 - 1))
                self._drawn[item] = self.policy.values(one, random, _DRAWS)[:, 0]
        return np.stack([self._drawn[item] for item in unique.tolist()], axis=1)
