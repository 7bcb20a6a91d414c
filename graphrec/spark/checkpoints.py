"""Frames that are cut off from their plan, and survive the loss of an executor."""

from __future__ import annotations

from pyspark import StorageLevel
from pyspark.sql import DataFrame

_FOLDER = "spark.checkpoint.dir"


def checkpointed(frame: DataFrame) -> DataFrame:
    """Compute a frame and cut it off from its plan.

    For frames that many others are derived from: a long plan in each of them takes longer to plan
    than to run. Rows without a plan cannot be computed again, so they must survive the loss of an
    executor. On a cluster they are written to `spark.checkpoint.dir`, a folder that all machines
    reach. Without it two executors keep each row, and the loss of both at a time ends the job with
    Spark's error that a checkpoint block is not found. In local mode there is no other executor.

    Args:
        frame: any.

    Returns:
        The same rows. They are kept as long as the frame is referred to; files in the folder stay
        unless `spark.cleaner.referenceTracking.cleanCheckpoints` is true.
    """
    settings = frame.sparkSession.conf
    if (settings.get("spark.master", "") or "").startswith("local"):
        return frame.localCheckpoint()
    if settings.get(_FOLDER, None):
        return frame.checkpoint()
    return frame.localCheckpoint(storageLevel=StorageLevel.MEMORY_AND_DISK_2)
