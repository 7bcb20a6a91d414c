"""Vectors of profiles, of users who never see Spark."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from graphrec.data.feature_encoding import learn_encoding
from graphrec.data.profiles import Profiles

TOWNS, AGES = ["x"] * 4 + ["y"] * 4, [20.0, 20.0, 20.0, 20.0, 40.0, 40.0, 40.0, 40.0]
LEARNED = pa.table({"town": TOWNS, "age": AGES})


@pytest.fixture
def profiles() -> Profiles:
    learned = Profiles(learn_encoding(LEARNED, {"town": "category", "age": "number"}), "user")
    loaded = Profiles.from_described(json.loads(json.dumps(learned.described())))
    assert loaded is not None
    return loaded


def test_a_vector_has_a_one_behind_the_features_where_anything_is_known(
    profiles: Profiles,
) -> None:
    table = pa.table({"town": ["y", None, "z"], "age": [None, 20.0, None]})
    assert profiles.encoding.names == ("town: x", "town: y", "age: 20", "age: 40")
    assert profiles.matrix(table).tolist() == [[0, 1, 0, 0, 1], [0, 0, 1, 0, 1], [0] * 5]


def test_a_feature_that_is_not_given_is_not_known(profiles: Profiles) -> None:
    assert profiles.matrix(pa.table({"town": ["x"]})).tolist() == [[1, 0, 0, 0, 1]]
    assert profiles.matrix(pa.table({"other": ["x"]})).tolist() == [[0] * 5]


def test_numbers_are_rounded_so_that_sums_of_them_are_exact(profiles: Profiles) -> None:
    [[_, _, low, high, _]] = profiles.matrix(pa.table({"age": [25.0]})).tolist()
    assert low == pytest.approx(0.9487, abs=1e-4)  # .75 and .25, to length 1
    assert (low * 2**16).is_integer()
    assert (high * 2**16).is_integer()
