"""The default grid of `graphrec.tuning.search`: groups of settings, tried one after the other."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from graphrec.recommenders.hybrid.hold_out import RANDOM
from graphrec.recommenders.hybrid.weights import DEFAULT_WEIGHTS

Settings = Mapping[str, Any]  # "maxNeighbours" or "walk.itemExponent" -> value

HALF_LIFE: Final = "half-life"
ORDER: Final = "order"
RECENCY: Final = "recency"


@dataclass(frozen=True)
class Group:
    """Alternative settings, of which one is chosen."""

    name: str
    legs: frozenset[str]  # to be learned anew for each choice; none where no leg alone is concerned
    choices: Sequence[Settings]

    def only(self, legs: Collection[str]) -> Group:
        """The same group without the settings of other legs."""
        choices = [
            {name: value for name, value in choice.items() if _leg(name) in (None, *legs)}
            for choice in self.choices
        ]
        return replace(self, choices=choices)


def _leg(setting: str) -> str | None:
    """The leg that a setting belongs to; None for the hybrid's own."""
    leg, dot, _ = setting.rpartition(".")
    return leg if dot else None


GRID: Final[tuple[Group, ...]] = (
    Group(
        HALF_LIFE,
        frozenset(DEFAULT_WEIGHTS),
        [{"halfLife": days} for days in (None, 1460.0, 365.0, 180.0)],
    ),
    Group(
        ORDER,
        frozenset({"walk", "ease"}),
        [{f"{leg}.orderExponent": order for leg in ("walk", "ease")} for order in (0.0, 0.5, 1.0)],
    ),
    Group(
        RECENCY,
        frozenset(),
        [{"recencyHalfLife": days} for days in (None, 365.0, 90.0, 30.0)],
    ),
    Group(
        "pairs",
        frozenset({"walk", "ease"}),
        [{"maxNeighbours": neighbours} for neighbours in (None, 200, 800)],
    ),
    Group(
        "walk",
        frozenset({"walk"}),
        [
            {"walk.itemExponent": 1.0, "walk.popularityExponent": 0.0},
            {"walk.itemExponent": 0.75, "walk.popularityExponent": 0.25},
            {"walk.itemExponent": 0.5, "walk.popularityExponent": 0.5},
            {"walk.method": "pagerank", "walk.restartProbability": 0.5},
            {"walk.method": "pagerank", "walk.restartProbability": 0.85},
        ],
    ),
    Group("pseudo", frozenset(), [{"pseudoInteractions": share} for share in (0.1, 0.0, 0.2)]),
    Group(
        "ease",
        frozenset({"ease"}),
        [
            {
                "ease.neighbours": neighbours,
                "ease.regParam": penalty,
                "ease.denoising": noise,
                "ease.userExponent": exponent,
            }
            for neighbours, penalty, noise, exponent in (
                (100, 50.0, 0.5, 0.5),
                (100, 20.0, 0.5, 0.5),
                (200, 20.0, 0.5, 0.5),
                (400, 20.0, 0.5, 0.5),
                (200, 50.0, 0.5, 0.5),
                (100, 200.0, 0.5, 0.5),
                (100, 50.0, 1.0, 0.5),
                (100, 50.0, 0.5, 0.25),
            )
        ],
    ),
    Group(
        "als",
        frozenset({"als"}),
        [
            {"als.alpha": alpha, "als.regParam": penalty}
            for alpha, penalty in ((20.0, 1.0), (50.0, 2.5), (10.0, 0.5), (20.0, 2.0))
        ],
    ),
    Group(
        "embedding",
        frozenset({"embedding"}),
        [
            {
                "embedding.temperature": temperature,
                "embedding.rank": rank,
                "embedding.epochs": epochs,
            }
            for temperature, rank, epochs in (
                (0.06, 128, None),
                (0.1, 128, None),
                (0.06, 256, None),
                (0.06, 256, 30),
            )
        ],
    ),
    Group("rank", frozenset({"als"}), [{"als.rank": rank} for rank in (None, 64, 128, 512)]),
)
"""What is tried; the first choice of each group is the default."""

_DEFAULT_GROUPS: Final = ("pairs", "walk", "pseudo", "ease", "als", "embedding")
_DEFAULT_TIME_GROUPS: Final = (HALF_LIFE, ORDER, RECENCY)


def default_grid(cut: str) -> list[Group]:
    """What is tried by default.

    Args:
        cut: how the validation part is held out, see `hold_out`. How old things are is tried where
            what comes next is to be predicted, by "last" or "time": it does not help to predict
            what is missing.
    """
    names = _DEFAULT_GROUPS if cut == RANDOM else _DEFAULT_TIME_GROUPS + _DEFAULT_GROUPS
    return [group for group in GRID if group.name in names]
