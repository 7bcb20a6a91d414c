"""Dense ids: 0 .. n-1 for the distinct values of a column."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final, Self

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from graphrec.columns import INDEX
from graphrec.data.column_types import quoted
from graphrec.errors import ParameterError
from graphrec.spark.persisted import PersistedFrames

DEFAULT_BUCKETS: Final = 1024
MAX_BUCKETS: Final = 65_536

_VALUE: Final = "value"
_BUCKET: Final = "bucket"
_NUMBER: Final = "number"  # 1 .. n within the bucket
_OFFSET: Final = "offset"  # values in the buckets before


@dataclass(frozen=True)
class IdTable:
    """The dense ids of a column's values.

    The frame is kept in memory or on disk until `unpersist`, until the end of a `with` block, or
    for as long as this object is referred to.

    Attributes:
        frame: (the column: its own type; index: long, 0 .. size-1), one row per distinct value.
        size: the number of values.
    """

    frame: DataFrame
    size: int
    _persisted: PersistedFrames = field(repr=False)

    def unpersist(self) -> None:
        """Free the memory that the frame takes."""
        self._persisted.unpersist()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unpersist()


def dense_ids(df: DataFrame, column: str, *, buckets: int = DEFAULT_BUCKETS) -> IdTable:
    """Number the distinct values of a column from 0, null left out.

    The numbers depend on nothing but the set of values, its type and `buckets`: not on the order
    of the rows, nor on their partitions. They are given without sorting all values in one task:
    a value belongs to the bucket of its hash, is numbered by its order in there, and the sizes
    of the buckets before are added.

    Args:
        df: any table with the column.
        column: the column of ids, of any type that can be ordered.
        buckets: number of buckets. One bucket is sorted by one task: some 100,000 values of
            100 million with the default.

    Raises:
        ParameterError: `buckets` is not within 1 .. 65,536.
    """
    if not 1 <= buckets <= MAX_BUCKETS:
        raise ParameterError(f"buckets must be within 1 and {MAX_BUCKETS:,}", found=f"{buckets:,}")
    value = F.col(_VALUE)
    in_bucket = Window.partitionBy(_BUCKET).orderBy(_VALUE)
    persisted = PersistedFrames()
    numbered = persisted.persist(  # read for the sizes, and again for the ids
        df.select(quoted(column).alias(_VALUE))
        .where(value.isNotNull())
        .distinct()
        .withColumn(_BUCKET, id_bucket(value, buckets))
        .withColumn(_NUMBER, F.row_number().over(in_bucket))
    )
    # One row per bucket: at most MAX_BUCKETS come to the driver, however many values there are.
    sizes = sorted(map(tuple, numbered.groupBy(_BUCKET).agg(F.max(_NUMBER)).collect()))
    ends = list(accumulate(size for _, size in sizes))
    offsets = df.sparkSession.createDataFrame(
        [(bucket, end - size) for (bucket, size), end in zip(sizes, ends, strict=True)],
        f"{_BUCKET} int, {_OFFSET} long",
    )
    frame = numbered.join(F.broadcast(offsets), _BUCKET).select(
        value.alias(column), (F.col(_OFFSET) + F.col(_NUMBER) - 1).alias(INDEX)
    )
    return IdTable(frame, ends[-1] if ends else 0, persisted)


def id_bucket(value: Column, buckets: int = DEFAULT_BUCKETS) -> Column:
    """The bucket of an id: dense ids ascend by bucket, and by value within one."""
    return F.pmod(F.xxhash64(value), F.lit(buckets)).cast("int")
