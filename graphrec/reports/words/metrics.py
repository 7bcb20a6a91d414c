"""Title, meaning and direction of each metric, for tables and pages."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import Final

from graphrec.evaluation.catalogue_coverage import CATALOGUE_COVERAGE, GINI
from graphrec.evaluation.diversity import INTRA_LIST_DIVERSITY
from graphrec.evaluation.popularity_bias import NOVELTY, PERCENTILE


@dataclass(frozen=True)
class Wording:
    """How a metric is shown.

    Attributes:
        title: as the head of a column.
        meaning: one sentence about one list, or all of them.
        more_is_better: False where a small figure is the good one.
        digits: after the decimal point.
    """

    title: str
    meaning: str
    more_is_better: bool = True
    digits: int = 3

    def of(self, value: float) -> str:
        """A figure as text; a dash where there is none."""
        return f"{value:.{self.digits}f}" if not isnan(value) else "-"


WORDING: Final = {
    "ndcg": Wording(
        "NDCG", "How high up the held-out items stand in the list, 1 if they come first."
    ),
    "recall": Wording("recall", "Share of a user's held-out items that are in the list."),
    "precision": Wording("precision", "Share of the list that are held-out items."),
    "map": Wording("MAP", "Mean precision at the ranks of the hits."),
    "mrr": Wording("MRR", "One over the rank of the first hit."),
    "hit_rate": Wording("hit rate", "Share of the users with a hit in the list."),
    "user_coverage": Wording("users", "Share of the test users who get a list."),
    INTRA_LIST_DIVERSITY: Wording(
        "diversity",
        "One minus the mean similarity of two items of a list: the cosine of their factors, or of "
        "the sets of their users where no model has factors.",
    ),
    NOVELTY: Wording(
        "novelty", "Mean surprise of an item in bits: 1 if half of the users have it.", digits=2
    ),
    PERCENTILE: Wording(
        "popularity",
        "Mean position of a list's items between the least (0) and the most popular (1) one.",
        more_is_better=False,
    ),
    CATALOGUE_COVERAGE: Wording("coverage", "Share of all items that are in at least one list."),
    GINI: Wording(
        "Gini",
        "How unevenly the lists show the items: 0 all alike, 1 one alone.",
        more_is_better=False,
    ),
}

SHOWN: Final = (
    *("ndcg", "recall", "precision", "hit_rate", INTRA_LIST_DIVERSITY),
    *(NOVELTY, PERCENTILE, CATALOGUE_COVERAGE, GINI),
)  # the metrics of the tables that people read


def best(metric: str, values: list[float]) -> set[int]:
    """The indices of the best figures of a metric as they are shown, ties included."""
    wording = WORDING[metric]
    shown = [(round(value, wording.digits), index) for index, value in enumerate(values)]
    known = [(value, index) for value, index in shown if not isnan(value)]
    if not known:
        return set()
    choose = max if wording.more_is_better else min
    top = choose(value for value, _ in known)
    return {index for value, index in known if value == top}
