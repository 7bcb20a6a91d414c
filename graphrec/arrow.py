"""The shape of a function that Spark maps over Arrow batches."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

import pyarrow as pa

BatchFunction: TypeAlias = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]
