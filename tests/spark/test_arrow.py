"""List columns of Arrow come back as they went in, sliced or not."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrec.spark.arrow import list_column, offsets, one_array, values

ROWS = st.lists(st.lists(st.integers(-5, 5), max_size=4), max_size=8)


@given(rows=ROWS, data=st.data())
@settings(max_examples=100)
def test_a_slice_is_read_as_its_own_rows(rows: list[list[int]], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(rows)))
    last = data.draw(st.integers(first, len(rows)))
    column = pa.array(rows, pa.list_(pa.int32())).slice(first, last - first)
    indptr, flat = offsets(column), values(column, np.int32)
    assert (indptr.dtype.name, flat.dtype.name) == ("int64", "int32")
    read = [flat[a:b].tolist() for a, b in pairwise(indptr)]
    assert read == rows[first:last]
    assert list_column(indptr, flat).to_pylist() == rows[first:last]


def test_nulls_become_nan() -> None:
    found = values(pa.array([[1.5, None], [None]], pa.list_(pa.float64())), np.float32)
    np.testing.assert_array_equal(found, np.array([1.5, np.nan, np.nan], np.float32))


def test_a_column_of_several_chunks_becomes_one_array() -> None:
    chunked = pa.chunked_array([[[1], [2, 3]], [[]], [[4]]], pa.list_(pa.int32()))
    assert one_array(chunked).to_pylist() == [[1], [2, 3], [], [4]]
    nothing = one_array(pa.chunked_array([], pa.list_(pa.int32())))
    assert (offsets(nothing).tolist(), values(nothing, np.int32).tolist()) == ([0], [])


def test_more_values_than_offsets_of_32_bits_can_count_are_refused() -> None:
    with pytest.raises(OverflowError, match=r"^2147483648 values do not fit"):
        list_column(np.array([0, 2**31]), np.empty(0, np.int32))
