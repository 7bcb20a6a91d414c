"""The sentences about a comparison of models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import inf, isnan

import pandas as pd

from graphrec.evaluation.catalogue_coverage import CATALOGUE_COVERAGE
from graphrec.evaluation.comparison import MODEL
from graphrec.evaluation.cutoffs import K
from graphrec.evaluation.diversity import INTRA_LIST_DIVERSITY
from graphrec.evaluation.popularity_bias import PERCENTILE
from graphrec.evaluation.summary import CI_HIGH, CI_LOW, METRIC
from graphrec.reports.tables.evaluation import (
    ACCURACY,
    NO_HISTORY,
    EvaluationTables,
    Means,
    activity_rows,
    groups_of,
)
from graphrec.reports.words.metrics import WORDING
from graphrec.reports.words.tile import Tile


class EvaluationText:
    """Sentences about the metrics at the smallest cutoff."""

    def __init__(self, tables: EvaluationTables, variant: str | None) -> None:
        self.tables = tables
        self.variant = variant
        self.k = tables.k[0]
        self.means = tables.means(self.k)
        self.name = f"NDCG@{self.k}"

    def lead(self) -> str:
        """What was compared."""
        models = len(self.tables.models)
        return (
            f"{models} model{'s' * (models > 1)}, tested on what was held out of "
            f"{self.tables.users:,} users; the charts are of lists of {self.k}."
        )

    def tiles(self) -> list[Tile]:
        """The headline figures."""
        reference, means = self.tables.reference, self.means
        first = self.tables.models[0]
        top = _top(means[ACCURACY])
        tiles = [
            Tile(
                f"{self.name} of {reference}",
                _shown(ACCURACY, means[ACCURACY][reference]),
                f"{first}: {_shown(ACCURACY, means[ACCURACY][first])}",
            ),
            Tile("Most accurate", top, f"{self.name} {_shown(ACCURACY, means[ACCURACY][top])}"),
        ]
        if self.variant is not None:
            change = self._change(INTRA_LIST_DIVERSITY)
            tiles.append(
                Tile(
                    f"Diversity of {self.variant}",
                    _shown(INTRA_LIST_DIVERSITY, means[INTRA_LIST_DIVERSITY][self.variant]),
                    f"{change:+.3f} for {self._change(ACCURACY):+.3f} {self.name}",
                )
            )
        shown = means[CATALOGUE_COVERAGE]
        tiles.append(
            Tile(
                f"Catalogue that {reference} shows",
                f"{shown[reference]:.0%}",
                f"{first}: {shown[first]:.0%}",
            )
        )
        return tiles

    def accuracy(self) -> str:
        """Who is best, and how the reference compares, where the intervals decide it."""
        reference, accuracy = self.tables.reference, self.means[ACCURACY]
        top = _top(accuracy)
        said = f"{top} has the highest {self.name}, {_shown(ACCURACY, accuracy[top])}."
        verdicts = self._verdicts()
        if not verdicts:
            return said
        parts = [
            f"{words} {_listed(names)}"
            for words, names in (
                ("clearly above", verdicts["above"]),
                ("clearly below", verdicts["below"]),
                ("not clearly different from", verdicts["alike"]),
            )
            if names
        ]
        value = _shown(ACCURACY, accuracy[reference])
        return f"{said} {reference} has {value}: {', '.join(parts)}."

    def diversity(self) -> str:
        """What the lists' diversity costs."""
        not_beaten = self._not_beaten(INTRA_LIST_DIVERSITY)
        if self.variant is None:
            return not_beaten
        return (
            f"{self.variant} against {self.tables.reference}: "
            f"{self._change(INTRA_LIST_DIVERSITY):+.3f} diversity, "
            f"{self._change(ACCURACY):+.3f} {self.name}. {not_beaten}"
        )

    def popularity(self) -> str:
        """Which models list popular items most and least."""
        bias = self.means[PERCENTILE]
        most, least = _top(bias), _top({name: -value for name, value in bias.items()})
        reference = self.tables.reference
        named = [most, *([reference] if reference not in (most, least) else []), least]
        positions = ", ".join(f"{name} {bias[name]:.0%}" for name in named)
        return (
            "How far up the scale from the least to the most popular item a list stands on "
            f"average: {positions}. {self._not_beaten(PERCENTILE)}"
        )

    def differences(self) -> str:
        """How to read the chart of differences."""
        return (
            f"Each user's {self.name} of {self.tables.reference} minus that of the other model, "
            f"averaged, with its {100 * self.tables.confidence:g} % interval. "
            "Right of the dashed line the reference is better."
        )

    def activity(self) -> str:
        """How the reference does in the groups, and who is best there."""
        groups = self.group_means(ACCURACY)
        tops = Counter(_top(means) for means in groups.values())
        [(name, times)] = tops.most_common(1)
        best_of = f"{name} is the most accurate in {times} of {len(groups)} groups of users."
        return f"{self._along(ACCURACY, self.name)} {best_of}"

    def along(self, metric: str) -> str:
        """How a metric of the reference changes with the activity of the users."""
        return self._along(metric, WORDING[metric].title)

    def group_means(self, metric: str) -> dict[str, Means]:
        """The means of a metric by group and model."""
        rows = activity_rows(self.tables, metric, self.k)
        wide = rows.pivot(index=MODEL, columns="group", values=metric)
        return {group: dict(wide[group]) for group in groups_of(self.tables)}

    def _along(self, metric: str, title: str) -> str:
        reference = self.tables.reference
        groups = self.group_means(metric)
        own = [(g, m[reference]) for g, m in groups.items() if not isnan(m[reference])]
        if len(own) < 2:
            return f"There are too few groups of users to see a course of {title}."
        (few, least), *_, (many, greatest) = own
        capital = f"{title[0].upper()}{title[1:]}"
        return (
            f"{capital} of {reference} goes from {_shown(metric, least)} for users with "
            f"{interactions_of(few)} to {_shown(metric, greatest)} for those with "
            f"{interactions_of(many)}."
        )

    def _change(self, metric: str) -> float:
        assert self.variant is not None
        return self.means[metric][self.variant] - self.means[metric][self.tables.reference]

    def _not_beaten(self, metric: str) -> str:
        """The Pareto front: models that no other one beats in both accuracy and this metric."""
        sign = 1 if WORDING[metric].more_is_better else -1
        points = {
            name: (self.means[ACCURACY][name], sign * self.means[metric][name])
            for name in self.tables.models
            if not isnan(self.means[metric][name])
        }
        kept = [
            name
            for name, own in points.items()
            if not any(other[0] > own[0] and other[1] > own[1] for other in points.values())
        ]
        return f"No other model does better in both than {_listed(kept)}."

    def _verdicts(self) -> dict[str, list[str]]:
        """The other models by verdict: the reference is above, below, or not clearly different."""
        rows = self.accuracy_differences()
        found: dict[str, list[str]] = {"above": [], "below": [], "alike": []}
        for row in rows.itertuples():
            low, high = getattr(row, CI_LOW), getattr(row, CI_HIGH)
            verdict = "above" if low > 0 else "below" if high < 0 else "alike"
            found[verdict].append(str(getattr(row, MODEL)))
        return found if len(rows) else {}

    def accuracy_differences(self) -> pd.DataFrame:
        """The differences of accuracy."""
        rows = self.tables.significance
        return rows[(rows[METRIC] == ACCURACY) & (rows[K] == self.k)]


def _shown(metric: str, value: float) -> str:
    return WORDING[metric].of(value)


def _top(means: Means) -> str:
    """The model with the greatest mean."""
    return str(max(means, key=lambda name: -inf if isnan(means[name]) else means[name]))


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def interactions_of(group: str) -> str:
    """A group of users in words: how many interactions they have."""
    return (
        "no interactions" if group == NO_HISTORY else f"{group} interaction{'s' * (group != '1')}"
    )
