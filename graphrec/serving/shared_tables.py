"""The item tables as shared arrays, which the workers of Spark map into memory."""

from __future__ import annotations

from pyspark.sql import SparkSession

from graphrec.data.ids_arrow import to_bytes
from graphrec.serving.kernel_types import ListRules
from graphrec.serving.tables import ItemTables
from graphrec.spark.shared_arrays import SharedArrays, share_arrays


def share_tables(spark: SparkSession, tables: ItemTables, *, diversify: bool) -> SharedArrays:
    """Distribute the tables to all workers; the cosines only if MMR reads them."""
    ids = {"ids": to_bytes(tables.catalogue.ids)}
    return share_arrays(spark, ids | tables.arrays(diversify=diversify))


def share_rules(spark: SparkSession, rules: ListRules) -> SharedArrays:
    """Distribute the rules of a request to all workers."""
    return share_arrays(spark, rules._asdict())
