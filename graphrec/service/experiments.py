"""Which experiments a service runs, and what a user is served under them.

A TOML file has a table for each experiment, with its arms:

    [list]
    salt = "autumn"              # draws anew under the same name

    [list.arms.old]              # served as everybody is

    [list.arms.new]
    share = 2                    # of the users, in any unit; 1 where none is stated
    diversity = 0.3
    weights = { walk = 1.0, als = 0.5 }
    explore = 0.1
    model = "models/other"
    lists = "lists/other"

Several experiments are crossed: a user has an arm in each, independently. So no two of them may set
the same thing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, TypeAlias

from graphrec.errors import ParameterError, UnreadableInputError
from graphrec.experiments.assignment import assign, shares

Source: TypeAlias = tuple[str | None, str | None]  # a model and its lists; None: everybody's

_MOST_WEIGHT: Final = 1e6
_FORM: Final = "see docs/serving.md for its form"


@dataclass(frozen=True, kw_only=True)
class ArmSettings:
    """What an arm sets; None: as everybody is served."""

    diversity: float | None = None
    weights: Mapping[str, float] | None = None  # of the legs
    explore: float | None = None  # the share of explored slots
    model: str | None = None  # the directory of another one
    lists: str | None = None  # of that model, for answers in time

    @property
    def source(self) -> Source:
        """The model and lists that an arm is served from."""
        return self.model, self.lists

    def with_those_of(self, other: ArmSettings) -> ArmSettings:
        """These, and what another arm sets."""
        return replace(self, **other.given)

    @property
    def given(self) -> dict[str, Any]:
        """What is set, by name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class Arm:
    """One arm of an experiment."""

    name: str
    share: float
    settings: ArmSettings


@dataclass(frozen=True)
class Experiment:
    """One experiment."""

    name: str
    salt: str
    arms: tuple[Arm, ...]

    def arm_of(self, user: str) -> Arm:
        """The arm that a user is in."""
        names = [arm.name for arm in self.arms]
        weights = [arm.share for arm in self.arms]
        return self.arms[names.index(assign(user, self.name, names, weights, self.salt))]


@dataclass(frozen=True)
class Treatment:
    """What a user is served under.

    Attributes:
        arms: the user's arm in each experiment.
        settings: those of all these arms.
    """

    arms: Mapping[str, str]
    settings: ArmSettings


@dataclass(frozen=True)
class Experiments:
    """All experiments of a service; perhaps none."""

    experiments: tuple[Experiment, ...] = ()

    @staticmethod
    def read(path: str | None) -> Experiments:
        """Read a file of experiments.

        Args:
            path: of a TOML file; None: there are none.

        Raises:
            UnreadableInputError: it is missing, or no TOML.
            ParameterError: it is of another form, or two experiments set the same.
        """
        if path is None:
            return Experiments()
        try:
            tables = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise UnreadableInputError(
                f"the experiments at {path} cannot be read", found=str(error), fix=_FORM
            ) from error
        experiments = tuple(_experiment(name, table) for name, table in tables.items())
        _check_apart(experiments)
        return Experiments(experiments)

    def treatment(self, user: str) -> Treatment:
        """What a user is served under."""
        arms = {one.name: one.arm_of(user) for one in self.experiments}
        settings = ArmSettings()
        for arm in arms.values():
            settings = settings.with_those_of(arm.settings)
        return Treatment({name: arm.name for name, arm in arms.items()}, settings)

    def of_arms(self) -> Iterator[tuple[str, ArmSettings]]:
        """Each arm with its experiment's name, and what it sets."""
        for experiment in self.experiments:
            for arm in experiment.arms:
                yield f"{experiment.name}.{arm.name}", arm.settings


def _experiment(name: str, table: Any) -> Experiment:
    given = _table(table, name, ("salt", "arms"))
    arms = _table(given.get("arms", {}), f"{name}.arms", None)
    parsed = tuple(_arm(f"{name}.{arm}", arm, values) for arm, values in arms.items())
    shares([arm.name for arm in parsed], [arm.share for arm in parsed])
    return Experiment(name, str(given.get("salt", "")), parsed)


def _arm(place: str, name: str, table: Any) -> Arm:
    names = [field.name for field in fields(ArmSettings)]
    given = _table(table, place, ("share", *names))
    settings = ArmSettings(
        diversity=_number(given, "diversity", place, 1.0),
        weights=_weights(given, place),
        explore=_number(given, "explore", place, 1.0),
        model=_text(given, "model", place),
        lists=_text(given, "lists", place),
    )
    if settings.lists is not None and settings.model is None:
        raise ParameterError(f"lists of {place} need its model", found=settings.lists)
    share = _number(given, "share", place, _MOST_WEIGHT)
    return Arm(name, 1.0 if share is None else share, settings)


def _check_apart(experiments: tuple[Experiment, ...]) -> None:
    """No two experiments may set the same: one of them would have no effect."""
    by: dict[str, str] = {}
    for experiment in experiments:
        for name in {name for arm in experiment.arms for name in arm.settings.given}:
            if name in by:
                raise ParameterError(
                    f"two experiments set the {name}",
                    found=f"{by[name]} and {experiment.name}",
                    fix="make them arms of one experiment",
                )
            by[name] = experiment.name


def _table(value: Any, place: str, names: tuple[str, ...] | None) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ParameterError(f"{place} must be a table", found=repr(value), fix=_FORM)
    unknown = [name for name in value if names is not None and name not in names]
    if unknown:
        raise ParameterError(
            f"{place} has what is no setting",
            found=", ".join(unknown),
            fix=f"choose of {', '.join(names or ())}",
        )
    return value


def _number(table: Mapping[str, Any], name: str, place: str, most: float) -> float | None:
    value = table.get(name)
    if value is None:
        return None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= most:
        raise ParameterError(
            f"{name} of {place} must be a number from 0 to {most:g}", found=repr(value)
        )
    return float(value)


def _text(table: Mapping[str, Any], name: str, place: str) -> str | None:
    value = table.get(name)
    if value is not None and not isinstance(value, str):
        raise ParameterError(f"{name} of {place} must be a path", found=repr(value))
    return value


def _weights(table: Mapping[str, Any], place: str) -> dict[str, float] | None:
    if "weights" not in table:
        return None
    given = _table(table["weights"], f"weights of {place}", None)
    return {leg: _number(given, leg, f"weights of {place}", _MOST_WEIGHT) or 0.0 for leg in given}
