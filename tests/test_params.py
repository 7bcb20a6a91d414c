"""A parameter is declared once: name, default, range, and what a wrong value is answered."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pyspark.ml.param import Param

from graphrec.errors import InputError, ParameterError
from graphrec.params import (
    Check,
    DefaultParams,
    at_least,
    between,
    filled,
    flag,
    one_of,
    optional,
    param,
    positive,
    text,
)


class Engine(DefaultParams):
    rank = param(8, "number of dimensions", at_least(1))
    share = param(0.5, "a share", between(0.0, 1.0))
    label = param(None, "a name", optional(text()))


class Car(Engine):
    doors = param(4, "number of doors", at_least(2))


def test_values_are_defaults_until_they_are_set() -> None:
    car = Car(share=0.25)
    assert {name: car.value(name) for name in ("rank", "share", "label", "doors")} == {
        "rank": 8,
        "share": 0.25,
        "label": None,
        "doors": 4,
    }
    assert car.isSet("share")
    assert not car.isSet("rank")


def test_they_are_ordinary_params_of_pyspark() -> None:
    car = Car()
    assert all(isinstance(own, Param) for own in car.params)
    assert [own.name for own in car.params] == ["doors", "label", "rank", "share"]
    assert "rank: number of dimensions (default: 8, current: 16)" in Car(rank=16).explainParams()
    copied = car.copy({car.rank: 32})
    assert (copied.value("rank"), car.value("rank")) == (32, 8)


def test_two_objects_do_not_share_values() -> None:
    first, second = Car(rank=1), Car(rank=2)
    assert (first.value("rank"), second.value("rank")) == (1, 2)
    assert first.rank != second.rank  # a ParamMap for one is not for the other


def test_setParams_can_be_chained() -> None:
    assert Car().setParams(rank=3).value("rank") == 3


def test_each_parameter_has_its_own_methods() -> None:
    car = Car()
    assert car.setRank(3) is car
    assert (car.getRank(), car.rank.name, car.setDoors(5.0).getDoors()) == (3, "rank", 5)
    assert car.setLabel("a").setLabel(None).getLabel() is None
    assert Car.setRank.__qualname__ == "Engine.setRank"
    assert "Set `rank`: number of dimensions." in Car.setRank.__doc__
    with pytest.raises(
        ParameterError, match=r"^rank must be a whole number of at least 1; found 0$"
    ):
        car.setRank(0)


def test_the_values_of_another_class_parameters() -> None:
    assert Car(rank=3, doors=5).values_of(Engine) == {"rank": 3, "share": 0.5, "label": None}


def test_an_unknown_name_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(ParameterError, match=r"^Car has no parameter rnak; did you mean rank\?$"):
        Car(rnak=1)
    with pytest.raises(ParameterError, match=r"it has doors, label, rank, share$"):
        Car(x=1)


def test_a_wrong_value_is_answered_with_the_range() -> None:
    with pytest.raises(ParameterError) as failure:
        Car(rank=0)
    assert str(failure.value) == "rank must be a whole number of at least 1; found 0"
    assert isinstance(failure.value, InputError)  # the command line exits with 2
    assert isinstance(failure.value, ValueError)


def test_a_wrong_value_in_a_param_map_is_answered_alike() -> None:
    car = Car()
    with pytest.raises(ParameterError, match="share must be a number from 0 to 1; found 2"):
        car.set(car.share, 2)


def test_nothing_is_set_where_a_name_is_wrong() -> None:
    car = Car()
    with pytest.raises(ParameterError):
        car.setParams(rank=3, rnak=4)
    assert car.value("rank") == 8


@pytest.mark.parametrize(
    ("check", "value", "kept"),
    [
        (at_least(1), 1, 1),
        (at_least(1), 3.0, 3),
        (between(0.0, 1.0), 0, 0.0),
        (between(0.0, 1.0), 1, 1.0),
        (between(0.0, math.inf), 1e300, 1e300),
        (positive(), 1e-9, 1e-9),
        (one_of("a", "b"), "b", "b"),
        (flag(), True, True),
        (text(), "", ""),
        (filled(), "a", "a"),
        (optional(positive()), None, None),
        (optional(positive()), 2, 2.0),
    ],
)
def test_what_is_in_range_is_kept_in_its_type(check: Check, value: Any, kept: Any) -> None:
    found = check(value)
    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize(
    ("check", "values", "range_text"),
    [
        (at_least(1), [0, -1, 1.5, True], "a whole number of at least 1"),
        (between(0.0, 1.0), [-0.1, 1.1, math.nan, True], "a number from 0 to 1"),
        (
            between(0.0, 1.0, open_low=True, open_high=True),
            [0.0, 1.0, math.nan],
            "a number above 0 and below 1",
        ),
        (positive(), [0, -1.0, math.nan, math.inf, False], "a number above 0"),
        (one_of("a", "b"), ["c", None, 1], "one of a, b"),
        (flag(), [1, 0, "yes", None], "True or False"),
        (text(), [1, None], "a string"),
        (filled(), ["", 1, None], "a string that is not empty"),
        (optional(positive()), [0, -1.0], "a number above 0"),
    ],
)
def test_what_is_out_of_range_is_answered_with_the_range(
    check: Check, values: list[Any], range_text: str
) -> None:
    for value in values:
        with pytest.raises(ValueError, match=f"^{range_text}$"):
            check(value)


@pytest.mark.parametrize("value", ["three", None, [1], math.inf, math.nan])
@pytest.mark.parametrize("name", ["rank", "share"])
def test_what_is_no_number_is_a_parameter_error_too(name: str, value: Any) -> None:
    with pytest.raises(ParameterError, match=f"^{name} must be"):
        Car(**{name: value})
