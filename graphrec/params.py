"""Parameters of Estimators and Models: name, default, range and meaning in one place.

A parameter is declared once, in the class that has it::

    rank = param(256, "number of latent dimensions", at_least(1))

and is then an ordinary PySpark ML `Param`: a keyword of the constructor, a key of a
`ParamGridBuilder`, a line of `explainParams()`, read by `getRank()` and set by `setRank(64)`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from numbers import Real
from typing import Any, Self

from pyspark.ml.param import Param, Params

from graphrec.errors import ParameterError

Check = Callable[[Any], Any]


class DefaultParam(Param[Any]):
    """A Param that knows its default and learns its name from the class it is declared in."""

    def __init__(self, default: Any, doc: str, check: Check) -> None:
        super().__init__(Params._dummy(), "", doc)
        self.default = default
        self.check = check

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.typeConverter = self._checked

    def _checked(self, value: Any) -> Any:
        return checked(self.name, value, self.check)


def param(default: Any, doc: str, check: Check) -> Any:
    """Declare a parameter in the body of a class derived from `DefaultParams`.

    Args:
        default: its value unless it is set.
        doc: what it means, with its unit.
        check: returns the value in its proper type, or raises ValueError with what it must be.
    """
    return DefaultParam(default, doc, check)


class DefaultParams(Params):
    """Params whose values are given by keyword, checked, and default to what they declare."""

    def __init_subclass__(cls, **options: Any) -> None:
        """Give each parameter that the class declares its `getX` and `setX`."""
        super().__init_subclass__(**options)
        declared = [own for own in vars(cls).values() if isinstance(own, DefaultParam)]
        for own in declared:
            for accessor in (_getter(own), _setter(own)):
                accessor.__module__ = cls.__module__
                accessor.__qualname__ = f"{cls.__qualname__}.{accessor.__name__}"
                setattr(cls, accessor.__name__, accessor)

    def __init__(self, **values: Any) -> None:
        super().__init__()
        for own in self.params:
            if isinstance(own, DefaultParam):
                self._setDefault(**{own.name: own.default})
        self.setParams(**values)

    def setParams(self, **values: Any) -> Self:
        """Set parameters by keyword.

        Raises:
            ParameterError: a name that is not a parameter, or a value out of its range.
        """
        names = [own.name for own in self.params]
        for name in values:
            if name not in names:
                near = get_close_matches(name, names, n=1)
                raise ParameterError(
                    f"{type(self).__name__} has no parameter {name}",
                    fix=f"did you mean {near[0]}?" if near else f"it has {', '.join(names)}",
                )
        self._set(**values)
        return self

    def value(self, name: str) -> Any:
        """The value of a parameter, set or default."""
        return self.getOrDefault(name)

    def values_of(self, names: type[DefaultParams]) -> Mapping[str, Any]:
        """The values of those parameters that another class declares, too."""
        return {
            name: self.value(name)
            for name in dir(names)
            if isinstance(getattr(names, name), DefaultParam) and self.hasParam(name)
        }

    def set(self, param: Param[Any], value: Any) -> None:
        """As PySpark's, but a value out of range is one of our own errors."""
        self._shouldOwn(param)
        self._set(**{param.name: value})

    def _set(self, **values: Any) -> Self:
        """As PySpark's, but a value out of range is one of our own errors, and None is a value."""
        for name, value in values.items():
            own = self.getParam(name)
            self._paramMap[own] = own.typeConverter(value)
        return self


def _getter(own: DefaultParam) -> Callable[[DefaultParams], Any]:
    name, doc = own.name, own.doc

    def getter(self: DefaultParams) -> Any:
        return self.value(name)

    getter.__name__ = f"get{name[0].upper()}{name[1:]}"
    getter.__doc__ = f"The value of `{name}`, set or default: {doc}."
    return getter


def _setter(own: DefaultParam) -> Callable[[DefaultParams, Any], DefaultParams]:
    name, doc = own.name, own.doc

    def setter(self: DefaultParams, value: Any) -> DefaultParams:
        return self.setParams(**{name: value})

    setter.__name__ = f"set{name[0].upper()}{name[1:]}"
    setter.__doc__ = (
        f"Set `{name}`: {doc}.\n\nReturns:\n    This very object.\n\n"
        "Raises:\n    ParameterError: the value is out of its range."
    )
    return setter


def checked(name: str, value: Any, check: Check) -> Any:
    """The value as a check returns it.

    Raises:
        ParameterError: the check failed.
    """
    try:
        return check(value)
    except ValueError as error:
        raise ParameterError(f"{name} must be {error}", found=repr(value)) from None


def at_least(least: int) -> Check:
    """A whole number of at least this."""

    def check(value: Any) -> int:
        number = _number(value)
        if not (math.isfinite(number) and number == int(number) and number >= least):
            raise ValueError(f"a whole number of at least {least}")
        return int(value)

    return check


def between(low: float, high: float, *, open_low: bool = False, open_high: bool = False) -> Check:
    """A number in a range, ends included unless open."""
    text = f"a number {'above' if open_low else 'from'} {low:g}"
    if math.isfinite(high):
        text += f" {'and below' if open_high else 'to'} {high:g}"

    def check(value: Any) -> float:
        number = _number(value)
        low_ok = number > low if open_low else number >= low
        high_ok = number < high if open_high else number <= high
        if not (low_ok and high_ok):
            raise ValueError(text)
        return number

    return check


def positive() -> Check:
    """A finite number above 0."""
    return between(0.0, math.inf, open_low=True, open_high=True)


def one_of(*choices: str) -> Check:
    """One of some words."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return str(value)

    return check


def flag() -> Check:
    """True or False."""

    def check(value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError("True or False")
        return value

    return check


def text() -> Check:
    """A string."""

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("a string")
        return value

    return check


def filled() -> Check:
    """A string that is not empty."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or not value:
            raise ValueError("a string that is not empty")
        return value

    return check


def optional(check: Check) -> Check:
    """None, or what another check accepts."""
    return lambda value: None if value is None else check(value)


def _number(value: Any) -> float:
    """The value, NaN where it is no number, and infinity where it is too large for a double."""
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    try:
        return float(value) if is_number else math.nan
    except OverflowError:
        return math.inf
