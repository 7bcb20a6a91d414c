"""The page that shows a comparison of models, with what is to be read in its figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, isnan
from typing import Any, Final

import pandas as pd

from graphrec.evaluation.catalogue import CATALOGUE_COVERAGE
from graphrec.evaluation.comparison import LONGEST, MODEL, SHORTEST, Evaluation
from graphrec.evaluation.cutoffs import K
from graphrec.evaluation.diversity import INTRA_LIST_DIVERSITY
from graphrec.evaluation.popularity import PERCENTILE
from graphrec.evaluation.summary import CI_HIGH, CI_LOW, MEAN, METRIC, USERS
from graphrec.reports.charts import evaluation
from graphrec.reports.charts.evaluation import Axis
from graphrec.reports.page import Figure, Tile, render_charts
from graphrec.reports.small_tables import frame_of
from graphrec.reports.words.metrics import SHOWN, WORDING, best

ACCURACY: Final = "ndcg"  # the metric of the charts
_WITH_INTERVAL: Final = ("ndcg", "recall")


Means = dict[Any, float]  # by model or group, NaN where there is none


@dataclass(frozen=True)
class Findings:
    """The small tables of an `Evaluation`, on the driver."""

    models: tuple[str, ...]
    reference: str
    k: tuple[int, ...]
    confidence: float
    summary: pd.DataFrame
    by_activity: pd.DataFrame
    significance: pd.DataFrame

    @staticmethod
    def of(evaluation: Evaluation) -> Findings:
        """Fetch them."""
        return Findings(
            models=evaluation.models,
            reference=evaluation.reference,
            k=evaluation.k,
            confidence=evaluation.confidence,
            summary=frame_of(evaluation.summary),
            by_activity=frame_of(evaluation.by_activity),
            significance=frame_of(evaluation.significance),
        )

    @cached_property
    def users(self) -> int:
        """How many users were tested."""
        return int(self.summary[USERS].max())

    def means(self, k: int) -> dict[str, Means]:
        """The means at a cutoff by metric and model."""
        rows = self.summary[self.summary[K] == k]
        wide = rows.pivot(index=MODEL, columns=METRIC, values=MEAN).loc[list(self.models)]
        return {str(metric): dict(values) for metric, values in wide.items()}


@dataclass(frozen=True)
class _Cell:
    text: str
    is_best: bool
    interval: str


@dataclass(frozen=True)
class _Row:
    model: str
    is_reference: bool
    cells: list[_Cell]


@dataclass(frozen=True)
class _Table:
    caption: str
    header: list[str]
    rows: list[_Row]


def evaluation_page(
    findings: Findings,
    *,
    title: str,
    facts: Sequence[tuple[str, str]] = (),
    variant: str | None = None,
) -> str:
    """The page as HTML that fetches nothing.

    Args:
        findings: what it shows; the charts are of the smallest cutoff.
        title: of the page.
        facts: label and text of what was done how, for the reader who wants to repeat it.
        variant: a model that changes something of the reference, such as its diversity, to be
            compared with it in words.
    """
    told = _Told(findings, variant)
    return render_charts(
        "evaluation.html",
        _figures(told),
        title=title,
        lead=told.lead(),
        tiles=told.tiles(),
        accuracy_reading=told.accuracy(),
        tables=[_table(findings, k) for k in findings.k],
        confidence=findings.confidence,
        facts=facts,
        wordings=[WORDING[metric] for metric in SHOWN],
    )


# --- what is read in the figures ------------------------------------------------------------------


class _Told:
    """The findings at the smallest cutoff in words."""

    def __init__(self, findings: Findings, variant: str | None) -> None:
        self.findings = findings
        self.variant = variant
        self.k = findings.k[0]
        self.means = findings.means(self.k)
        self.name = f"NDCG@{self.k}"

    def lead(self) -> str:
        models = len(self.findings.models)
        return (
            f"{models} model{'s' * (models > 1)}, tested on what was held out of "
            f"{self.findings.users:,} users; the charts are of lists of {self.k}."
        )

    def tiles(self) -> list[Tile]:
        reference, means = self.findings.reference, self.means
        first = self.findings.models[0]
        top = _top(means[ACCURACY])
        tiles = [
            Tile(
                f"{self.name} of {reference}",
                _told(ACCURACY, means[ACCURACY][reference]),
                f"{first}: {_told(ACCURACY, means[ACCURACY][first])}",
            ),
            Tile("Most accurate", top, f"{self.name} {_told(ACCURACY, means[ACCURACY][top])}"),
        ]
        if self.variant is not None:
            change = self._change(INTRA_LIST_DIVERSITY)
            tiles.append(
                Tile(
                    f"Diversity of {self.variant}",
                    _told(INTRA_LIST_DIVERSITY, means[INTRA_LIST_DIVERSITY][self.variant]),
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
        """Who is best, and how the reference compares, where the intervals tell."""
        reference, accuracy = self.findings.reference, self.means[ACCURACY]
        top = _top(accuracy)
        said = f"{top} has the highest {self.name}, {_told(ACCURACY, accuracy[top])}."
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
        value = _told(ACCURACY, accuracy[reference])
        return f"{said} {reference} has {value}: {', '.join(parts)}."

    def diversity(self) -> str:
        """What the lists' diversity costs."""
        told = self._not_beaten(INTRA_LIST_DIVERSITY)
        if self.variant is None:
            return told
        return (
            f"{self.variant} against {self.findings.reference}: "
            f"{self._change(INTRA_LIST_DIVERSITY):+.3f} diversity, "
            f"{self._change(ACCURACY):+.3f} {self.name}. {told}"
        )

    def popularity(self) -> str:
        """Who leans on what is popular anyway."""
        bias = self.means[PERCENTILE]
        most, least = _top(bias), _top({name: -value for name, value in bias.items()})
        reference = self.findings.reference
        named = [most, *([reference] if reference not in (most, least) else []), least]
        places = ", ".join(f"{name} {bias[name]:.0%}" for name in named)
        return (
            "How far up the scale from the least to the most popular item a list stands on "
            f"average: {places}. {self._not_beaten(PERCENTILE)}"
        )

    def differences(self) -> str:
        return (
            f"Each user's {self.name} of {self.findings.reference} minus that of the other model, "
            f"averaged, with its {100 * self.findings.confidence:g} % interval. "
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
        return self._along(metric, WORDING[metric].title)

    def group_means(self, metric: str) -> dict[str, Means]:
        """The means of a metric by group and model."""
        rows = activity_rows(self.findings, metric, self.k)
        wide = rows.pivot(index=MODEL, columns="group", values=metric)
        return {group: dict(wide[group]) for group in groups_of(self.findings)}

    def _along(self, metric: str, title: str) -> str:
        reference = self.findings.reference
        groups = self.group_means(metric)
        own = [(g, m[reference]) for g, m in groups.items() if not isnan(m[reference])]
        if len(own) < 2:
            return f"There are too few groups of users to see a course of {title}."
        (few, least), *_, (many, greatest) = own
        capital = f"{title[0].upper()}{title[1:]}"
        return (
            f"{capital} of {reference} goes from {_told(metric, least)} for users with "
            f"{_interactions(few)} to {_told(metric, greatest)} for those with "
            f"{_interactions(many)}."
        )

    def _change(self, metric: str) -> float:
        assert self.variant is not None
        return self.means[metric][self.variant] - self.means[metric][self.findings.reference]

    def _not_beaten(self, metric: str) -> str:
        """The models that no other one beats in accuracy and in this metric, too."""
        sign = 1 if WORDING[metric].more_is_better else -1
        points = {
            name: (self.means[ACCURACY][name], sign * self.means[metric][name])
            for name in self.findings.models
            if not isnan(self.means[metric][name])
        }
        kept = [
            name
            for name, own in points.items()
            if not any(other[0] > own[0] and other[1] > own[1] for other in points.values())
        ]
        return f"No other model does better in both than {_listed(kept)}."

    def _verdicts(self) -> dict[str, list[str]]:
        """The other models by where the reference stands to them."""
        rows = self.compared()
        found: dict[str, list[str]] = {"above": [], "below": [], "alike": []}
        for row in rows.itertuples():
            low, high = getattr(row, CI_LOW), getattr(row, CI_HIGH)
            verdict = "above" if low > 0 else "below" if high < 0 else "alike"
            found[verdict].append(str(getattr(row, MODEL)))
        return found if len(rows) else {}

    def compared(self) -> pd.DataFrame:
        """The differences of accuracy."""
        rows = self.findings.significance
        return rows[(rows[METRIC] == ACCURACY) & (rows[K] == self.k)]


def _told(metric: str, value: float) -> str:
    return WORDING[metric].of(value)


def _top(means: Means) -> str:
    """Whose figure is the greatest."""
    return str(max(means, key=lambda name: -inf if isnan(means[name]) else means[name]))


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _interactions(group: str) -> str:
    return "no interactions" if group == _NONE else f"{group} interactions"


# --- tables and charts ----------------------------------------------------------------------------


def _table(findings: Findings, k: int) -> _Table:
    means = findings.means(k)
    half = _half_intervals(findings, k)
    tops = {metric: best(metric, list(means[metric].values())) for metric in SHOWN}
    rows = [
        _Row(
            model,
            model == findings.reference,
            [
                _Cell(
                    _told(metric, means[metric][model]),
                    place in tops[metric],
                    half.get((model, metric), ""),
                )
                for metric in SHOWN
            ],
        )
        for place, model in enumerate(findings.models)
    ]
    return _Table(f"Lists of {k}", [WORDING[metric].title for metric in SHOWN], rows)


def _half_intervals(findings: Findings, k: int) -> dict[tuple[str, str], str]:
    rows = findings.summary
    rows = rows[(rows[K] == k) & rows[METRIC].isin(_WITH_INTERVAL) & rows[CI_LOW].notna()]
    half = (rows[CI_HIGH] - rows[CI_LOW]) / 2
    return {
        (model, metric): f"±{value:.3f}"
        for model, metric, value in zip(rows[MODEL], rows[METRIC], half, strict=True)
    }


def _figures(told: _Told) -> dict[str, Figure]:
    findings = told.findings
    up = Axis(ACCURACY, told.name)
    wide = _means_and_bounds(findings, told.k)
    figures = {
        "diversity": Figure(
            "accuracy-diversity",
            "Accuracy against diversity within lists",
            told.diversity(),
            evaluation.compared(
                evaluation.spec_of(
                    evaluation.trade_off(
                        wide,
                        findings.models,
                        Axis(INTRA_LIST_DIVERSITY, "diversity (more →)"),
                        up,
                    )
                ),
                findings.models,
            ),
        ),
        "popularity": Figure(
            "accuracy-popularity",
            "Accuracy against popularity bias",
            told.popularity(),
            evaluation.compared(
                evaluation.spec_of(
                    evaluation.trade_off(
                        wide, findings.models, Axis(PERCENTILE, "popularity (← less)"), up
                    )
                ),
                findings.models,
            ),
        ),
        "activity": _activity_figure(told, up, "Accuracy by activity", told.activity()),
        "activity_diversity": _activity_figure(
            told,
            Axis(INTRA_LIST_DIVERSITY, "diversity"),
            "Diversity by activity",
            told.along(INTRA_LIST_DIVERSITY),
        ),
        "activity_popularity": _activity_figure(
            told,
            Axis(PERCENTILE, "popularity"),
            "Popularity bias by activity",
            told.along(PERCENTILE),
        ),
    }
    compared = told.compared()
    if len(compared):
        figures["differences"] = Figure(
            "differences",
            f"Is {findings.reference} better?",
            told.differences(),
            evaluation.compared(
                evaluation.spec_of(
                    evaluation.differences(
                        compared[[MODEL, "difference", CI_LOW, CI_HIGH]],
                        findings.models,
                        f"difference in {told.name}",
                    )
                ),
                compared[MODEL],
            ),
        )
    return figures


def _activity_figure(told: _Told, up: Axis, title: str, reading: str) -> Figure:
    chart = evaluation.by_group(
        activity_rows(told.findings, up.metric, told.k),
        told.findings.models,
        groups_of(told.findings),
        up,
    )
    name = f"activity-{up.metric.replace('_', '-')}"
    places = [
        (group, model) for group in groups_of(told.findings) for model in told.findings.models
    ]
    return Figure(name, title, reading, evaluation.compared(evaluation.spec_of(chart), places))


def _means_and_bounds(findings: Findings, k: int) -> pd.DataFrame:
    """(model, of each metric the mean, `_low` and `_high`), a row per model."""
    rows = findings.summary[findings.summary[K] == k]
    parts = [
        rows.pivot(index=MODEL, columns=METRIC, values=value).add_suffix(suffix)
        for value, suffix in ((MEAN, ""), (CI_LOW, "_low"), (CI_HIGH, "_high"))
    ]
    metrics = (ACCURACY, INTRA_LIST_DIVERSITY, PERCENTILE)
    wanted = [f"{metric}{suffix}" for metric in metrics for suffix in ("", "_low", "_high")]
    wide = pd.concat(parts, axis=1)[wanted].loc[list(findings.models)]
    return wide.reset_index()


_NONE: Final = "none"  # the group of users without a history


def activity_rows(findings: Findings, metric: str, k: int) -> pd.DataFrame:
    """(model, group, users, and of the metric the mean, `_low` and `_high`)."""
    rows = findings.by_activity
    rows = rows[(rows[METRIC] == metric) & (rows[K] == k)]
    return pd.DataFrame(
        {
            MODEL: rows[MODEL],
            "group": [
                _group(*bounds) for bounds in zip(rows[SHORTEST], rows[LONGEST], strict=True)
            ],
            USERS: rows[USERS],
            metric: rows[MEAN],
            f"{metric}_low": rows[CI_LOW],
            f"{metric}_high": rows[CI_HIGH],
        }
    )


def groups_of(findings: Findings) -> list[str]:
    """The groups in the order of activity."""
    bounds = findings.by_activity[[SHORTEST, LONGEST]].drop_duplicates().sort_values(SHORTEST)
    return [_group(*row) for row in bounds.itertuples(index=False)]


def _group(shortest: int, longest: int) -> str:
    if longest == 0:
        return _NONE
    return f"{shortest}" if shortest == longest else f"{shortest}–{longest}"  # noqa: RUF001
