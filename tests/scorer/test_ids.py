"""Ids on disk, by a binary search, against a dictionary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrec.scorer.ids import IdIndex, ascending, map_ids, write_ids

IDS = st.one_of(
    st.lists(st.text(st.characters(codec="utf-8")), unique=True, max_size=20),
    st.lists(st.integers(-(2**63), 2**63 - 1), unique=True, max_size=20),
)


@given(ids=IDS, other=st.one_of(st.text(), st.integers(), st.none(), st.booleans(), st.floats()))
def test_every_id_is_found_where_it_is_and_no_other(ids: list[Any], other: Any) -> None:
    array = pa.array(ids, pa.string() if ids and isinstance(ids[0], str) else pa.int64())
    index = IdIndex(array, ascending(array))
    assert [index.position(one) for one in ids] == list(range(len(ids)))
    kind = str if index.of_text else int
    expected = ids.index(other) if type(other) is kind and other in ids else None
    assert index.position(other) == expected


@given(ids=IDS, text=st.one_of(st.text(max_size=2), st.integers(-30, 30).map(str)))
def test_ids_are_found_by_their_beginning(ids: list[Any], text: str) -> None:
    array = pa.array(ids, pa.string() if ids and isinstance(ids[0], str) else pa.int64())
    found = IdIndex(array, ascending(array)).starting(text, 100)
    if text or (ids and isinstance(ids[0], str)):
        expected = {one for one in ids if str(one).startswith(text)}
        if text in ("0", "-0", "-") and not (ids and isinstance(ids[0], str)):
            expected &= {0} if text == "0" else set()
        assert set(found) == expected
    assert (
        found == sorted(found, key=lambda one: (len(str(one)) if type(one) is int else 0, one))
        or not text
    )


@pytest.mark.parametrize("kind", [pa.string(), pa.int32(), pa.int64()])
def test_ids_come_back_from_their_file(kind: pa.DataType, tmp_path: Path) -> None:
    for ids in ([], [3, 1, 2]):
        array = pa.array([str(one) for one in ids] if kind == pa.string() else ids, kind)
        write_ids(tmp_path / "ids.arrow", array)
        assert map_ids(tmp_path / "ids.arrow").to_pylist() == array.to_pylist()


def test_the_text_of_a_number_is_that_number_if_python_writes_it_so() -> None:
    numbers, texts = IdIndex(pa.array([7, 12])), IdIndex(pa.array(["007", "7"]))
    assert [numbers.from_text(text) for text in ("7", "007", "+7", "x", "")] == [7, *[None] * 4]
    assert texts.from_text("007") == "007"
