"""A query takes the place of the file that is read."""

from __future__ import annotations

import pytest

from graphrec.cli.commands import explain, recommend
from graphrec.errors import ParameterError


def test_a_query_is_the_input() -> None:
    asked = recommend.Options(out="out", input_sql="SELECT * FROM shop.ratings")
    assert asked.with_query().input == "sql:SELECT * FROM shop.ratings"
    plain = recommend.Options(out="out", input="ratings.csv")
    assert plain.with_query() is plain
    with pytest.raises(ParameterError, match=r"exclude each other; found ratings\.csv"):
        recommend.Options(out="out", input="ratings.csv", input_sql="SELECT 1").with_query()


def test_explain_takes_two_ids_beside_a_query() -> None:
    asked = explain.Options(input="u1", user_id="i2", input_sql="SELECT 1").with_query()
    assert (asked.input, asked.user_id, asked.item_id) == ("sql:SELECT 1", "u1", "i2")
    served = explain.Options(input="u1", user_id="i2", model="model").with_query()
    assert (served.input, served.user_id, served.item_id) == (None, "u1", "i2")
    with pytest.raises(ParameterError, match="exclude each other; found file"):
        explain.Options(input="file", user_id="u", item_id="i", input_sql="q").with_query()
