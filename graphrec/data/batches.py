"""Batches of interactions, each taken in once: a batch has a name, and what is known is not added.

The name of a batch is a fingerprint of its accepted rows, whatever their order and partitioning, so
the same file is known wherever it is read from. Whoever numbers batches, as a stream does, gives
them names instead, for two batches of a stream may hold the same rows.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from graphrec.columns import BATCH, ITEM, TIMESTAMP, USER, WEIGHT

HASH: Final = "hash"
_SUM: Final = "decimal(38,0)"  # of 64-bit numbers: whole, so that the order of rows is free


def fingerprint_sum() -> Column:
    """What a group of (user, item, weight, timestamp) sums up to, as the column `HASH`."""
    one = F.xxhash64(USER, ITEM, WEIGHT, F.coalesce(TIMESTAMP, F.lit(0.0)))
    return F.sum(one.cast(_SUM)).alias(HASH)


def fingerprint(rows: int, total: Decimal) -> str:
    """A name for a batch, such as `810128-5f3a9c0217de4480`.

    Args:
        rows: how many are accepted.
        total: their `fingerprint_sum`.
    """
    return f"{rows}-{int(total) % 2**64:016x}"


def fingerprints(rows: DataFrame) -> dict[int, str]:
    """A name for each batch, by its number.

    Args:
        rows: (user, item, weight, timestamp, batch).
    """
    found = rows.groupBy(BATCH).agg(F.count("*").alias("rows"), fingerprint_sum())
    return {
        row[BATCH]: fingerprint(row["rows"], row[HASH])
        for row in found.orderBy(BATCH).collect()  # one row per batch
    }
