"""Interactions in the shape of MovieLens 20M, of any size, as Parquet.

    python -m benchmarks.generate OUT [--interactions 20_000_000] [--items 27_278] [--seed 0]
        [--hub 0.1] [--hubs 1] [--heavy 100_000]

Users' activity follows a Pareto law from 20 items on, items' popularity a law of Zipf and
Mandelbrot; most of what a user watches is of the user's own community. The users grow with the
interactions, 144 for each user. Equal arguments give equal rows, whatever the machine.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

Indices = npt.NDArray[np.int64]
Vector = npt.NDArray[np.float64]

_INTERACTIONS: Final = 20_000_000
_ITEMS: Final = 27_278
_PER_USER: Final = 144  # interactions, mean
_SHORTEST: Final = 20  # history, as in MovieLens
_MAX_SHARE: Final = 1 / 3  # of the catalogue that a user has
_OFFSET: Final = 0.01  # of the popularity ranks, in catalogues: the first ones are nearly alike
_EXPONENT: Final = 2.0  # of the popularity: a tenth of the items takes some 70 %
_COMMUNITIES: Final = 20
_LOYALTY: Final = 0.6  # share of the draws that are of the user's community
_CHUNK: Final = 1_000_000  # interactions that are made at a time
_EXACT: Final = 0.02  # of the catalogue: whoever has more is drawn item by item
_OVERDRAWN: Final = 1.3  # draws for each item that is wanted, for some come twice
_SECONDS: Final = 20 * 365 * 86_400  # over which users arrive
_FIRST_SECOND: Final = 790_000_000  # January 1995


@dataclass(frozen=True)
class Shape:
    """What is made.

    Attributes:
        interactions: rows.
        items: of the catalogue; a rare one may be in no row.
        hub: share of all interactions that one item takes. As nobody has an item twice, users
            who have two items only, the hub and another, are added until there are enough.
        hubs: items that share this; with many, there are the same users and no hub.
        heavy: interactions of one user beside the others; 0 for none.
        seed: another one gives other rows of the same shape.

    Raises:
        ValueError: a number that cannot be.
    """

    interactions: int = _INTERACTIONS
    items: int = _ITEMS
    hub: float = 0.0
    hubs: int = 1
    heavy: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.items < 10 * _SHORTEST:
            raise ValueError(f"at least {10 * _SHORTEST} items are needed, not {self.items:,}")
        if not 0 <= self.hub <= 0.4:
            raise ValueError(f"the hub's share must be within 0 and 0.4, not {self.hub}")
        if self.hubs < 1:
            raise ValueError(f"{self.hubs} items cannot share anything")
        if not 0 <= self.heavy < self.items:
            raise ValueError(f"a user of {self.heavy:,} interactions needs more items than that")
        if self.interactions - self.heavy < 10 * _PER_USER:
            raise ValueError(f"{self.interactions:,} interactions are too few")

    @property
    def light_users(self) -> int:
        """Users who have the hub and one item more: all others have the hub as well."""
        if not self.hub:
            return 0
        # l + (n - heavy - 2 l) / per_user = hub * n, solved for l
        regular = (self.interactions - self.heavy) / _PER_USER
        missing = self.hub * self.interactions - regular
        return max(round(missing / (1 - 2 / _PER_USER)), 0)

    @property
    def regular_users(self) -> int:
        """Users of the Pareto law."""
        left = self.interactions - self.heavy - 2 * self.light_users
        return max(left // _PER_USER, 1)


def main() -> None:
    """Write the interactions and print what they are."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path, help="a Parquet file")
    parser.add_argument("--interactions", type=int, default=_INTERACTIONS)
    parser.add_argument("--items", type=int, default=_ITEMS)
    parser.add_argument("--hub", type=float, default=0.0)
    parser.add_argument("--hubs", type=int, default=1)
    parser.add_argument("--heavy", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    arguments = vars(parser.parse_args())
    out = arguments.pop("out")
    rows = write(Shape(**arguments), out)
    print(f"{rows:,} interactions written to {out}")


def write(shape: Shape, out: Path) -> int:
    """Write the interactions as one Parquet file of many row groups; how many there are."""
    out.parent.mkdir(parents=True, exist_ok=True)
    rows = 0
    with pq.ParquetWriter(out, SCHEMA) as writer:
        for batch in generate(shape):
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


SCHEMA: Final = pa.schema(
    [("user", pa.int64()), ("item", pa.int64()), ("timestamp", pa.int64())]  # seconds
)


def generate(shape: Shape) -> Iterator[pa.RecordBatch]:
    """(user, item, timestamp) in batches of whole users; each pair once."""
    random = np.random.default_rng([shape.seed, 0])
    lengths = _lengths(shape, random)
    catalogue = _Catalogue.of(shape, random)
    bounds = np.searchsorted(np.cumsum(lengths), np.arange(0, lengths.sum(), _CHUNK))
    bounds = np.unique(np.append(bounds, lengths.size))
    for chunk, (first, last) in enumerate(pairwise(bounds.tolist()), start=1):
        # A stream of its own for each batch, so that one can be made without the others.
        own = np.random.default_rng([shape.seed, chunk])
        user, item = catalogue.draw(lengths[first:last], own)
        time = _times(user, own)
        columns = [pa.array(column) for column in (user + first, item, time)]
        yield pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


# --- users ----------------------------------------------------------------------------------------


def _lengths(shape: Shape, random: np.random.Generator) -> Indices:
    """Interactions of each user, in random order, the heavy user's first; (users,)."""
    left = shape.interactions - shape.heavy - 2 * shape.light_users
    regular = _pareto(shape.regular_users, left, int(shape.items * _MAX_SHARE))
    lengths = np.concatenate((regular, np.full(shape.light_users, 2, np.int64)))
    random.shuffle(lengths)
    return np.concatenate((np.array([shape.heavy] * bool(shape.heavy), np.int64), lengths))


def _pareto(users: int, total: int, longest: int) -> Indices:
    """The quantiles of a Pareto law, cut at `longest`, whose exponent makes the given total."""
    upper = (users - np.arange(users) - 0.5) / users  # the share of users above each one

    def at(exponent: float) -> Vector:
        return np.minimum(_SHORTEST * upper ** (-1 / exponent), longest)

    low, high = 0.05, 50.0  # a small exponent makes long histories
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if at(middle).sum() > total else (low, middle)
    lengths = np.floor(at(high)).astype(np.int64)
    missing = total - int(lengths.sum())
    return lengths + missing // users + (np.arange(users) < missing % users)


def _times(user: Indices, random: np.random.Generator) -> Indices:
    """When each interaction was: a user arrives at some time and stays for a while; (rows,)."""
    users = int(user[-1]) + 1
    arrival = random.integers(0, _SECONDS, users)
    stay = np.minimum(random.pareto(1.0, users) * 3_600, _SECONDS / 10)
    return _FIRST_SECOND + arrival[user] + (stay[user] * random.random(user.size)).astype(np.int64)


# --- items ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Catalogue:
    """Items in the order of their communities, with the sums of their weights so far."""

    item: Indices  # (items,) ids
    weight: Vector  # (items,)
    ends: Vector  # (items,) running sum of the weights
    starts: Indices  # (communities + 1,) where each community begins
    hub: int  # id of the first item of which all users have one; -1 for none
    hubs: int  # how many these are

    @staticmethod
    def of(shape: Shape, random: np.random.Generator) -> _Catalogue:
        rank = np.arange(shape.items, dtype=np.float64)
        weight: Vector = (rank + _OFFSET * shape.items) ** -_EXPONENT
        item = random.permutation(shape.items)  # an id says nothing about the popularity
        community = random.integers(0, _COMMUNITIES, shape.items)
        order = np.argsort(community, kind="stable")
        starts = np.searchsorted(community[order], np.arange(_COMMUNITIES + 1))
        hub = shape.items if shape.hub else -1
        ends = np.cumsum(weight[order])
        return _Catalogue(item[order], weight[order], ends, starts, hub, shape.hubs)

    def draw(self, lengths: Indices, random: np.random.Generator) -> tuple[Indices, Indices]:
        """Distinct items for some users; (user from 0, item), ascending by user."""
        community = random.integers(0, _COMMUNITIES, lengths.size)
        with_hub = np.full(lengths.size, self.hub >= 0)
        wanted = lengths - with_hub
        many = wanted > max(_EXACT * self.item.size, _SHORTEST)
        parts = [self._draw_few(np.where(many, 0, wanted), community, random)]
        parts += [self._draw_many(u, int(wanted[u]), random) for u in np.flatnonzero(many).tolist()]
        if self.hub >= 0:
            hub = self.hub + random.integers(0, self.hubs, lengths.size)
            parts.append((np.arange(lengths.size), hub))
        user, item = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.argsort(user, kind="stable")
        return user[order], item[order]

    def _draw_few(
        self, wanted: Indices, community: Indices, random: np.random.Generator
    ) -> tuple[Indices, Indices]:
        """Draw with repetition, keep the first of each, and draw again for whoever lacks some."""
        keys = np.empty(0, np.int64)  # user * items + position, in the order of drawing
        lacking = wanted.copy()
        while lacking.any():
            more = np.where(lacking > 0, np.ceil(lacking * _OVERDRAWN).astype(np.int64) + 1, 0)
            user = np.repeat(np.arange(wanted.size), more)
            drawn = user * self.item.size + self._places(community[user], random)
            keys = _first_of_each(np.concatenate((keys, drawn)))
            keys = _at_most(keys, keys // self.item.size, wanted)
            lacking = wanted - np.bincount(keys // self.item.size, minlength=wanted.size)
        return keys // self.item.size, self.item[keys % self.item.size]

    def _places(self, community: Indices, random: np.random.Generator) -> Indices:
        """One draw by popularity for each community, or for the whole catalogue now and then."""
        own = random.random(community.size) < _LOYALTY
        before = np.concatenate(([0.0], self.ends))[self.starts]
        low = np.where(own, before[community], 0.0)
        high = np.where(own, before[community + 1], self.ends[-1])
        drawn = low + random.random(community.size) * (high - low)
        return np.minimum(np.searchsorted(self.ends, drawn, side="right"), self.item.size - 1)

    def _draw_many(
        self, user: int, wanted: int, random: np.random.Generator
    ) -> tuple[Indices, Indices]:
        """Without repetition by exponential keys (Efraimidis and Spirakis, 2006)."""
        keys = random.exponential(size=self.item.size) / self.weight
        positions = np.sort(np.argpartition(keys, wanted - 1)[:wanted])
        return np.full(wanted, user), self.item[positions]


def _first_of_each(keys: Indices) -> Indices:
    """The distinct keys in the order of their first positions."""
    _, first = np.unique(keys, return_index=True)
    return keys[np.sort(first)]


def _at_most(keys: Indices, user: Indices, wanted: Indices) -> Indices:
    """No more keys of a user than wanted, the earliest ones."""
    order = np.argsort(user, kind="stable")
    start = np.searchsorted(user[order], np.arange(wanted.size))
    position = np.arange(keys.size) - start[user[order]]
    return keys[np.sort(order[position < wanted[user[order]]])]


if __name__ == "__main__":
    main()
