"""Personalized PageRank from every item at once: one table that serves every user.

PageRank is linear in its restart vector (Jeh and Widom, "Scaling personalized web search", 2003).
On the bipartite graph, with restart probability c,

    ppr(user) = c·e_user + (1 - c)·Σ_i P(user -> i)·ppr(i)

and ppr(i), seen on the items alone, is a PageRank on the two-step chain item -> user -> item with
restart c' = 1 - (1 - c)², times c / c'. So a vector per *item* serves all users, new ones and
anonymous baskets, and says how much each item of the history contributed.

An entry is only ever too low: what is cut off (pairs that the pair table does not hold, mass below
the tolerance, entries beyond the best K) is mass that was not given out. A full row of the chain
sums to 1, so the L1 distance to the exact vector is 1 - (sum of the row): a stated bound that is
met with equality.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from pyspark.sql import SparkSession

from graphrec.cooccurrence.table import PairTable
from graphrec.kernels.csr import CSR, row_indices
from graphrec.kernels.jit import compiled
from graphrec.kernels.top_k import best
from graphrec.kernels.types import Array, Indices, Vector
from graphrec.recommenders.walks.p3 import stay_probability, walk_weights
from graphrec.spark.item_blocks import compute_rows


@dataclass(frozen=True)
class ItemPageRank:
    """Rows ppr(i) on the items, scaled so that a complete row of the chain sums to 1."""

    rows: CSR  # (items, items), the probability of each item that the walk of a row reaches
    missing: npt.NDArray[np.float32]  # (items,), L1 distance of each row to the exact one


def item_pagerank(
    spark: SparkSession,
    pairs: PairTable,
    *,
    restart_probability: float,
    tolerance: float = 1e-4,
    least_mass: float = 1e-3,
    max_entries: int = 400,
    block_entries: int = 32_000_000,
) -> ItemPageRank:
    """PageRank personalized to each item, on the two-step chain of the pair table.

    Args:
        spark: runs the blocks of items.
        pairs: the chain; exact when the table holds all pairs.
        restart_probability: c of the bipartite walk, 0 < c < 1.
        tolerance: the probability mass that may be left undistributed in each row.
        least_mass: what must wait at an item before it is spread further (the threshold of
            Andersen, Chung and Lang, "Local graph partitioning using PageRank vectors", 2006): it
            bounds the work for a row to `1 / (c' · least_mass)` items, whatever the size of the
            graph. 0 spreads all but the tolerance.
        max_entries: K, how many entries each row keeps.
        block_entries: see `compute_rows`.

    Returns:
        The rows, of the chain with restart `1 - (1 - c)²`, and what each of them lacks.
    """
    walk = walk_weights(pairs)
    stay = stay_probability(pairs).astype(np.float32)
    tables: dict[str, Array] = {**walk._asdict(), "stay": stay}
    spread = partial(
        _spread,
        restart=1.0 - (1.0 - restart_probability) ** 2,
        tolerance=tolerance,
        least_mass=least_mass,
        max_entries=max_entries,
    )
    rows = compute_rows(spark, pairs.items, tables, spread, block_entries=block_entries)
    kept = np.bincount(
        row_indices(rows.indptr), weights=rows.data.astype(np.float64), minlength=pairs.items
    )
    return ItemPageRank(rows, np.maximum(1.0 - kept, 0.0).astype(np.float32))


def _spread(
    sources: Indices,
    tables: Mapping[str, Array],
    *,
    restart: float,
    tolerance: float,
    least_mass: float,
    max_entries: int,
) -> CSR:
    return spread_from(
        sources,
        CSR(tables["indptr"], tables["indices"], tables["data"]),
        tables["stay"],
        restart,
        tolerance,
        least_mass,
        max_entries,
    )


@compiled
def spread_from(
    sources: Indices,
    chain: CSR,
    stay: Vector,
    restart: float,
    tolerance: float,
    least_mass: float,
    max_entries: int,
) -> CSR:
    """Push probability from each source until little is left, or it is spread too thin.

    All the mass that waits moves one step at once (power iteration on sparse vectors), but where
    less than `least_mass` waits it goes on waiting.

    Args:
        sources: (sources,), item indices.
        chain: (items, items), transition probabilities to other items.
        stay: (items,), transition probability back to the same item.
        restart: of the chain.
        tolerance: mass that may be left.
        least_mass: waiting at an item, that is pushed.
        max_entries: entries kept per source, the largest ones.

    Returns:
        (sources, items), the probability of each item that is reached; columns ascend in a row.
    """
    items = stay.size
    settled = np.zeros(items, np.float64)
    waiting = np.zeros(items, np.float64)
    arriving = np.zeros(items, np.float64)
    known_to = np.full(items, -1, np.int32)
    known = np.empty(items, np.int32)
    room = sources.size * min(max_entries, items)
    out = CSR(
        np.zeros(sources.size + 1, np.int64),
        np.empty(room, np.int32),
        np.empty(room, np.float32),
    )
    for row in range(sources.size):
        source = sources[row]
        known[0] = source
        known_to[source] = row
        count = 1
        waiting[source] = 1.0
        left, pushed = 1.0, True
        while (1.0 - restart) * left > tolerance and pushed:
            active, pushed = count, False
            for n in range(active):
                item = known[n]
                mass = waiting[item]
                if mass == 0.0 or mass < least_mass:
                    continue
                pushed = True
                waiting[item] = 0.0
                settled[item] += restart * mass
                moving = (1.0 - restart) * mass
                arriving[item] += moving * stay[item]
                for pair in range(chain.indptr[item], chain.indptr[item + 1]):
                    other = chain.indices[pair]
                    if known_to[other] != row:
                        known_to[other] = row
                        known[count] = other
                        count += 1
                    arriving[other] += moving * chain.data[pair]
            left = _arrive(known[:count], arriving, waiting)
        reached = known[:count]
        for item in reached:  # where it waits, some of it would have stayed
            settled[item] += restart * waiting[item]
        kept = np.sort(reached[best(reached, settled[reached], max_entries)])
        first = out.indptr[row]
        last = first + kept.size
        out.indptr[row + 1] = last
        out.indices[first:last] = kept
        out.data[first:last] = settled[kept]
        settled[reached] = 0.0
        waiting[reached] = 0.0
    used = out.indptr[sources.size]
    return CSR(out.indptr, out.indices[:used], out.data[:used])


@compiled
def _arrive(known: Indices, arriving: Vector, waiting: Vector) -> float:
    """Let what was pushed wait where it arrived; how much waits now in all."""
    left = 0.0
    for item in known:
        waiting[item] += arriving[item]
        arriving[item] = 0.0
        left += waiting[item]
    return left
