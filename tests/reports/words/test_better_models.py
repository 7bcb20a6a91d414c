"""Which models are said to be better than the reference, and which are not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from graphrec.reports.tables.evaluation import EvaluationTables
from graphrec.reports.words.better_models import better_models

SCRIPT = "<script>alert(1)</script>"


def one_test(findings: EvaluationTables, *rows: dict[str, Any]) -> EvaluationTables:
    """A comparison of these tests alone, none of them in groups."""
    usual = {"metric": "ndcg", "k": 10, "reference_mean": 0.3, "users": 48}
    tests = [usual | {"mean": 0.3 - row["difference"]} | row for row in rows]
    return replace(
        findings,
        significance=pd.DataFrame(tests),
        significance_by_activity=findings.significance_by_activity.iloc[:0],
    )


def test_of_all_users_and_of_groups_with_what_to_do(findings: EvaluationTables) -> None:
    assert better_models(findings, variant="hybrid + MMR", remedy="Try tune.") == [
        f"Better than hybrid beyond chance: {SCRIPT} (NDCG@10 0.400 against 0.300, p 0.0004).",
        "Better than hybrid beyond chance in groups of users by the length of their histories: "
        "popularity for users with 1\u20134 interactions "
        "(NDCG@10 0.500 against 0.300, p 0.001).",
        "Try tune.",
    ]


def test_where_none_is_better_nothing_is_said(findings: EvaluationTables) -> None:
    above = {"model": "popularity", "difference": 0.2, "p_value": 1e-9}
    assert better_models(one_test(findings, above), remedy="Try tune.") == []


def test_p_values_are_corrected_for_all_tests_of_the_table(findings: EvaluationTables) -> None:
    """Of two tests at .03 each, neither is beyond chance; alone it would be."""
    tests = [
        {"model": model, "difference": -0.1, "p_value": 0.03} for model in ("popularity", SCRIPT)
    ]
    assert better_models(one_test(findings, *tests)) == []
    assert len(better_models(one_test(findings, tests[0]))) == 1


def test_the_largest_difference_of_a_model_is_shown(findings: EvaluationTables) -> None:
    tests = [
        {"model": SCRIPT, "k": k, "difference": difference, "p_value": p_value}
        for k, difference, p_value in ((10, -0.05, 1e-9), (20, -0.07, 0.001), (50, -0.2, 0.6))
    ]
    [said] = better_models(one_test(findings, *tests))
    assert said.endswith(f"{SCRIPT} (NDCG@20 0.370 against 0.300, p 0.002).")


def test_a_handful_of_users_proves_nothing(findings: EvaluationTables) -> None:
    """The t test gives p = 0 where two users have the same difference."""
    few = {"model": SCRIPT, "difference": -0.5, "p_value": 0.0, "users": 2}
    assert better_models(one_test(findings, few)) == []


def test_nothing_is_said_of_a_variant_or_of_other_metrics(findings: EvaluationTables) -> None:
    better = {"model": SCRIPT, "difference": -0.1, "p_value": 1e-9}
    assert better_models(one_test(findings, better), variant=SCRIPT) == []
    assert better_models(one_test(findings, better | {"metric": "novelty"})) == []
