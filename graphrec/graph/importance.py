"""PageRank against popularity: items that matter more than their popularity says.

On a graph without directions PageRank follows popularity closely, so what is of interest is where
it does not. An item gains if the users who have it have few others. Restarts give every item the
same share of PageRank, which is most of what a rare item has. So the gain of an item is measured
against items that are as popular.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import ITEM, SUPPORT
from graphrec.data.catalogue import Catalogue
from graphrec.graph.bipartite import ID, TYPE, UserItemGraph

PAGERANK: Final = "pagerank"
PAGERANK_RANK: Final = "pagerank_rank"
POPULARITY_RANK: Final = "popularity_rank"
LIFT: Final = "lift"
GAIN: Final = "gain"

TOLERANCE: Final = 1e-3
_DIGITS: Final = 6
_MAX_COMPARED_ITEMS: Final = 50  # above and below in popularity, for the mean lift


def importance_table(
    graph: UserItemGraph,
    catalogue: Catalogue,
    *,
    restart_probability: float = 0.15,
    tolerance: float = TOLERANCE,
) -> DataFrame:
    """PageRank of the items beside their popularity.

    GraphFrames adds up what arrives at a vertex in the order in which it arrives, which on a
    cluster need not be the same twice: the last digits vary, and are cut off. The default
    tolerance leaves PageRanks within 1 % of the exact ones, most of them within 0.2 %.

    Args:
        graph: its both-ways view is used, every interaction alike.
        catalogue: the items that the graph was made of.
        restart_probability: of each step of the walk.
        tolerance: a vertex whose rank changes by less sends nothing to its neighbours any more; in
            units of the mean rank.

    Returns:
        (item, support: long, pagerank: double, in six digits, 1 for the mean vertex,
        popularity_rank: int 1.., pagerank_rank: int 1.., lift: double, its share of the items'
        PageRank over its share of the interactions, gain: double, its lift over the mean lift of
        the items next to it in popularity, as many above as below: above 1 it matters more than
        items that are as popular), one row per item.

    Raises:
        GraphFramesError: the session has no GraphFrames.
    """
    # Only the vertices are read: the edges of the result have two columns named weight.
    ranked = graph.both_ways.pageRank(resetProbability=restart_probability, tol=tolerance).vertices
    of_items = ranked.where(F.col(TYPE) == ITEM).select(ID, PAGERANK).toArrow()  # one per item
    pagerank = np.empty(catalogue.size)
    pagerank[of_items[ID].to_numpy() - graph.users] = of_items[PAGERANK].to_numpy()
    pagerank = _rounded(pagerank)
    by_pagerank = np.empty(catalogue.size, np.int32)
    by_pagerank[np.argsort(-pagerank, kind="stable")] = np.arange(1, catalogue.size + 1)
    lift = (pagerank / pagerank.sum()) / (catalogue.support / catalogue.support.sum())
    table = {
        ITEM: catalogue.ids,
        SUPPORT: catalogue.support,
        PAGERANK: pagerank,
        POPULARITY_RANK: np.arange(1, catalogue.size + 1, dtype=np.int32),
        PAGERANK_RANK: by_pagerank,
        LIFT: lift,
        GAIN: _rounded(gain(lift)),
    }
    return graph.vertices.sparkSession.createDataFrame(pa.table(table))


def gain(lift: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The lift of each item over the mean lift of its neighbours in popularity and its own.

    Args:
        lift: (items,), by descending popularity.
    """
    rank = np.arange(lift.size)
    half = np.minimum(_MAX_COMPARED_ITEMS, np.minimum(rank, lift.size - 1 - rank))
    before = np.concatenate(([0.0], np.cumsum(lift)))
    return lift * (2 * half + 1) / (before[rank + half + 1] - before[rank - half])


def _rounded(numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Numbers above 0 in six significant digits."""
    return np.array([float(f"{number:.{_DIGITS - 1}e}") for number in numbers])
