"""Quotas and boosts by columns, of a few items."""

from __future__ import annotations

import pyarrow as pa
import pytest

from graphrec.errors import ParameterError
from graphrec.service.limits import boosts, members


@pytest.mark.parametrize(
    "column",
    [
        pa.chunked_array([["War|Drama", " Drama |", None, "", "War|War"]]),
        pa.chunked_array([[["War", "Drama"], ["Drama", None]], [None, [], ["War", "War"]]]),
    ],
)
def test_the_categories_of_texts_and_of_arrays(column: pa.ChunkedArray) -> None:
    names, items, categories = members("genre", column)
    found = {(int(item), names[at]) for item, at in zip(items, categories, strict=True)}
    assert found == {(0, "genre=War"), (0, "genre=Drama"), (1, "genre=Drama"), (4, "genre=War")}
    assert len(items) == 4


def test_numbers_are_categories_and_structs_are_not() -> None:
    names, items, _ = members("year", pa.chunked_array([[1999, None, 2004]]))
    assert (names, items.tolist()) == (["year=1999", "year=2004"], [0, 2])
    with pytest.raises(ParameterError, match="cannot hold categories"):
        members("maker", pa.chunked_array([[{"name": "x"}]]))


def test_boosts_are_1_where_there_is_none_and_refused_out_of_their_range() -> None:
    assert boosts(pa.chunked_array([[2, None]])).tolist() == [2.0, 1.0]
    for wrong in (0.0, -1.0, 2e6, float("inf"), float("nan")):
        with pytest.raises(ParameterError, match="numbers from 1e-06 to 1e"):
            boosts(pa.chunked_array([[1.0, wrong]]))
