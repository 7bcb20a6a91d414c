"""How many tasks the cluster runs at once."""

from __future__ import annotations

from pyspark.sql import SparkSession
from pyspark.sql import functions as F


def parallelism(spark: SparkSession) -> int:
    """Spark's default parallelism, asked in a way that Spark Connect knows, too."""
    row = spark.range(100_000).select(F.spark_partition_id().alias("id")).agg(F.max("id")).first()
    return 1 if row is None else int(row[0]) + 1
