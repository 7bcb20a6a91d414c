"""What Spark keeps in memory or on disk until it is unpersisted."""

from __future__ import annotations

import gc

from pyspark.sql import SparkSession


def persisted(spark: SparkSession) -> set[int]:
    """The ids of what is persisted, without what only waits for a garbage collector.

    Python's is called here. Checkpoints wait for the JVM's, and Spark frees them then, as it does
    what other tests have dropped: so ask what is there beyond an earlier set, not whether it is the
    same.
    """
    gc.collect()
    kept = dict(spark.sparkContext._jsc.getPersistentRDDs())
    return {number for number, rdd in kept.items() if "localCheckpoint" not in rdd.toString()}
