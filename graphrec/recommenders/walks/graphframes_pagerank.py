"""Personalized PageRank by GraphFrames: a second engine, for a bounded number of sources.

The walk is that of `graphrec.recommenders.walks.pagerank`, but GraphFrames takes every interaction
alike (it ignores weights), holds a rank for each vertex and source, and needs seconds for each run.

GraphX, which does the work, begins with everything at the source, repeats
`x ← (1 - c)·x·P + c·source`, and scales the ranks to sum to 1. It passes the ranks of a vertex on
only when they have changed, and takes a sparse vector for equal to any longer one that begins with
it. So the first ranks that reach a vertex are not passed on: one that is d steps away may have no
part in the walk before iteration 3d - 1. No more than `(1 - c)^d` of the exact ranks is d or more
steps away, which bounds the probability that is missing after t iterations,

    E_0 = 1,   E_{t+1} = (1 - c)·(E_t + (1 - c)^d),   d = ⌊(t + 1) / 3⌋ + 1,

and no rank is off by more than `E_t / (1 - E_t)`. There are as many iterations as it takes to bring
this within a tolerance. Two runs agree within it, too, but not to the bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Final

from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import INDEX, ITEM, NEIGHBOUR, SCORE, USER, WEIGHT, WEIGHTS
from graphrec.data.checks import require_columns
from graphrec.data.id_types import id_column
from graphrec.errors import EmptyInputError, ParameterError
from graphrec.graph.bipartite import ID, TYPE, UserItemGraph
from graphrec.kernels.csr import CSR, csr
from graphrec.spark.item_rows import from_rows

MAX_SOURCES: Final = 1000
MAX_ITERATIONS: Final = 200  # each makes Spark's plan longer, until the JVM's stack cannot hold it

_SOURCE: Final = "source"  # long, the vertex that a walk starts from and restarts at
_POSITION: Final = "position"  # of the source in its batch


def user_pagerank(
    graph: UserItemGraph,
    users: DataFrame,
    *,
    restart_probability: float = 0.5,
    tolerance: float = 1e-3,
    batch: int = 100,
) -> DataFrame:
    """PageRank of the items, personalized to each of some users.

    GraphFrames runs before this returns. What it computed stays in Spark's memory for as long as
    the result is referred to; there is nothing to unpersist.

    Args:
        graph: unweighted; its users and items.
        users: has the column `user`, with at most `MAX_SOURCES` distinct users of the graph.
        restart_probability: c, of each step, 0 < c < 1.
        tolerance: by how much a rank may be off at most; sets the number of iterations.
        batch: users of one run; it holds a double for each of them and each vertex.

    Returns:
        (user, item, score: double), the items that were reached, seen ones too. A user's scores
        sum to the share of the walk that is spent on items; the rest of 1 is on users.

    Raises:
        GraphFramesError: the session has no GraphFrames.
        ParameterError: an unknown user (GraphFrames would give NaN), too many users, weights other
            than 1, too many iterations, or a number out of its range.
        EmptyInputError: no user at all.
        ColumnError: no column `user`.
    """
    ranks = _ranks(graph, _sources(graph, users), restart_probability, tolerance, batch)
    named = graph.user_vertices.withColumnRenamed(ID, _SOURCE)
    return ranks.join(named, _SOURCE).select(USER, ITEM, SCORE)


def item_pagerank_rows(
    graph: UserItemGraph,
    *,
    restart_probability: float,
    tolerance: float = 1e-3,
    max_entries: int = 400,
    batch: int = 100,
) -> CSR:
    """PageRank of the items, personalized to each item.

    Args:
        graph: unweighted, with at most `MAX_SOURCES` items.
        restart_probability: c, of each step, 0 < c < 1.
        tolerance: by how much a rank may be off at most; sets the number of iterations.
        max_entries: K, how many entries each row keeps, the largest ones.
        batch: items of one run.

    Returns:
        item -> (item reached, probability). A row sums to the share of the walk that is spent on
        items, less what was cut off.

    Raises:
        GraphFramesError: the session has no GraphFrames.
        ParameterError: too many items, weights other than 1, too many iterations, or a number out
            of its range.
    """
    if graph.items > MAX_SOURCES:
        raise ParameterError(
            f"GraphFrames' PageRank is for catalogues of at most {MAX_SOURCES:,} items",
            found=f"{graph.items:,}",
            fix="use engine='table'",
        )
    sources = range(graph.users, graph.users + graph.items)
    ranks = _ranks(graph, sources, restart_probability, tolerance, batch)
    reached = (F.col(ID) - graph.users).cast("int").alias(NEIGHBOUR)
    best = F.sort_array(F.collect_list(F.struct((-F.col(SCORE)).alias("order"), reached)))
    kept = F.transform(
        F.slice(best, 1, max_entries),
        lambda entry: F.struct(
            entry[NEIGHBOUR].alias(NEIGHBOUR), (-entry["order"]).cast("float").alias(WEIGHT)
        ),
    )
    rows = ranks.groupBy((F.col(_SOURCE) - graph.users).cast("int").alias(INDEX)).agg(
        F.sort_array(kept).alias("row")
    )
    table = rows.select(INDEX, f"row.{NEIGHBOUR}", f"row.{WEIGHT}")
    indptr, entries = from_rows(table, {NEIGHBOUR: "int32", WEIGHT: "float32"})
    return csr(indptr, entries[NEIGHBOUR], entries[WEIGHT])


def iterations_within(tolerance: float, restart_probability: float) -> int:
    """The fewest iterations after which no rank is off by more than the tolerance.

    Raises:
        ParameterError: one of the two is out of its range, or there would be more iterations than
            `MAX_ITERATIONS`.
    """
    if not 0.0 < restart_probability < 1.0:
        raise ParameterError(
            "the restart probability must be above 0 and below 1", found=f"{restart_probability}"
        )
    if not 0.0 < tolerance <= 1.0:
        raise ParameterError("the tolerance must be above 0 and at most 1", found=f"{tolerance}")
    going_on = 1.0 - restart_probability
    missing = 1.0
    for iterations in range(1, MAX_ITERATIONS + 1):
        late = going_on ** (iterations // 3 + 1)
        missing = min(going_on * (missing + late), 1.0)
        if missing <= tolerance * (1.0 - missing):
            return iterations
    raise ParameterError(
        f"GraphFrames' PageRank would take more than {MAX_ITERATIONS} iterations",
        found=f"restart probability {restart_probability:g} and tolerance {tolerance:g}",
        fix="give a larger one of either",
    )


def _sources(graph: UserItemGraph, users: DataFrame) -> list[int]:
    """The vertices of some users; what comes to the driver is bounded by MAX_SOURCES."""
    require_columns(users, USER, of="the frame of users")
    ids = id_column(users, "user", USER, graph.user_vertices.schema[USER].dataType)
    wanted = users.select(ids.alias(USER)).distinct().limit(MAX_SOURCES + 1)
    found = wanted.join(graph.user_vertices, USER, "left").select(USER, ID).collect()
    if not found:
        raise EmptyInputError("PageRank needs a user to start from", fix="give at least one")
    if len(found) > MAX_SOURCES:
        raise ParameterError(
            f"GraphFrames' PageRank takes at most {MAX_SOURCES:,} users at a time",
            fix="give fewer, or recommend with RandomWalkRecommender(method='pagerank')",
        )
    unknown = [row[0] for row in found if row[1] is None]
    if unknown:
        raise ParameterError(
            "the graph does not have every user",
            found=f"{len(unknown)} unknown, such as {unknown[0]!r}",
            fix="leave them out",
        )
    return sorted(row[1] for row in found)


def _ranks(
    graph: UserItemGraph,
    sources: Sequence[int],
    restart_probability: float,
    tolerance: float,
    batch: int,
) -> DataFrame:
    """(source: long, id: long, item, score: double) of the items that were reached."""
    iterations = iterations_within(tolerance, restart_probability)
    if batch < 1:
        raise ParameterError("batch must be at least 1", found=str(batch))
    _require_unweighted(graph)
    runs = [
        _run(graph, sources[first : first + batch], restart_probability, iterations)
        for first in range(0, len(sources), batch)
    ]
    return reduce(DataFrame.unionByName, runs)


def _require_unweighted(graph: UserItemGraph) -> None:
    weighted = graph.histories.where(F.exists(WEIGHTS, lambda weight: weight != 1.0))
    if not weighted.isEmpty():
        raise ParameterError(
            "GraphFrames' PageRank cannot weigh interactions",
            found="weights other than 1",
            fix="use RandomWalkRecommender(method='pagerank', engine='table'), which can, or fit "
            "with preference='binary' and without halfLife",
        )


def _run(
    graph: UserItemGraph, sources: Sequence[int], restart_probability: float, iterations: int
) -> DataFrame:
    """One run of GraphFrames; (source, id, item, score) of the items that were reached."""
    # Only the vertices are read: the edges of the result have two columns named weight.
    ranked: DataFrame = graph.both_ways.parallelPersonalizedPageRank(
        resetProbability=restart_probability, sourceIds=list(sources), maxIter=iterations
    ).vertices
    of_items = ranked.where(F.col(TYPE) == ITEM).select(
        ID, ITEM, F.posexplode(vector_to_array(F.col("pageranks"))).alias(_POSITION, SCORE)
    )
    batch = F.array(*(F.lit(source).cast("long") for source in sources))
    return of_items.where(F.col(SCORE) > 0).select(
        F.get(batch, _POSITION).alias(_SOURCE), ID, ITEM, SCORE
    )
