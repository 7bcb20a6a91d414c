"""Metrics per user of all models of a set, their means, and paired differences.

A difference is graphrec's mean minus the model's, over the same users. Whether a model is better
beyond chance is corrected for the number of tests by Holm's method: those of one metric, of all
models at all cutoffs, of all users and of every group, belong together. Groups of fewer than 20
users are shown and not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from benchmarks.sets.own_models import HYBRID
from graphrec.evaluation.metrics import ranking_metrics
from graphrec.evaluation.significance import MIN_USERS, Comparison, compare_with, holm
from graphrec.evaluation.summary import summarise
from graphrec.spark.checkpoints import checkpointed

CUTOFFS: Final = (5, 10, 20, 50)
ALL: Final = "all"
GROUPS: Final[dict[str, tuple[int, int]]] = {
    "1": (1, 1),
    "2": (2, 2),
    "3-5": (3, 5),
    "6-10": (6, 10),
    "11-20": (11, 20),
    "21+": (21, 2**31 - 1),
}  # by the length of the history in training

JUDGED: Final = ("recall", "ndcg")
MAP_OF_ALL: Final = "map_of_all"  # MAP over all test items, as Microsoft's Recommenders have it
METRICS: Final = (*JUDGED, "precision", "map", MAP_OF_ALL)
_FROM_LISTS: Final = (*JUDGED, "precision", "map")

_MODEL: Final = "model"
_GROUP: Final = "group"
_HISTORY: Final = "history"
_BEYOND: Final = 0.05


@dataclass(frozen=True)
class Mean:
    """A metric of a model, averaged over the users of a group."""

    group: str
    model: str
    metric: str
    k: int
    mean: float
    ci_low: float | None
    ci_high: float | None
    users: int


@dataclass(frozen=True)
class Difference:
    """graphrec minus a model.

    Attributes:
        group: of users.
        model: the other one.
        compared: means, difference, interval and the p value of this test alone.
        corrected: the p value after Holm's correction; None where nothing is judged.
    """

    group: str
    model: str
    compared: Comparison
    corrected: float | None = None

    @property
    def better(self) -> bool:
        """Whether the other model is better beyond chance, by the corrected p value."""
        judged = self.corrected is not None and self.corrected < _BEYOND
        return judged and self.compared.difference < 0

    @property
    def better_alone(self) -> bool:
        """Whether it would be, were this the only test."""
        judged = self.corrected is not None and self.compared.p_value < _BEYOND
        return judged and self.compared.difference < 0


@dataclass(frozen=True)
class Measured:
    """The figures of a set, small tables."""

    means: list[Mean]
    differences: list[Difference]

    def mean(self, model: str, metric: str, k: int, group: str = ALL) -> Mean:
        """One mean."""
        [found] = [
            one
            for one in self.means
            if (one.model, one.metric, one.k, one.group) == (model, metric, k, group)
        ]
        return found

    def difference(self, model: str, metric: str, k: int, group: str = ALL) -> Difference | None:
        """One difference; None for graphrec itself, or where a group is too small for any."""
        found = [
            one
            for one in self.differences
            if (one.model, one.compared.metric, one.compared.k, one.group)
            == (model, metric, k, group)
        ]
        return found[0] if found else None

    @property
    def groups(self) -> list[str]:
        """Those that have users, in order."""
        there = {one.group for one in self.means}
        return [group for group in GROUPS if group in there]


def metrics_of(name: str, lists: DataFrame, test: DataFrame, histories: DataFrame) -> DataFrame:
    """(user, model, history, k, metrics) of a model's lists on one cut; computed.

    Args:
        name: of the model.
        lists: (user, item, rank).
        test: (user, item).
        histories: (user, history), the lengths in training.
    """
    sizes = test.groupBy("user").agg(F.count_distinct("item").alias("size"))
    found = ranking_metrics(lists, test, k=CUTOFFS, metrics=_FROM_LISTS)
    share = F.least("k", "size") / F.col("size")  # of the items that a list of k can hold
    return checkpointed(
        found.join(sizes, "user")
        .join(histories, "user")
        .select(
            F.lit(name).alias(_MODEL),
            "user",
            _HISTORY,
            "k",
            *_FROM_LISTS,
            (F.col("map") * share).alias(MAP_OF_ALL),
        )
    )


def measure(parts: Iterable[DataFrame]) -> Measured:
    """The figures of what `metrics_of` gives for all models and cuts of a set.

    Args:
        parts: of every model on every cut; a user's figures are averaged over the cuts.
    """
    means = [F.avg(metric).alias(metric) for metric in METRICS]
    together = reduce(DataFrame.unionByName, parts).groupBy(_MODEL, "user", "k")
    averaged = together.agg(F.max(_HISTORY).alias(_HISTORY), *means)
    per_user = checkpointed(averaged.select("*", _group()).drop(_HISTORY))
    everybody = per_user.drop(_GROUP)
    found = [
        *_means(summarise(everybody, by=[_MODEL])),
        *_means(summarise(per_user, by=[_MODEL, _GROUP])),
    ]
    return Measured(
        found, _corrected(_differences(everybody, []) + _differences(per_user, [_GROUP]))
    )


def _group() -> Column:
    history = F.col(_HISTORY)
    return F.coalesce(
        *(F.when(history.between(*ends), F.lit(name)) for name, ends in GROUPS.items())
    ).alias(_GROUP)


def _means(summary: DataFrame) -> list[Mean]:
    rows = [{_GROUP: ALL} | row.asDict() for row in summary.collect()]
    return [Mean(**row) for row in rows]


def _differences(per_user: DataFrame, by: Sequence[str]) -> list[Difference]:
    found: dict[tuple[Any, ...], list[Comparison]] = compare_with(
        per_user, HYBRID, METRICS, model=_MODEL, by=by
    )
    return [
        Difference(group[0] if group else ALL, model, compared)
        for (model, *group), comparisons in found.items()
        for compared in comparisons
    ]


def _corrected(differences: list[Difference]) -> list[Difference]:
    """The differences, those that are judged with corrected p values."""
    done = []
    for metric in JUDGED:
        family = [
            one
            for one in differences
            if one.compared.metric == metric and one.compared.users >= MIN_USERS
        ]
        values = holm([one.compared.p_value for one in family])
        done += [replace(one, corrected=p) for one, p in zip(family, values, strict=True)]
    judged = {(one.group, one.model, one.compared.metric, one.compared.k) for one in done}
    rest = [
        one
        for one in differences
        if (one.group, one.model, one.compared.metric, one.compared.k) not in judged
    ]
    return done + rest
