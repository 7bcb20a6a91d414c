"""A mark on Spark's jobs, by which they can be cancelled together."""

from __future__ import annotations

from pyspark.sql import SparkSession
from pyspark.sql.utils import is_remote


def add_job_tag(spark: SparkSession, tag: str) -> None:
    """Mark the jobs that this thread starts from now on."""
    if is_remote():
        spark.addTag(tag)
    else:
        spark.sparkContext.addJobTag(tag)


def remove_job_tag(spark: SparkSession, tag: str) -> None:
    """Mark them no longer."""
    if is_remote():
        spark.removeTag(tag)
    else:
        spark.sparkContext.removeJobTag(tag)


def cancel_jobs(spark: SparkSession, tag: str) -> None:
    """Cancel the jobs with the mark.

    A classic session has a method for it as well, but that finds no job after an interruption.
    """
    if is_remote():
        spark.interruptTag(tag)
    else:
        spark.sparkContext.cancelJobsWithTag(tag)
