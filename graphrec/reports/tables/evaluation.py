"""The small tables of a comparison of models, on the driver, for a page and its words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import pandas as pd

from graphrec.evaluation.comparison import LONGEST, MODEL, SHORTEST, Evaluation
from graphrec.evaluation.cutoffs import K
from graphrec.evaluation.summary import CI_HIGH, CI_LOW, MEAN, METRIC, USERS
from graphrec.reports.tables.fetch import frame_of

ACCURACY: Final = "ndcg"  # the metric of the charts
NO_HISTORY: Final = "none"  # the group of users without a history

Means = dict[Any, float]  # by model or group, NaN where there is none


@dataclass(frozen=True)
class EvaluationTables:
    """The small tables of an `Evaluation`, on the driver."""

    models: tuple[str, ...]
    reference: str
    k: tuple[int, ...]
    confidence: float
    summary: pd.DataFrame
    by_activity: pd.DataFrame
    significance: pd.DataFrame
    significance_by_activity: pd.DataFrame

    @staticmethod
    def of(evaluation: Evaluation) -> EvaluationTables:
        """Fetch them."""
        return EvaluationTables(
            models=evaluation.models,
            reference=evaluation.reference,
            k=evaluation.k,
            confidence=evaluation.confidence,
            summary=frame_of(evaluation.summary),
            by_activity=frame_of(evaluation.by_activity),
            significance=frame_of(evaluation.significance),
            significance_by_activity=frame_of(evaluation.significance_by_activity),
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


def activity_rows(tables: EvaluationTables, metric: str, k: int) -> pd.DataFrame:
    """(model, group, users, and of the metric the mean, `_low` and `_high`)."""
    rows = tables.by_activity
    rows = rows[(rows[METRIC] == metric) & (rows[K] == k)]
    return pd.DataFrame(
        {
            MODEL: rows[MODEL],
            "group": [
                group_name(*bounds) for bounds in zip(rows[SHORTEST], rows[LONGEST], strict=True)
            ],
            USERS: rows[USERS],
            metric: rows[MEAN],
            f"{metric}_low": rows[CI_LOW],
            f"{metric}_high": rows[CI_HIGH],
        }
    )


def groups_of(tables: EvaluationTables) -> list[str]:
    """The groups in the order of activity."""
    bounds = tables.by_activity[[SHORTEST, LONGEST]].drop_duplicates().sort_values(SHORTEST)
    return [group_name(*row) for row in bounds.itertuples(index=False)]


def group_name(shortest: int, longest: int) -> str:
    """The lengths of the histories in a group of users, as text."""
    if longest == 0:
        return NO_HISTORY
    return f"{shortest}" if shortest == longest else f"{shortest}–{longest}"  # noqa: RUF001
