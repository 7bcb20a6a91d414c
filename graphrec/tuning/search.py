"""Choosing a hybrid's settings on held-out interactions, one group of settings after the other.

Coordinate descent over groups of settings, in four steps:

1. A part of every history is held out. A sample of the users measures each trial: the validation
   users.
2. For each group (the pair table, the walk, pseudo-interactions, EASE, the factors, the embeddings)
   each choice is tried with all other settings as chosen so far. Only the legs that a choice
   concerns are learned again, and the pair table is counted once (with pseudo-interactions, once
   for each choice). Half-lives change what all legs are learned from: they are applied to the
   histories, after duplicates have been combined.
3. A choice replaces the one before only if its value, in which low-similarity items count once more
   (`graphrec.recommenders.hybrid.candidate_scores`), is better by more than two standard errors of
   the paired difference: chance favours some choice on any validation set, and the defaults were
   chosen on many data sets.
4. The weights of the legs are searched on the cached scores of the best settings
   (`graphrec.recommenders.hybrid.learned_weights`). MMR's λ is that of the most diverse lists that
   cost no more than a stated share of the NDCG.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import INDEX, ITEM, ITEMS, USER
from graphrec.cooccurrence.prune import prune_neighbours
from graphrec.cooccurrence.table import ITEM_PAIRS, PairSpec, PairTable, count_pairs
from graphrec.data.contract import Interactions
from graphrec.data.dataset import READING, Dataset
from graphrec.data.recency import weigh_by_recency
from graphrec.errors import EmptyInputError, ParameterError
from graphrec.evaluation.comparison import MODEL, evaluate
from graphrec.evaluation.diversity import INTRA_LIST_DIVERSITY
from graphrec.evaluation.summary import MEAN, METRIC
from graphrec.params import at_least, between, checked
from graphrec.progress import planned, stage
from graphrec.recommenders.base import Leg
from graphrec.recommenders.hybrid.candidate_scores import (
    CUTOFF,
    MIN_STANDARD_ERRORS,
    CachedScores,
    Judged,
    gain,
)
from graphrec.recommenders.hybrid.estimator import HybridRecommender
from graphrec.recommenders.hybrid.hold_out import HELD_OUT, RANDOM
from graphrec.recommenders.hybrid.learned_weights import normalised, search_weights
from graphrec.recommenders.hybrid.low_similarity import mark_low_similarity
from graphrec.recommenders.hybrid.weights import default_weights
from graphrec.serving.tables import ItemTables
from graphrec.spark.persisted import PersistedFrames
from graphrec.tuning.grid import Group, Settings, default_grid

_HOLD_OUT: Final = "hold out"
_DIVERSITY: Final = "tune diversity"
_LAMBDAS: Final = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)


@dataclass(frozen=True)
class Trial:
    """One setting that was tried."""

    group: str
    settings: dict[str, Any]
    ndcg: float  # NDCG@20, mean over the validation users
    low_similarity: float  # the same where only low-similarity held-out items are relevant
    error: float  # of their sum, against the best before: standard error, paired; 0 for the first
    chosen: bool  # when it was tried


@dataclass(frozen=True)
class Diversified:
    """One λ of MMR that was tried."""

    diversity: float  # λ
    ndcg: float  # NDCG@20
    intra_list_diversity: float  # of the same lists


@dataclass(frozen=True)
class Tuned:
    """What was chosen, and how."""

    settings: dict[str, Any]  # those that differ from the recommender's own
    weights: dict[str, float]
    diversity: float  # λ of MMR
    users: int  # in the validation set
    interactions: Interactions  # what was read
    trials: list[Trial]
    diversified: list[Diversified]


def tune(
    recommender: HybridRecommender,
    dataset: DataFrame,
    *,
    grid: Sequence[Group] | None = None,
    users: int = 2000,
    fraction: float = 0.2,
    budget: float = 0.01,
    seed: int = 0,
) -> Tuned:
    """Choose the settings and weights of a hybrid.

    Args:
        recommender: its settings are where the search starts; what concerns legs that it does not
            have is left out.
        dataset: interactions, as for `fit`.
        grid: what is tried, in this order; None: `default_grid` of its validation cut.
        users: validation users, at most.
        fraction: share of all histories that is held out.
        budget: share of the NDCG that diversity may cost; 0 leaves MMR off.
        seed: of the draw.

    Raises:
        ColumnError: a column is not there or cannot be used.
        EmptyInputError: no row is accepted, or no history has a part to hold out.
        ParameterError: something that is tried needs times, and there are none, or a number is out
            of its range.
    """
    users = checked("users", users, at_least(2))
    checked("fraction", fraction, between(0.0, 1.0, open_low=True, open_high=True))
    checked("budget", budget, between(0.0, 1.0))
    groups = _groups(recommender, grid)
    with planned(tuning_stages(recommender, grid)):
        return _tune(recommender, dataset, groups, users, fraction, budget, seed)


def tuning_stages(recommender: HybridRecommender, grid: Sequence[Group] | None = None) -> list[str]:
    """The stages of tuning a hybrid, in their order."""
    tried = [_stage_of(group) for group in _groups(recommender, grid)]
    return [*READING, _HOLD_OUT, ITEM_PAIRS, *tried, _DIVERSITY]


def _groups(recommender: HybridRecommender, grid: Sequence[Group] | None) -> list[Group]:
    """The groups to try, without settings of legs that the hybrid does not have."""
    own = {leg.leg for leg in recommender.legs}
    wished = default_grid(recommender.value("validationCut") or RANDOM) if grid is None else grid
    return [group.only(own) for group in wished if not group.legs or group.legs & own]


def _stage_of(group: Group) -> str:
    return f"tune {group.name}"


def _tune(
    recommender: HybridRecommender,
    dataset: DataFrame,
    grid: Sequence[Group],
    users: int,
    fraction: float,
    budget: float,
    seed: int,
) -> Tuned:
    tried = [recommender.with_settings(choice) for group in grid for choice in group.choices]
    for hybrid in tried:
        hybrid.check()
    undecayed = recommender.with_settings({"halfLife": None})
    data = recommender.enrich(undecayed.dataset_of(dataset))
    _require_times(data, [recommender, *tried])
    with PersistedFrames() as persisted:
        with stage(_HOLD_OUT):
            wished = recommender.value("validationCut") or RANDOM
            cut = recommender.hold_out(data, wished, users=users, fraction=fraction, seed=seed)
            known = data.with_histories(persisted.persist(cut.training))
            validation = persisted.persist(cut.validation)
            nobody = validation.isEmpty()
        if nobody:
            raise EmptyInputError(
                "there are no validation users",
                found="no history with a part to hold out",
                fix="give longer histories, or, if by time nobody came back, "
                "hold out the last items",
            )
        spec = _widest(tried, data.catalogue.size)
        pairs = count_pairs(known, spec)
        search = _Search(
            recommender, _Part(known, pairs, mark_low_similarity(validation, pairs)), spec
        )
        for group in grid:
            with stage(_stage_of(group)) as counts:
                search.choose(group)
                counts["trials"] = len(group.choices)
        with stage(_DIVERSITY):
            return search.tuned(budget)


def _widest(tried: Sequence[HybridRecommender], items: int) -> PairSpec:
    """The spec of one pair table that the tables of all these hybrids can be cut from."""
    wanted = {exponent for hybrid in tried for exponent in hybrid.exponents() or ()}
    widest = max(tried, key=lambda hybrid: hybrid.pair_spec().neighbours_kept(items))
    return widest.pair_spec(wanted)


@dataclass(frozen=True)
class _Part:
    """The training histories, and the validation users that the legs are measured on."""

    data: Dataset
    pairs: PairTable  # counted in it, the widest that a setting needs
    validation: DataFrame  # see `HybridRecommender.cached_scores`

    def decayed(self, half_life: float, spec: PairSpec) -> _Part:
        """The same with decayed weights: half for each half-life before the latest training time.

        Args:
            half_life: days.
            spec: how its pairs are counted.
        """
        histories, validation = (
            weigh_by_recency(part, half_life, until=self.data.latest)
            for part in (self.data.histories, self.validation)
        )
        data = self.data.with_histories(histories)
        return _Part(data, count_pairs(data, spec), validation)


class _Search:
    """The state of the search: the settings chosen so far, their legs, and their cached scores."""

    def __init__(self, recommender: HybridRecommender, part: _Part, spec: PairSpec) -> None:
        self._recommender = recommender
        self._spec = spec  # of the pair tables of all parts
        self._parts: dict[float | None, _Part] = {None: part}  # by half-life
        self._settings: dict[str, Any] = {}
        self._legs: dict[str, list[Leg]] = {}  # each learned once, before pseudo-interactions
        self._served: ItemTables | None = None  # what the lists are made by
        self._tables: dict[tuple[float | None, int], PairTable] = {}
        self._cached: CachedScores | None = None
        self._trials: list[Trial] = []

    def choose(self, group: Group) -> None:
        """Try the choices of a group, and keep the best."""
        for number, choice in enumerate(group.choices, start=1):
            with stage(f"{number} of {len(group.choices)}"):
                self._try(group, choice)

    def _try(self, group: Group, choice: Settings) -> None:
        settings = self._settings | dict(choice)
        if self._cached is not None and self._is_current(choice):
            same = _at_default_weights(self._cached)
            self._trials.append(_trial(group, choice, same, 0.0, chosen=False))
            return
        hybrid = self._recommender.with_settings(settings)
        part, pairs = self._part_of(hybrid), self._pairs_of(hybrid)
        legs = {
            leg.leg: leg.learn(part.data, pairs)
            if leg.leg in group.legs or leg.leg not in self._legs
            else self._legs[leg.leg]
            for leg in hybrid.learners(part.data)
        }
        once = [learned for some in legs.values() for learned in some]
        tables = hybrid.tables_of(part.data, hybrid.learn_again(part.data, pairs, once), pairs)
        cached = hybrid.cached_scores(part.data, tables, part.validation)
        judged = _at_default_weights(cached)
        error, chosen = self._compare(judged)
        self._trials.append(_trial(group, choice, judged, error, chosen=chosen))
        if chosen:
            self._settings, self._legs, self._cached = settings, legs, cached
            self._served = tables

    def tuned(self, budget: float) -> Tuned:
        """The settings, the weights that are searched with them, and MMR's λ for these."""
        assert self._cached is not None  # every group has a choice
        read = self._parts[None].data.interactions
        assert read is not None  # no model was loaded
        weights = search_weights(self._cached, _default_weights(self._cached)).weights
        diversified = self._diversified(weights) if budget > 0 else []
        own = self._recommender.with_settings({})
        return Tuned(
            settings={
                name: value for name, value in self._settings.items() if own.setting(name) != value
            },
            weights=weights,
            diversity=_within(budget, diversified),
            users=self._cached.users,
            interactions=read,
            trials=self._trials,
            diversified=diversified,
        )

    def _diversified(self, weights: dict[str, float]) -> list[Diversified]:
        """How the lists of the validation users change with λ."""
        hybrid = self._recommender.with_settings(self._settings | {"weights": weights})
        data = self._part_of(hybrid).data
        assert self._served is not None  # as in `tuned`
        model = hybrid.model_of(data, self._served, self._pairs_of(hybrid))
        found = evaluate(
            {str(diversity): model.copy({model.diversity: diversity}) for diversity in _LAMBDAS},
            _named(data, data.histories, ITEMS),
            _named(data, self._parts[None].validation, HELD_OUT),
            k=CUTOFF,
        )
        rows = found.summary.collect()  # one per model and metric
        means = {(row[MODEL], row[METRIC]): row[MEAN] for row in rows}
        found.per_user.unpersist()
        return [
            Diversified(
                diversity,
                means[str(diversity), "ndcg"],
                means[str(diversity), INTRA_LIST_DIVERSITY],
            )
            for diversity in _LAMBDAS
        ]

    def _is_current(self, choice: Settings) -> bool:
        """Whether a choice equals the current settings."""
        current = self._recommender.with_settings(self._settings)
        return all(current.setting(name) == value for name, value in choice.items())

    def _compare(self, judged: Judged) -> tuple[float, bool]:
        """The standard error of the gain over the best so far, and whether it counts."""
        if self._cached is None:
            return 0.0, True
        best = _at_default_weights(self._cached)
        mean, error = gain(judged.value, best.value)
        return error, mean > MIN_STANDARD_ERRORS * error

    def _part_of(self, hybrid: HybridRecommender) -> _Part:
        """The training and validation part for the half-life of a hybrid."""
        days = hybrid.value("halfLife")
        if days not in self._parts:
            self._parts[days] = self._parts[None].decayed(days, self._spec)
        return self._parts[days]

    def _pairs_of(self, hybrid: HybridRecommender) -> PairTable:
        """A pair table as wide as a hybrid's, cut from the widest of its part."""
        part = self._part_of(hybrid)
        width = hybrid.pair_spec().neighbours_kept(part.data.catalogue.size)
        key = hybrid.value("halfLife"), width
        if key not in self._tables:
            self._tables[key] = prune_neighbours(part.pairs, width)
        return self._tables[key]


