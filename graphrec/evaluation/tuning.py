"""Choosing a hybrid's settings on held-out interactions, one group of settings after the other.

A part of some users' histories is held out. For each group (the pair table, the walk, the ridge
regression, the factors) the choices are tried in turn with all other settings as chosen so far:
only the legs that a choice concerns are learned again, the pair table is counted once, and each
trial serves the validation users alone. A choice replaces the one before only if its NDCG is
better by more than one standard error of the paired difference: a validation cut may mislead, and
the defaults hold on many data sets. The weights are then searched on the cached scores
(`graphrec.models.learned_weights`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame
from pyspark.storagelevel import StorageLevel

from graphrec.graph.pair_cut import cut_partners
from graphrec.graph.pairs import PairTable
from graphrec.models.hybrid import DEFAULT_WEIGHTS, HybridRecommender
from graphrec.models.learned_weights import (
    CachedScores,
    hold_out,
    normalised,
    search_weights,
)
from graphrec.models.recommender import Leg
from graphrec.models.training import TrainingData, prepare
from graphrec.progress import stage

Settings = Mapping[str, Any]  # "maxPartners" or "walk.itemExponent" -> value

PAIRS: Final = "maxPartners"


@dataclass(frozen=True)
class Group:
    """Settings that are chosen together."""

    name: str
    legs: frozenset[str]  # to be learned again for each choice
    choices: Sequence[Settings]


GRID: Final[tuple[Group, ...]] = (
    Group(
        "pair table",
        frozenset({"walk", "ridge"}),
        [{PAIRS: partners} for partners in (400, 200)],
    ),
    Group(
        "walk",
        frozenset({"walk"}),
        [
            {"walk.itemExponent": 1.0, "walk.popularityExponent": 0.0},
            {"walk.itemExponent": 0.75, "walk.popularityExponent": 0.25},
            {"walk.itemExponent": 0.5, "walk.popularityExponent": 0.5},
            {"walk.walk": "restart", "walk.restartProbability": 0.5},
            {"walk.walk": "restart", "walk.restartProbability": 0.85},
        ],
    ),
    Group(
        "ridge",
        frozenset({"ridge"}),
        [
            {"ridge.partners": partners, "ridge.regularization": penalty, "ridge.denoising": noise}
            for partners, penalty, noise in (
                (100, 50.0, 0.5),
                (100, 20.0, 0.5),
                (100, 200.0, 0.5),
                (100, 50.0, 1.0),
                (200, 50.0, 0.5),
            )
        ],
    ),
    Group(
        "factors",
        frozenset({"als"}),
        [
            {"als.unobserved": unobserved, "als.regularization": penalty}
            for unobserved, penalty in ((0.05, 0.05), (0.1, 0.05), (0.05, 0.1), (0.1, 0.1))
        ],
    ),
)
"""What is tried; the first choice of each group is the default."""


@dataclass(frozen=True)
class Trial:
    """One setting that was tried."""

    group: str
    settings: dict[str, Any]
    ndcg: float  # NDCG@20, mean over the validation users
    error: float  # standard error of the paired difference to the best before; 0 for the first
    chosen: bool  # when it was tried


@dataclass(frozen=True)
class Tuned:
    """What was chosen, and how."""

    settings: dict[str, Any]  # those that differ from the recommender's own
    weights: dict[str, float]
    users: int  # in the validation set
    trials: list[Trial]


def tune(
    recommender: HybridRecommender,
    dataset: DataFrame,
    *,
    grid: Sequence[Group] = GRID,
    users: int = 2000,
    fraction: float = 0.1,
    seed: int = 0,
) -> Tuned:
    """Choose the settings and weights of a hybrid.

    Args:
        recommender: its settings are where the search starts; groups of legs that it does not
            have are left out.
        dataset: interactions, as for `fit`.
        grid: what is tried, in this order.
        users: validation users, at most.
        fraction: share of their histories that is held out.
        seed: of the draw.

    Raises:
        ColumnError: a column is not there or cannot be used.
        EmptyInputError: no row is accepted.
    """
    grid = [group for group in grid if group.legs & {leg.leg for leg in recommender.legs}]
    asked = [recommender.with_settings(choice) for group in grid for choice in group.choices]
    wanted = {exponent for hybrid in asked for exponent in hybrid.exponents()}
    data = recommender.enrich(prepare(dataset, recommender, wanted))
    cut = hold_out(data.profiles, users=users, fraction=fraction, seed=seed)
    training = cut.training.persist(StorageLevel.MEMORY_AND_DISK)
    widest = max(asked, key=lambda hybrid: int(hybrid.value(PAIRS)), default=recommender)
    search = _Search(recommender, replace(data, profiles=training, params=widest), cut.validation)
    for group in grid:
        with stage(f"tune {group.name}") as counts:
            search.choose(group)
            counts["trials"] = len(group.choices)
    tuned = search.tuned()
    training.unpersist()
    data.profiles.unpersist()
    return tuned


class _Search:
    """The settings chosen so far, the legs learned with them, and how good they are."""

    def __init__(
        self, recommender: HybridRecommender, data: TrainingData, validation: DataFrame
    ) -> None:
        self._recommender = recommender
        self._data = data
        self._validation = validation
        self._settings: dict[str, Any] = {}
        self._legs: dict[str, list[Leg]] = {}
        self._tables: dict[int, PairTable] = {}
        self._cached: CachedScores | None = None
        self._trials: list[Trial] = []

    def choose(self, group: Group) -> None:
        """Try the choices of a group, and keep the best."""
        for choice in group.choices:
            settings = self._settings | dict(choice)
            hybrid = self._recommender.with_settings(settings)
            data = self._data_with(int(hybrid.value(PAIRS)))
            legs = {
                leg.leg: leg.learn(data)
                if leg.leg in group.legs or leg.leg not in self._legs
                else self._legs[leg.leg]
                for leg in hybrid.legs
            }
            flat = [learned for some in legs.values() for learned in some]
            cached = hybrid.cached_scores(data, flat, self._validation)
            error, chosen = self._judge(cached)
            mean = float(_at_default_weights(cached).mean())
            self._trials.append(Trial(group.name, dict(choice), mean, error, chosen))
            if chosen:
                self._settings, self._legs, self._cached = settings, legs, cached

    def tuned(self) -> Tuned:
        """The settings, and the weights that are searched with them."""
        assert self._cached is not None  # every group has a choice
        weights = search_weights(self._cached, _default_weights(self._cached))
        own = self._recommender.with_settings({})
        return Tuned(
            settings={
                name: value for name, value in self._settings.items() if own.setting(name) != value
            },
            weights=dict(zip(self._cached.legs, weights, strict=True)),
            users=self._cached.hits.shape[0],
            trials=self._trials,
        )

    def _judge(self, cached: CachedScores) -> tuple[float, bool]:
        """The standard error of the gain over the best so far, and whether the gain exceeds it."""
        if self._cached is None:
            return 0.0, True
        gain = _at_default_weights(cached) - _at_default_weights(self._cached)
        error = float(gain.std(ddof=1) / np.sqrt(gain.size))
        return error, bool(gain.mean() > error)

    def _data_with(self, partners: int) -> TrainingData:
        """The training data with a pair table of some width, cut from the widest."""
        if partners not in self._tables:
            self._tables[partners] = cut_partners(self._data.pairs(), partners)
        return replace(self._data, _pairs=self._tables[partners])


def _default_weights(cached: CachedScores) -> tuple[float, ...]:
    return normalised(DEFAULT_WEIGHTS, cached.legs)


def _at_default_weights(cached: CachedScores) -> npt.NDArray[np.float64]:
    return cached.ndcg(_default_weights(cached))
