"""Metrics of an experiment: ratios of two sums over users."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from graphrec.errors import ParameterError

USER_SUM: Final = "user"  # 1 of each user who was assigned
ACTIVE: Final = "active"  # 1 of each user with an event
RETURNED: Final = "returned"  # 1 of each user with an event on a later day than the first
OF_USERS: Final = (USER_SUM, ACTIVE, RETURNED)
_SUM: Final = re.compile(r"[^\s/=,.]+(\.value)?")


@dataclass(frozen=True)
class Metric:
    """A ratio of two sums.

    Attributes:
        name: what it is called.
        numerator: what is summed above the line: a kind of event, whose rows are counted
            ("click"), a kind's values ("purchase.value"), or `user`, `active`, `returned`.
        denominator: what is summed below the line, in the same way.
        cap: quantile, of the numerators above 0, to which larger ones are cut (winsorised), so
            that a few users do not decide. None: nothing is cut.
        less_is_better: such as of dislikes.
    """

    name: str
    numerator: str
    denominator: str
    cap: float | None = None
    less_is_better: bool = False

    @property
    def sums(self) -> tuple[str, str]:
        """Both sums."""
        return self.numerator, self.denominator


METRICS: Final = {
    metric.name: metric
    for metric in (
        Metric("ctr", "click", "impression"),
        Metric("conversion", "purchase", "click"),
        Metric("arpu", "purchase.value", ACTIVE),
        Metric("winsorised-arpu", "purchase.value", ACTIVE, cap=0.99),
        Metric("session-duration", "session.value", "session"),
        Metric("pages-per-visit", "view", "session"),
        Metric("return-rate", RETURNED, USER_SUM),
    )
}


def parse_metrics(text: str) -> list[Metric]:
    """Metrics from text, the first one being the primary one.

    `ctr,arpu,-dislikes=dislike/impression`: usual metrics by their names, others as a ratio of two
    sums; less of what has a minus before its name is better.

    Raises:
        ParameterError: a name is unknown, there twice, or no ratio of two sums.
    """
    metrics = [_parsed(part.strip()) for part in text.split(",")]
    names = [metric.name for metric in metrics]
    for name in names:
        if names.count(name) > 1:
            raise ParameterError("each metric is named once", found=name)
    return metrics


def kinds_of(metrics: Iterable[Metric]) -> set[str]:
    """The kinds of events that metrics count."""
    sums = {one for metric in metrics for one in metric.sums}
    return {one.removesuffix(".value") for one in sums - set(OF_USERS)}


def _parsed(text: str) -> Metric:
    name, given, ratio = text.removeprefix("-").partition("=")
    if not given:
        if name not in METRICS:
            raise ParameterError(
                "no such metric",
                found=repr(name),
                fix=f"choose of {', '.join(METRICS)}, or write name=click/impression",
            )
        return replace(METRICS[name], less_is_better=text.startswith("-"))
    above, line, below = ratio.partition("/")
    if not (name and line and _SUM.fullmatch(above) and _SUM.fullmatch(below)):
        raise ParameterError(
            "a metric is a ratio of two sums", found=repr(text), fix="write name=click/impression"
        )
    return Metric(name, above.lower(), below.lower(), less_is_better=text.startswith("-"))
