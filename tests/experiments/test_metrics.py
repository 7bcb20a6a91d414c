"""Metrics from text."""

from __future__ import annotations

import pytest

from graphrec.errors import ParameterError
from graphrec.experiments.metrics import METRICS, Metric, kinds_of, parse_metrics


def test_usual_metrics_and_ratios_of_ones_own() -> None:
    found = parse_metrics("ctr, -bad=Dislike/impression,paid=purchase.value/user")
    assert found == [
        METRICS["ctr"],
        Metric("bad", "dislike", "impression", less_is_better=True),
        Metric("paid", "purchase.value", "user"),
    ]
    assert kinds_of(found) == {"click", "impression", "dislike", "purchase"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clicks", "no such metric; found 'clicks'; choose of ctr"),
        ("x=click", "a ratio of two sums"),
        ("x=click/a b", "a ratio of two sums"),
        ("ctr,ctr", "named once; found ctr"),
    ],
)
def test_others_are_refused(text: str, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        parse_metrics(text)
