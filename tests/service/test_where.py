"""Conditions on items, against the same condition written in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from graphrec.errors import ParameterError
from graphrec.service.where import matching

ROWS: list[dict[str, Any]] = [
    {"year": 1990, "genre": "Drama", "price": 1.5},
    {"year": 2004, "genre": "War", "price": None},
    {"year": None, "genre": "It's", "price": 0.5},
    {"year": 2020, "genre": None, "price": 3.0},
]
TABLE = pa.Table.from_pylist(ROWS)

CONDITIONS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "year >= 2004": lambda row: row["year"] is not None and row["year"] >= 2004,
    "year!=1990": lambda row: row["year"] not in (None, 1990),
    "genre = 'It''s'": lambda row: row["genre"] == "It's",
    "genre contains 'a'": lambda row: "a" in (row["genre"] or ""),
    "year in (1990, 2020) and price < 2": lambda row: row["year"] == 1990,
    "not (genre = 'War' or price > 2.5)": lambda row: row["genre"] in ("Drama", "It's"),
    "year = 1990 or year = 2020 and price = 3": lambda row: row["year"] in (1990, 2020),
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_rows_that_fulfil_it(condition: str) -> None:
    assert matching(TABLE, condition).tolist() == [CONDITIONS[condition](row) for row in ROWS]


REFUSED = (
    *("", "year", "year >", "year = 'x'", "genre = 1", "year contains 2", "stars = 1"),
    *("year = 1 2", "year = 1 and", "(year = 1", "year == 1", "year in ()", "year = 1; x"),
    *("year = 1e400", f"year = {'9' * 40}", "'a' = 'a'", "genre = 'x"),
)


@pytest.mark.parametrize("condition", REFUSED)
def test_what_cannot_be_read_is_refused(condition: str) -> None:
    with pytest.raises(ParameterError):
        matching(TABLE, condition)
