"""The page of a comparison: whole, harmless, and true to its figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graphrec.reports.pages.evaluation import evaluation_page
from graphrec.reports.tables.evaluation import EvaluationTables
from graphrec.reports.words.metrics import SHOWN, WORDING, best
from tests.reports.reading import Page

FACTS = [("Input", "a<b>&c.csv"), ("Split", "by chance")]


@pytest.fixture(scope="module")
def html(findings: EvaluationTables) -> str:
    return evaluation_page(
        findings, title="Films </title><script>", facts=FACTS, variant="hybrid + MMR"
    )


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_nothing_is_fetched(page: Page, html: str) -> None:
    assert page.fetched == []
    assert "default-src 'none'" in html
    for spec in page.specs.values():
        assert "url" not in spec.get("data", {})


def test_no_text_of_the_data_becomes_code(page: Page, html: str) -> None:
    assert "<script>alert(1)" not in html
    assert "Films </title><script>" not in html
    assert "<script>alert(1)</script>" in page.texts
    assert "a<b>&c.csv" in page.texts
    assert [kind for kind, _ in page.scripts] == ["module", "application/json", "module"]


def test_every_chart_has_its_place(page: Page, html: str) -> None:
    assert set(page.specs) == {
        *("accuracy-diversity", "accuracy-popularity", "differences"),
        *("activity-ndcg", "activity-intra-list-diversity", "activity-popularity-percentile"),
    }
    for name in page.specs:
        assert html.count(f'id="{name}"') == 1


def test_all_figures_are_in_the_tables(page: Page, findings: EvaluationTables) -> None:
    for k in (10, 20):
        for metric, values in findings.means(k).items():
            if metric in SHOWN:
                assert all(WORDING[metric].of(value) in page.texts for value in values.values())
    assert "Lists of 20" in page.texts


def test_the_readings_say_what_the_figures_do(page: Page) -> None:
    readings = " ".join(page.texts)
    assert (
        "<script>alert(1)</script> has the highest NDCG@10, 0.410. hybrid has 0.310: clearly above "
        "popularity, clearly below <script>alert(1)</script>, not clearly different from "
        "hybrid + MMR." in readings
    )
    assert "hybrid + MMR against hybrid: +0.100 diversity, -0.010 NDCG@10." in readings
    assert "No other model does better in both than popularity," in readings
    by_activity = (
        "NDCG@10 of hybrid goes from 0.310 for users with no interactions to 0.370 for those with "
        "6–90 interactions. <script>alert(1)</script> is the most accurate in 4 of 4 groups"  # noqa: RUF001
    )
    assert by_activity in readings


def test_a_model_that_is_better_beyond_chance_is_named_with_what_to_do(
    findings: EvaluationTables,
) -> None:
    made = evaluation_page(findings, title="Films", variant="hybrid + MMR", remedy="Try tune.")
    words = ("beyond chance", "Try tune.")
    said = " ".join(text for text in Page(made).texts if any(word in text for word in words))
    assert said.startswith("Better than hybrid beyond chance: <script>alert(1)</script> (NDCG@10")
    assert said.endswith("Try tune.")
    better = replace(
        findings,
        significance=findings.significance.iloc[:0],
        significance_by_activity=findings.significance_by_activity.iloc[:0],
    )
    assert "beyond chance" not in evaluation_page(better, title="Films", remedy="Try tune.")


def test_one_model_alone_and_one_group(findings: EvaluationTables) -> None:
    def of_one(frame: object) -> object:
        return frame[frame["model"] == "hybrid"]  # type: ignore[index]

    groups = findings.by_activity
    alone = replace(
        findings,
        models=("hybrid",),
        summary=of_one(findings.summary),
        by_activity=of_one(groups[groups["longest"] == 5]),
        significance=findings.significance.iloc[:0],
        significance_by_activity=findings.significance_by_activity.iloc[:0],
    )
    page = Page(evaluation_page(alone, title="One"))
    assert "differences" not in page.specs
    assert any("too few groups" in text for text in page.texts)


def test_the_best_is_the_smallest_where_less_is_better() -> None:
    assert best("ndcg", [0.1, 0.3001, 0.3004, float("nan")]) == {1, 2}
    assert best("gini", [0.1, 0.3, 0.1]) == {0, 2}
    assert best("gini", [float("nan")]) == set()
