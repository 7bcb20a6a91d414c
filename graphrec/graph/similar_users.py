"""Similar users: those who have the same items, and rate them similarly.

Each user is compared with everybody who has an item in common, so the work is the sum of the
squares of the items' numbers of users. The most popular items would cost most and say least, so
those with more than `max_support` users are left out of the cosines by which similar users are
chosen, which bounds the work by interactions x `max_support`. The items in common are then counted
over all items, for the chosen pairs only. The users of an item are sent to the blocks of users that
have it, at most once to each; nothing as large as the users passes through the driver.
"""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from graphrec.columns import INDEX, ITEMS, NEIGHBOUR, RANK, TOGETHER, USER, WEIGHTS
from graphrec.data.catalogue import Catalogue
from graphrec.graph.bipartite import ID, UserItemGraph
from graphrec.graph.user_counting import compare_users
from graphrec.kernels.types import read_only
from graphrec.spark.arrow import offsets, one_array, values
from graphrec.spark.parallelism import parallelism

COSINE: Final = "cosine"
PEARSON: Final = "pearson"
JACCARD: Final = "jaccard"

_ENTRIES: Final = "entries"
_BLOCK: Final = "block"
_NORM: Final = "norm"
_LENGTH: Final = "length"
_POPULAR: Final = "popular"
_WEIGHT: Final = "weight"
_MAX_BLOCKS: Final = 2**14
_SCHEMA: Final = (
    f"{INDEX} long, {NEIGHBOUR} long, {RANK} int, {TOGETHER} int, "
    f"{COSINE} double, {PEARSON} double, {JACCARD} double"
)


def similar_users(
    graph: UserItemGraph,
    catalogue: Catalogue,
    *,
    length: int = 10,
    min_together: int = 2,
    max_support: int = 2000,
    block_entries: int = 16_000_000,
) -> DataFrame:
    """The users most similar to each user by cosine, with two other measures beside it.

    Args:
        graph: its histories are compared, with their weights.
        catalogue: the items that the graph was made of.
        length: how many similar users each user gets at most.
        min_together: items that two users need in common, of those that are compared.
        max_support: items that more users have are not compared.
        block_entries: interactions that one task may hold, some 40 bytes each.

    Returns:
        (user, neighbour, rank: int 1..length, together: int, items in common, cosine: double, of
        the weights of what is compared, pearson: double, correlation of the weights of those of
        them in common (Resnick et al., "GroupLens", 1994), null with fewer than three or where all
        weights are equal, jaccard: double, items in common over items of either). Users without a
        similar one are in no row.
    """
    ignored = int((catalogue.support > max_support).sum())  # items are numbered by popularity
    blocks = _blocks(
        catalogue.support[ignored:], block_entries, parallelism(graph.histories.sparkSession)
    )
    compare = partial(_compare_block, blocks=blocks, length=length, min_together=min_together)

    def compare_block(key: tuple[pa.Scalar, ...], audiences: pa.Table) -> pa.Table:
        return compare(key[0].as_py(), audiences)  # Spark reads a signature, which partial has not

    touched = F.array_distinct(F.transform(ID, lambda user: user % blocks))
    compared = (
        _users_of_items(graph, ignored)
        .withColumn(_BLOCK, F.explode(touched))
        .groupBy(_BLOCK)
        .applyInArrow(compare_block, schema=_SCHEMA)
    )
    counted = compared if ignored == 0 else _counted_whole(compared, graph, ignored)
    return _named(counted, graph.user_vertices)


def _blocks(support: npt.NDArray[np.int64], block_entries: int, cores: int) -> int:
    """The fewest blocks that keep all cores busy and each block within its bound."""
    blocks = 1
    while blocks < _MAX_BLOCKS and (
        blocks < cores or (support * np.minimum(support, blocks)).sum() / blocks > block_entries
    ):
        blocks *= 2
    return blocks


def _users_of_items(graph: UserItemGraph, ignored: int) -> DataFrame:
    """(item, and arrays over its users by id: id, weight, norm, length), one row per item."""
    entries = F.filter(F.arrays_zip(ITEMS, WEIGHTS), lambda entry: entry[ITEMS] >= F.lit(ignored))
    numbered = graph.histories.join(graph.user_vertices, USER).select(ID, entries.alias(_ENTRIES))
    each = numbered.select(
        ID,
        _norm(F.col(_ENTRIES)).alias(_NORM),
        F.size(_ENTRIES).alias(_LENGTH),
        F.explode(_ENTRIES).alias("entry"),
    )
    member = F.struct(ID, F.col(f"entry.{WEIGHTS}").alias(_WEIGHT), _NORM, _LENGTH)
    members = F.sort_array(F.collect_list(member)).alias("members")
    gathered = each.groupBy(F.col(f"entry.{ITEMS}").alias(INDEX)).agg(members)
    columns = (F.col(f"members.{name}").alias(name) for name in (ID, _WEIGHT, _NORM, _LENGTH))
    return gathered.select(INDEX, *columns)


