"""Coverage and Gini of the catalogue against tables made by hand and RecTools."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame

from graphrec.errors import ColumnError, ParameterError
from graphrec.evaluation.catalogue_coverage import catalogue_metrics
from graphrec.evaluation.summary import summarise

Table = Callable[..., DataFrame]


def figures(df: DataFrame) -> dict[tuple[str, int], float]:
    return {(row.metric, row.k): row["mean"] for row in df.collect()}


def test_by_hand(table: Table) -> None:
    recommendations = table(
        "user item rank", (1, "a", 1), (2, "a", 1), (3, "a", 1), (1, "b", 2), (1, "outside", 3)
    )
    catalogue = table("item", *((item,) for item in "abcda"))
    measured = figures(catalogue_metrics(recommendations, catalogue, k=[1, 2, 3]))
    # Listed (0, 0, 0, 3) times at 1, and (0, 0, 1, 3) times from 2 on.
    assert measured == {
        ("catalogue_coverage", 1): 0.25,
        ("gini", 1): pytest.approx(0.75),
        ("catalogue_coverage", 2): 0.5,
        ("gini", 2): pytest.approx(2 * (3 * 1 + 4 * 3) / (4 * 4) - 5 / 4),
        ("catalogue_coverage", 3): 0.5,
        ("gini", 3): pytest.approx(0.625),
    }


@settings(max_examples=3, suppress_health_check=list(HealthCheck))
@given(items=st.lists(st.integers(0, 6), min_size=1, max_size=30))
def test_gini_is_the_mean_difference_over_twice_the_mean(table: Table, items: list[int]) -> None:
    recommendations = table("user item rank", *((u, item, 1) for u, item in enumerate(items)))
    catalogue = table("item", *((item,) for item in range(7)))
    counts = [Counter(items)[item] for item in range(7)]
    differences = sum(abs(a - b) for a in counts for b in counts) / 49
    measured = figures(catalogue_metrics(recommendations, catalogue))
    assert measured["gini", 10] == pytest.approx(differences / (2 * sum(counts) / 7))


def test_nothing_listed_covers_nothing(table: Table) -> None:
    recommendations = table("item rank", ("a", 9))
    measured = figures(catalogue_metrics(recommendations, table("item", ("a",)), k=5))
    assert measured == {("catalogue_coverage", 5): 0.0, ("gini", 5): None}


def test_rectools_agrees(oracle: Callable[[str], DataFrame], table: Table) -> None:
    catalogue = table("item", *((item,) for item in range(40)))
    measured = figures(catalogue_metrics(oracle("recommendations"), catalogue, k=[1, 3, 5, 10]))
    for row in oracle("coverage").collect():
        assert measured["catalogue_coverage", row.k] == pytest.approx(row.catalogue_coverage)


def test_it_goes_under_the_table_of_means(table: Table) -> None:
    recommendations = table("item rank", ("a", 1))
    below = catalogue_metrics(recommendations, table("item", ("a",)))
    above = summarise(
        table("user k recall", (1, 10, 1.0)).selectExpr("user", "int(k) as k", "recall")
    )
    assert above.dtypes == below.dtypes
    assert above.union(below).count() == 3


def test_bad_input_is_refused(table: Table) -> None:
    recommendations = table("item rank", ("a", 1))
    with pytest.raises(ParameterError, match="k must be"):
        catalogue_metrics(recommendations, recommendations, k=-1)
    with pytest.raises(ColumnError, match="one type"):
        catalogue_metrics(recommendations, table("item", (1,)))
    with pytest.raises(ColumnError, match="catalogue must have the column 'item'"):
        catalogue_metrics(recommendations, table("film", ("a",)))
