"""What is measured: contenders, and the limits of their figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

PEAK: Final = "peak GiB"  # a figure of every contender: memory of all its processes (PSS)


@dataclass(frozen=True)
class Contender:
    """Something that is measured.

    Attributes:
        name: in the table.
        function: "module:function", a module of this package. It is called with the arguments in
            a fresh process, and returns seconds by stage.
        arguments: what JSON can hold.
    """

    name: str
    function: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Figure:
    """One figure of a contender."""

    contender: str
    stage: str  # or PEAK


@dataclass(frozen=True)
class Limit:
    """What a figure may be at most.

    Attributes:
        figure: what is limited.
        most: the largest value: as it is, or in units of the other figure.
        of: the other figure, taken in the same repetition; None for none.
        below: the ratio must stay below `most`, not reach it.
    """

    figure: Figure
    most: float
    of: Figure | None = None
    below: bool = False


@dataclass(frozen=True)
class Target:
    """Contenders that run in turn, and the limits of their figures.

    Attributes:
        name: on the command line and in the table.
        contenders: in the order in which they run first.
        limits: of their figures.
        prepare: these run once before all; their figures are not kept.
    """

    name: str
    contenders: tuple[Contender, ...]
    limits: tuple[Limit, ...]
    prepare: tuple[Contender, ...] = ()


def at_least_faster(ours: Figure, peer: Figure, times: float) -> Limit:
    """The peer takes at least so many times as long."""
    return Limit(ours, 1 / times, peer)