def _norm(entries: Column) -> Column:
    """The length of the vector of an array's weights."""
    squares = F.aggregate(
        entries,
        F.lit(0.0),
        lambda total, entry: total + F.pow(entry[WEIGHTS].cast("double"), F.lit(2.0)),
    )
    return F.sqrt(squares)


def _counted_whole(compared: DataFrame, graph: UserItemGraph, ignored: int) -> DataFrame:
    """(index, neighbour, ...) with the items that were not compared in `together` and `jaccard`."""
    popular = F.filter(ITEMS, lambda item: item < F.lit(ignored))
    histories = graph.histories.join(graph.user_vertices, USER).select(
        ID, F.size(ITEMS).alias(_LENGTH), popular.alias(_POPULAR)
    )
    own, other = (
        histories.toDF(key, f"{key}_{_LENGTH}", f"{key}_{_POPULAR}") for key in (INDEX, NEIGHBOUR)
    )
    both = F.array_intersect(f"{INDEX}_{_POPULAR}", f"{NEIGHBOUR}_{_POPULAR}")
    counted = (
        compared.join(own, INDEX)
        .join(other, NEIGHBOUR)
        .withColumn(TOGETHER, F.col(TOGETHER) + F.size(both))
    )
    either = F.col(f"{INDEX}_{_LENGTH}") + F.col(f"{NEIGHBOUR}_{_LENGTH}") - F.col(TOGETHER)
    return counted.withColumn(JACCARD, F.col(TOGETHER) / either).select(compared.columns)


def _named(compared: DataFrame, vertices: DataFrame) -> DataFrame:
    """(index, neighbour, ...) with the users' own ids."""
    first = vertices.withColumnRenamed(ID, INDEX)
    second = vertices.select(F.col(ID).alias(NEIGHBOUR), F.col(USER).alias("other"))
    return (
        compared.join(first, INDEX)
        .join(second, NEIGHBOUR)
        .select(USER, F.col("other").alias(NEIGHBOUR), RANK, TOGETHER, COSINE, PEARSON, JACCARD)
    )


def _compare_block(
    block: int, audiences: pa.Table, *, blocks: int, length: int, min_together: int
) -> pa.Table:
    """(block of users, the items that one of them has) -> their similar users."""
    audiences = audiences.sort_by(INDEX)  # sums of floats depend on their order
    indptr = offsets(one_array(audiences[ID]))
    user = values(one_array(audiences[ID]), np.int64)
    known, first, member = np.unique(user, return_index=True, return_inverse=True)
    norm = values(one_array(audiences[_NORM]), np.float64)[first]
    size = values(one_array(audiences[_LENGTH]), np.int32)[first]
    rows = np.flatnonzero(known % blocks == block)
    row_indptr, row_entry = _entries_of(member, rows, known.size)
    audience = np.repeat(np.arange(indptr.size - 1, dtype=np.int32), np.diff(indptr))
    found = compare_users(
        read_only(row_indptr),
        read_only(audience[row_entry]),
        read_only(row_entry),
        read_only(rows),
        read_only(indptr),
        read_only(member),
        read_only(values(one_array(audiences[_WEIGHT]), np.float32)),
        read_only(norm),
        length,
        min_together,
    )
    row = np.repeat(rows, np.diff(found.indptr))
    either = size[row] + size[found.neighbour] - found.together
    rank = np.arange(row.size) - np.repeat(found.indptr[:-1], np.diff(found.indptr)) + 1
    return pa.table(
        {
            INDEX: known[row],
            NEIGHBOUR: known[found.neighbour],
            RANK: rank.astype(np.int32),
            TOGETHER: found.together,
            COSINE: found.cosine,
            PEARSON: pa.array(found.pearson, from_pandas=True),  # NaN becomes null
            JACCARD: found.together / either,
        }
    )


def _entries_of(
    member: npt.NDArray[np.int64], rows: npt.NDArray[np.int64], members: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The entries of each row's user: indptr (rows + 1,), and their indices."""
    row_of = np.full(members, -1, np.int64)
    row_of[rows] = np.arange(rows.size)
    entries = np.flatnonzero(row_of[member] >= 0)
    entries = entries[np.argsort(row_of[member[entries]], kind="stable")]
    counts = np.bincount(row_of[member[entries]], minlength=rows.size)
    return np.concatenate(([0], np.cumsum(counts))), entries
