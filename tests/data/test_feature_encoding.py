"""Every kind of feature, by matrices that are written out."""

from __future__ import annotations

import datetime
import json
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from graphrec.data.feature_encoding import (
    MAX_COLUMNS,
    MAX_VALUES,
    FeatureEncoding,
    kind_of,
    learn_encoding,
    parse_features,
)
from graphrec.data.item_features import ItemFeatures, encode
from graphrec.errors import ColumnError, ParameterError

ROOT_HALF = math.sqrt(0.5)


def encoded(
    values: list[Any], kind: str | None = None, of: pa.DataType | None = None
) -> ItemFeatures:
    return encode(pa.table({"f": pa.array(values, of)}), {"f": kind})


def columns(features: ItemFeatures) -> dict[str, list[float]]:
    dense = features.matrix.toarray().round(4)
    return {name: dense[:, n].tolist() for n, name in enumerate(features.names)}


def test_a_category_that_several_items_have_is_a_column() -> None:
    found = columns(encoded(["a", "b", "a", "b", "once", None, " "]))
    assert found == {"f: a": [1, 0, 1, 0, 0, 0, 0], "f: b": [0, 1, 0, 1, 0, 0, 0]}


def test_rarer_values_of_a_list_weigh_more() -> None:
    """Of four items with values three are a, two are b: ln(4/3) and ln(4/2), to length 1."""
    found = columns(encoded(["a|b", "a", "a|b|b", "c", None]))
    length = math.hypot(math.log(4 / 3), math.log(2))
    a, b = math.log(4 / 3) / length, math.log(2) / length
    assert found["f: a"] == pytest.approx([a, 1, a, 0, 0], abs=1e-4)
    assert found["f: b"] == pytest.approx([b, 0, b, 0, 0], abs=1e-4)


def test_arrays_of_text_are_lists_as_well() -> None:
    lists = [["a", "b"], ["a"], ["a", "b", None, ""], ["c"], None]
    assert columns(encoded(lists)) == columns(encoded(["a|b", "a", "a|b", "c", None]))


def test_words_are_found_in_any_case_and_script() -> None:
    found = columns(encoded(["Große Fahrt", "kleine FAHRT!", "東京 große", "x"], "words"))
    assert set(found) == {"f: große", "f: fahrt"}
    assert found["f: fahrt"] == pytest.approx([ROOT_HALF, 1, 0, 0], abs=1e-4)


def test_a_number_lies_between_two_quantiles() -> None:
    found = columns(encoded([0.0, 7.0, 3.5, math.nan, math.inf, None]))
    dense = np.array(list(found.values())).T
    assert [name for name, value in found.items() if value[0]] == ["f: 0"]
    assert [name for name, value in found.items() if value[1]] == ["f: 7"]
    assert np.linalg.norm(dense, axis=1) == pytest.approx([1, 1, 1, 0, 0, 0], abs=1e-4)
    assert np.flatnonzero(dense[2]).size <= 2


def test_numbers_that_are_written_as_text_or_dates_are_numbers() -> None:
    text = encoded(["1990", " 2000", "2010", None])
    assert text.kinds == {"f": "number"}
    assert columns(text) == columns(encoded([1990, 2000, 2010, None]))
    days = [datetime.date(2020, 1, day) for day in (1, 11, 21)]
    assert encoded(days).matrix.toarray() == pytest.approx(encoded([0, 10, 20]).matrix.toarray())


def test_vectors_are_brought_to_length_one() -> None:
    found = encoded([[3.0, 4.0], None, [0.0, 0.0], [0.0, 2.0]])
    assert found.kinds == {"f": "vector"}
    assert found.matrix.toarray() == pytest.approx(np.array([[0.6, 0.8], [0, 0], [0, 0], [0, 1]]))
    assert found.known.tolist() == [True, False, False, True]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2], "number"),
        ([True, False], "category"),
        (["a", "a", "b"], "category"),
        (["a|b", "c"], "list"),
        (["one thing", "another", "a third"], "words"),
        ([["a"]], "list"),
        ([[1.0]], "vector"),
        ([None, None], "category"),
    ],
)
def test_the_kind_follows_from_the_values(values: list[Any], kind: str) -> None:
    of = pa.string() if values[0] is None else None
    assert kind_of("f", pa.array(values, of)) == kind


def test_a_feature_that_tells_nothing_apart_is_left_out() -> None:
    table = pa.table({"same": ["x"] * 4, "own": ["a", "b", "c", "d"], "kind": ["u", "v", "u", "v"]})
    found = encode(table, {"same": "category", "own": "category", "kind": None})
    assert found.kinds == {"kind": "category"}
    assert set(found.left_out) == {"same", "own"}
    with pytest.raises(ColumnError, match="no feature says anything; found same"):
        encode(table, {"same": None})


def test_of_many_values_the_commonest_stay() -> None:
    often = [f"v{n}" for n in range(MAX_VALUES + 10) for _ in range(2 + (n < 5))]
    found = encoded(often, "category")
    assert found.matrix.shape == (len(often), MAX_VALUES)
    assert {f"f: v{n}" for n in range(5)} <= set(found.names)
    table = pa.table({f"f{n}": often for n in range(4)})
    assert (
        encode(table, dict.fromkeys(table.column_names, "category")).matrix.shape[1] == MAX_COLUMNS
    )


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        ([[1.0], [1.0, 2.0]], None, "of one length; found lengths from 1 to 2"),
        ([[1.0, math.nan]], None, "must hold finite numbers"),
        ([1.0], "vector", "cannot be of the kind vector; found double"),
        ([1.0], "words", "has no words; found double"),
        (["many"], "number", "no feature says anything"),
        ([{"a": 1}], None, "cannot be a feature; found struct"),
    ],
)
def test_what_cannot_be_encoded_is_one_line(
    values: list[Any], kind: str | None, message: str
) -> None:
    with pytest.raises(ColumnError, match=message):
        encoded(values, kind)


def test_names_may_have_kinds() -> None:
    assert parse_features(["a", "b:c:words"]) == {"a": None, "b:c": "words"}
    with pytest.raises(ParameterError, match="the kinds are number, category, list"):
        parse_features(["a:text"])
    with pytest.raises(ParameterError, match="named twice; found a"):
        parse_features(["a", "a:words"])


def test_an_encoding_is_learned_once_and_applied_to_others() -> None:
    learned = pa.table(
        {
            "age": [10.0, 20.0, 30.0, None],
            "job": ["cook", "cook", "maid", "maid"],
            "text": [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], None],
        }
    )
    kinds = {"age": "number", "job": None, "text": None}
    encoding = FeatureEncoding.from_described(
        json.loads(json.dumps(learn_encoding(learned, kinds).described()))
    )
    others = pa.table(
        {"age": [99.0, math.nan], "job": ["maid", "pilot"], "text": [[0.0, 2.0], None]}
    )
    dense = dict(zip(encoding.names, encoding.matrix(others).toarray().T.tolist(), strict=True))
    assert dense["age: 30"] == [1.0, 0.0]  # beyond the last knot
    assert (dense["job: maid"], dense["job: cook"]) == ([1.0, 0.0], [0.0, 0.0])
    assert (dense["text: 0"], dense["text: 1"]) == ([0.0, 0.0], [1.0, 0.0])
    np.testing.assert_array_equal(
        encoding.matrix(learned).toarray(), encode(learned, kinds).matrix.toarray()
    )
    longer = others.set_column(2, "text", pa.array([[1.0, 2.0, 3.0], None]))
    with pytest.raises(ColumnError, match="'text' must be of one length; found lengths from 3"):
        encoding.matrix(longer)
