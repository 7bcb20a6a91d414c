"""Means over users and their intervals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pyspark.sql import DataFrame
from scipy import stats

from graphrec.errors import ColumnError, ParameterError
from graphrec.evaluation.summary import summarise

Table = Callable[..., DataFrame]


def test_the_mean_and_its_normal_interval(table: Table) -> None:
    recall = [0.0, 0.25, 0.5, 1.0]
    per_user = table(
        "user k recall mrr",
        *((u, 10, value, 0.5) for u, value in enumerate(recall)),
        (0, 20, 1.0, 0.0),
    )
    summary = summarise(per_user)
    assert summary.columns == ["metric", "k", "mean", "ci_low", "ci_high", "users"]
    mrr_10, mrr_20, recall_10, recall_20 = map(tuple, summary.collect())
    low, high = stats.norm.interval(0.95, np.mean(recall), np.std(recall, ddof=1) / 2)
    assert recall_10 == ("recall", 10, 0.4375, pytest.approx(low), pytest.approx(high), 4)
    assert mrr_10 == ("mrr", 10, 0.5, 0.5, 0.5, 4)
    assert (recall_20, mrr_20) == (
        ("recall", 20, 1.0, None, None, 1),
        ("mrr", 20, 0.0, None, None, 1),
    )


def test_a_wider_confidence_is_a_wider_interval(table: Table) -> None:
    per_user = table("who k recall", (1, 5, 0.0), (2, 5, 1.0))
    (row,) = summarise(per_user, confidence=0.5, user="who").collect()
    assert row.ci_high - row.mean == pytest.approx(stats.norm.ppf(0.75) * 0.5)


def test_undefined_values_do_not_count(table: Table) -> None:
    per_user = table("user k diversity", (1, 5, 0.5), (2, 5, None), (3, 5, 0.7), (1, 1, None))
    undefined, defined = map(tuple, summarise(per_user).collect())
    assert undefined == ("diversity", 1, None, None, None, 0)
    assert (defined[2], defined[5]) == (pytest.approx(0.6), 2)


def test_bad_input_is_refused(table: Table) -> None:
    per_user = table("user k recall", (1, 5, 0.0))
    with pytest.raises(ParameterError, match="between 0 and 1"):
        summarise(per_user, confidence=95)
    with pytest.raises(ColumnError, match="'k'"):
        summarise(per_user.drop("k"))
