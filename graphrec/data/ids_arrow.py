"""Ids of any type as bytes that can be mapped into memory, and back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def to_bytes(ids: pa.Array) -> npt.NDArray[np.uint8]:
    """Ids in Arrow's stream format."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, pa.schema([("id", ids.type)])) as stream:
        stream.write_batch(pa.record_batch([ids], ["id"]))
    return np.frombuffer(sink.getvalue(), np.uint8)


def from_bytes(data: npt.NDArray[np.uint8]) -> pa.Array:
    """The inverse of `to_bytes`."""
    column = pa.ipc.open_stream(pa.py_buffer(data)).read_all()["id"]
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