def _require_times(data: Dataset, tried: Sequence[HybridRecommender]) -> None:
    """Raise a ParameterError if there are none and half-lives are tried."""
    if not data.timed and any(hybrid.value("halfLife") for hybrid in tried):
        raise ParameterError("halfLife needs a timestamp column", fix="name it, or leave it out")


def _default_weights(cached: CachedScores) -> tuple[float, ...]:
    return normalised(default_weights(cached.legs), cached.legs)


def _at_default_weights(cached: CachedScores) -> Judged:
    return cached.judge(_default_weights(cached))


def _trial(group: Group, choice: Settings, judged: Judged, error: float, *, chosen: bool) -> Trial:
    low = float(judged.low_similarity.mean()) if judged.low_similarity.size else 0.0
    return Trial(group.name, dict(choice), float(judged.ndcg.mean()), low, error, chosen)


def _within(budget: float, diversified: Sequence[Diversified]) -> float:
    """The λ of the most diverse lists whose NDCG is within the budget; 0 if none was tried."""
    if not diversified:
        return 0.0
    least = diversified[0].ndcg * (1.0 - budget)
    allowed = [tried for tried in diversified if tried.ndcg >= least]
    return max(allowed, key=lambda tried: tried.intra_list_diversity).diversity


def _named(data: Dataset, histories: DataFrame, items: str) -> DataFrame:
    """The pairs in an array column of histories, (user, item) with the input's names and ids."""
    pairs = histories.select(USER, F.explode(items).alias(INDEX))
    return pairs.join(F.broadcast(data.items), INDEX).select(
        F.col(USER).alias(data.columns.user), F.col(ITEM).alias(data.columns.item)
    )
