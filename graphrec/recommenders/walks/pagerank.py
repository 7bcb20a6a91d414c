"""Personalized PageRank from every item at once: one table that serves every user.

PageRank is linear in its restart vector (Jeh and Widom, "Scaling personalized web search", 2003).
On the bipartite graph, with restart probability c,

    ppr(user) = c·e_user + (1 - c)·Σ_i P(user -> i)·ppr(i)

and ppr(i), restricted to the items, is a PageRank on the two-step chain item -> user -> item with
restart c' = 1 - (1 - c)², times c / c'. So a vector per *item* serves all users, new ones and
anonymous baskets, and says how much each item of the history contributed.

All approximations (pairs that the pair table does not hold, residuals that are not pushed, entries
beyond the best K) leave probability out, so that every entry is too low or exact. A complete row of
the chain sums to 1, so the L1 distance to the exact vector is exactly 1 - (sum of the row).
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
    """The vectors ppr(i) on the items, scaled so that a complete row of the chain sums to 1."""

    rows: CSR  # (items, items), row i is the PageRank personalized to item i
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
        tolerance: the probability that may be left in the residuals of each row.
        least_mass: the residual from which on an item is pushed (the threshold of Andersen, Chung
            and Lang, "Local graph partitioning using PageRank vectors", 2006): it bounds the work
            for a row to `1 / (c' · least_mass)` items, whatever the size of the graph. 0 pushes
            all items until the tolerance is met.
        max_entries: K, how many entries each row keeps.
        block_entries: see `compute_rows`.

    Returns:
        The rows, of the chain with restart `1 - (1 - c)²`, and what each of them lacks.
    """
    walk = walk_weights(pairs)
    stay = stay_probability(pairs).astype(np.float32)
    tables: dict[str, Array] = {**walk._asdict(), "stay": stay}
    push = partial(
        _push,
        restart=1.0 - (1.0 - restart_probability) ** 2,
        tolerance=tolerance,
        least_mass=least_mass,
        max_entries=max_entries,
    )
    rows = compute_rows(spark, pairs.items, tables, push, block_entries=block_entries)
    kept = np.bincount(
        row_indices(rows.indptr), weights=rows.data.astype(np.float64), minlength=pairs.items
    )
    return ItemPageRank(rows, np.maximum(1.0 - kept, 0.0).astype(np.float32))


def _push(
    sources: Indices,
    tables: Mapping[str, Array],
    *,
    restart: float,
    tolerance: float,
    least_mass: float,
    max_entries: int,
) -> CSR:
    return push_from(
        sources,
        CSR(tables["indptr"], tables["indices"], tables["data"]),
        tables["stay"],
        restart,
        tolerance,
        least_mass,
        max_entries,
    )


@compiled
def push_from(
    sources: Indices,
    chain: CSR,
    stay: Vector,
    restart: float,
    tolerance: float,
    least_mass: float,
    max_entries: int,
) -> CSR:
    """PageRank from each source by pushing residual probability along the chain.

    The restart share of an item's residual goes to its estimate, the rest to its neighbours'
    residuals. All items are pushed at once (power iteration on sparse vectors), but those with a
    residual below `least_mass`, until the residuals sum to the tolerance or none is large enough.

    Args:
        sources: (sources,), item indices.
        chain: (items, items), transition probabilities to other items.
        stay: (items,), transition probability back to the same item.
        restart: of the chain.
        tolerance: probability that may be left in the residuals.
        least_mass: the least residual that is pushed.
        max_entries: entries kept per source, the largest ones.

    Returns:
        (sources, items), the estimates; columns ascend within a row.
    """
    items = stay.size
    estimate = np.zeros(items, np.float64)
    residual = np.zeros(items, np.float64)
    pushed = np.zeros(items, np.float64)
    touched_from = np.full(items, -1, np.int32)  # the row that touched an item last
    touched = np.empty(items, np.int32)
    room = sources.size * min(max_entries, items)
    out = CSR(
        np.zeros(sources.size + 1, np.int64),
        np.empty(room, np.int32),
        np.empty(room, np.float32),
    )
    for row in range(sources.size):
        source = sources[row]
        touched[0] = source
        touched_from[source] = row
        count = 1
        residual[source] = 1.0
        left, moved = 1.0, True
        while (1.0 - restart) * left > tolerance and moved:
            active, moved = count, False
            for n in range(active):
                item = touched[n]
                mass = residual[item]
                if mass == 0.0 or mass < least_mass:
                    continue
                moved = True
                residual[item] = 0.0
                estimate[item] += restart * mass
                moving = (1.0 - restart) * mass
                pushed[item] += moving * stay[item]
                for pair in range(chain.indptr[item], chain.indptr[item + 1]):
                    other = chain.indices[pair]
                    if touched_from[other] != row:
                        touched_from[other] = row
                        touched[count] = other
                        count += 1
                    pushed[other] += moving * chain.data[pair]
            left = _add_pushed(touched[:count], pushed, residual)
        found = touched[:count]
        for item in found:  # a push would have left the restart share of the residual there
            estimate[item] += restart * residual[item]
        kept = np.sort(found[best(found, estimate[found], max_entries)])
        first = out.indptr[row]
        last = first + kept.size
        out.indptr[row + 1] = last
        out.indices[first:last] = kept
        out.data[first:last] = estimate[kept]
        estimate[found] = 0.0
        residual[found] = 0.0
    used = out.indptr[sources.size]
    return CSR(out.indptr, out.indices[:used], out.data[:used])


@compiled
def _add_pushed(touched: Indices, pushed: Vector, residual: Vector) -> float:
    """Add what was pushed to the residuals; returns their sum."""
    left = 0.0
    for item in touched:
        residual[item] += pushed[item]
        pushed[item] = 0.0
        left += residual[item]
    return left
