"""Frames are freed by `unpersist`, and when nobody refers to them any more."""

from __future__ import annotations

import gc
from threading import Event, Thread

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from graphrec.spark.persisted import PersistedFrames


def numbers(spark: SparkSession) -> DataFrame:
    return spark.range(10).withColumn("square", F.col("id") * F.col("id"))


def is_kept(frame: DataFrame) -> bool:
    return frame.storageLevel != StorageLevel.NONE


def test_a_frame_is_kept_while_somebody_refers_to_it(spark: SparkSession) -> None:
    persisted = PersistedFrames()
    frame = persisted.persist(numbers(spark))
    another = persisted
    del persisted
    assert is_kept(frame)
    assert frame.count() == 10
    del another
    assert not is_kept(frame)
    assert frame.count() == 10  # computed again


def test_a_block_frees_its_frames_whatever_happens_in_it(spark: SparkSession) -> None:
    frames = []
    try:
        with PersistedFrames() as persisted:
            frames = [persisted.persist(numbers(spark)), persisted.persist(spark.range(3))]
            assert all(map(is_kept, frames))
            raise KeyError
    except KeyError:
        pass
    assert not any(map(is_kept, frames))


def test_two_that_keep_the_same_and_a_user_who_caches_it_do_not_free_it_for_one_another(
    spark: SparkSession,
) -> None:
    users = numbers(spark).cache()
    first, second = PersistedFrames(), PersistedFrames()
    one, two = first.persist(numbers(spark)), second.persist(numbers(spark))
    first.unpersist()
    assert [is_kept(frame) for frame in (users, one, two)] == [True, False, True]
    users.unpersist()
    assert is_kept(two)
    second.unpersist()
    assert not is_kept(two)


def test_what_is_dropped_in_a_cycle_is_freed_by_the_collector_in_any_thread(
    spark: SparkSession,
) -> None:
    persisted = PersistedFrames()
    frame = persisted.persist(numbers(spark))
    cycle = [persisted, Event()]
    cycle.append(cycle)
    del persisted, cycle
    assert is_kept(frame)
    collecting = Thread(target=gc.collect)
    collecting.start()
    collecting.join()
    assert not is_kept(frame)
