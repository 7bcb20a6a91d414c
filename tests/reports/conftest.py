"""Tables of a comparison made up of numbers, for the page that shows them."""

from __future__ import annotations

from itertools import product

import pandas as pd
import pytest

from graphrec.evaluation.comparison import METRICS, PER_USER_METRICS
from graphrec.reports.tables.evaluation import EvaluationTables

MODELS = ("popularity", "<script>alert(1)</script>", "hybrid", "hybrid + MMR")
LEVEL = dict(zip(MODELS, (0.1, 0.4, 0.3, 0.29), strict=True))
DIVERSE = dict(zip(MODELS, (0.9, 0.5, 0.6, 0.7), strict=True))
GROUPS = ((0, 0), (1, 4), (5, 5), (6, 90))
DIFFERENCE = [
    *("mean", "reference_mean", "difference", "ci_low", "ci_high", "p_value", "users"),
]


def mean(model: str, metric: str, k: int) -> float:
    level = {
        "ndcg": LEVEL[model],
        "intra_list_diversity": DIVERSE[model],
        "popularity_percentile": 1.2 - DIVERSE[model],
    }
    return level.get(metric, LEVEL[model] / 2) + k / 1000


@pytest.fixture(scope="session")
def findings() -> EvaluationTables:
    """Of four models, one of them with a name that wants to be code."""
    summary = [
        (model, metric, k, mean(model, metric, k), *bounds(mean(model, metric, k), metric))
        for model, metric, k in product(MODELS, METRICS, (10, 20))
    ]
    groups = [
        (model, *group, metric, k, mean(model, metric, k) + group[0] / 100, 0.0, 1.0, 12)
        for model, group, metric, k in product(MODELS, GROUPS, PER_USER_METRICS, (10, 20))
    ]
    compared = [
        (model, metric, k, LEVEL[model], 0.3, *difference(LEVEL[model]), 48)
        for model, metric, k in product(MODELS, PER_USER_METRICS, (10, 20))
        if model != "hybrid"
    ]
    # The hybrid is where it is over all but in one group: there popularity is above it.
    in_groups = [
        (model, *group, metric, k, level, 0.3, *difference(level), 12 if group == (0, 0) else 40)
        for model, group, metric, k in product(MODELS, GROUPS, PER_USER_METRICS, (10, 20))
        if model != "hybrid"
        for level in [0.5 if (model, group) == ("popularity", (1, 4)) else 0.1]
    ]
    figures = ["mean", "ci_low", "ci_high", "users"]
    return EvaluationTables(
        models=MODELS,
        reference="hybrid",
        k=(10, 20),
        confidence=0.95,
        summary=pd.DataFrame(summary, columns=["model", "metric", "k", *figures]),
        by_activity=pd.DataFrame(
            groups, columns=["model", "shortest", "longest", "metric", "k", *figures]
        ),
        significance=pd.DataFrame(compared, columns=["model", "metric", "k", *DIFFERENCE]),
        significance_by_activity=pd.DataFrame(
            in_groups, columns=["model", "shortest", "longest", "metric", "k", *DIFFERENCE]
        ),
    )


def difference(level: float) -> tuple[float, float, float, float]:
    """The hybrid minus a model, the interval of it, and a p value: beyond chance above .02."""
    apart = 0.3 - level
    return apart, apart - 0.02, apart + 0.02, 0.0001 if abs(apart) > 0.02 else 0.4


def bounds(value: float, metric: str) -> tuple[float | None, float | None, float | None]:
    if metric in PER_USER_METRICS:
        return value - 0.01, value + 0.01, 48
    return None, None, None
