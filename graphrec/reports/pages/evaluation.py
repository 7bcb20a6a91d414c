"""The page of a comparison of models: tables and charts, each with a sentence on what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from graphrec.evaluation.comparison import MODEL
from graphrec.evaluation.cutoffs import K
from graphrec.evaluation.diversity import INTRA_LIST_DIVERSITY
from graphrec.evaluation.popularity_bias import PERCENTILE
from graphrec.evaluation.summary import CI_HIGH, CI_LOW, MEAN, METRIC
from graphrec.reports.charts import evaluation as charts
from graphrec.reports.charts.evaluation import Axis
from graphrec.reports.charts.vega_lite import chart_or_none, spec_of
from graphrec.reports.pages.html import Figure, render_charts
from graphrec.reports.tables.evaluation import (
    ACCURACY,
    EvaluationTables,
    activity_rows,
    groups_of,
)
from graphrec.reports.words.better_models import better_models
from graphrec.reports.words.evaluation import EvaluationText
from graphrec.reports.words.metrics import SHOWN, WORDING, best

_WITH_INTERVAL: Final = ("ndcg", "recall")


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
    found: EvaluationTables,
    *,
    title: str,
    facts: Sequence[tuple[str, str]] = (),
    variant: str | None = None,
    remedy: str | None = None,
) -> str:
    """Return the page as HTML that stands alone: it loads nothing from a network.

    Args:
        found: what it shows; the charts are of the smallest cutoff.
        title: of the page.
        facts: label and text of what was done how, for the reader who wants to repeat it.
        variant: a model that changes something of the reference, such as its diversity, to be
            compared with it in words.
        remedy: what can be done where another model is better than the reference, a sentence.
    """
    text = EvaluationText(found, variant)
    return render_charts(
        "evaluation.html",
        _figures(text),
        title=title,
        lead=text.lead(),
        tiles=text.tiles(),
        accuracy_reading=text.accuracy(),
        better_models=better_models(found, variant=variant, remedy=remedy),
        tables=[_table(found, k) for k in found.k],
        confidence=found.confidence,
        facts=facts,
        wordings=[WORDING[metric] for metric in SHOWN],
    )


# --- tables and charts ----------------------------------------------------------------------------


def _table(found: EvaluationTables, k: int) -> _Table:
    means = found.means(k)
    half = _half_intervals(found, k)
    tops = {metric: best(metric, list(means[metric].values())) for metric in SHOWN}
    rows = [
        _Row(
            model,
            model == found.reference,
            [
                _Cell(
                    WORDING[metric].of(means[metric][model]),
                    number in tops[metric],
                    half.get((model, metric), ""),
                )
                for metric in SHOWN
            ],
        )
        for number, model in enumerate(found.models)
    ]
    return _Table(f"Lists of {k}", [WORDING[metric].title for metric in SHOWN], rows)


def _half_intervals(found: EvaluationTables, k: int) -> dict[tuple[str, str], str]:
    rows = found.summary
    rows = rows[(rows[K] == k) & rows[METRIC].isin(_WITH_INTERVAL) & rows[CI_LOW].notna()]
    half = (rows[CI_HIGH] - rows[CI_LOW]) / 2
    return {
        (model, metric): f"±{value:.3f}"
        for model, metric, value in zip(rows[MODEL], rows[METRIC], half, strict=True)
    }


def _figures(text: EvaluationText) -> dict[str, Figure]:
    found = text.tables
    up = Axis(ACCURACY, text.name)
    wide = _means_and_bounds(found, text.k)
    figures = {
        "diversity": Figure(
            "accuracy-diversity",
            "Accuracy against diversity within lists",
            text.diversity(),
            chart_or_none(
                spec_of(
                    charts.trade_off(
                        wide,
                        found.models,
                        Axis(INTRA_LIST_DIVERSITY, "diversity (more →)"),
                        up,
                    )
                ),
                found.models,
            ),
        ),
        "popularity": Figure(
            "accuracy-popularity",
            "Accuracy against popularity bias",
            text.popularity(),
            chart_or_none(
                spec_of(
                    charts.trade_off(
                        wide, found.models, Axis(PERCENTILE, "popularity (← less)"), up
                    )
                ),
                found.models,
            ),
        ),
        "activity": _activity_figure(text, up, "Accuracy by activity", text.activity()),
        "activity_diversity": _activity_figure(
            text,
            Axis(INTRA_LIST_DIVERSITY, "diversity"),
            "Diversity by activity",
            text.along(INTRA_LIST_DIVERSITY),
        ),
        "activity_popularity": _activity_figure(
            text,
            Axis(PERCENTILE, "popularity"),
            "Popularity bias by activity",
            text.along(PERCENTILE),
        ),
    }
    compared = text.accuracy_differences()
    if len(compared):
        figures["differences"] = Figure(
            "differences",
            f"Is {found.reference} better?",
            text.differences(),
            chart_or_none(
                spec_of(
                    charts.differences(
                        compared[[MODEL, "difference", CI_LOW, CI_HIGH]],
                        found.models,
                        f"difference in {text.name}",
                    )
                ),
                compared[MODEL],
            ),
        )
    return figures


def _activity_figure(text: EvaluationText, up: Axis, title: str, reading: str) -> Figure:
    chart = charts.by_group(
        activity_rows(text.tables, up.metric, text.k),
        text.tables.models,
        groups_of(text.tables),
        up,
    )
    name = f"activity-{up.metric.replace('_', '-')}"
    bars = [(group, model) for group in groups_of(text.tables) for model in text.tables.models]
    return Figure(name, title, reading, chart_or_none(spec_of(chart), bars))


def _means_and_bounds(found: EvaluationTables, k: int) -> pd.DataFrame:
    """(model, of each metric the mean, `_low` and `_high`), a row per model."""
    rows = found.summary[found.summary[K] == k]
    parts = [
        rows.pivot(index=MODEL, columns=METRIC, values=value).add_suffix(suffix)
        for value, suffix in ((MEAN, ""), (CI_LOW, "_low"), (CI_HIGH, "_high"))
    ]
    metrics = (ACCURACY, INTRA_LIST_DIVERSITY, PERCENTILE)
    wanted = [f"{metric}{suffix}" for metric in metrics for suffix in ("", "_low", "_high")]
    wide = pd.concat(parts, axis=1)[wanted].loc[list(found.models)]
    return wide.reset_index()
