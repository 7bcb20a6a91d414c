"""The page of an exploration: whole, harmless, and true to its figures."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from graphrec.data.figures import InteractionFigures
from graphrec.reports.pages.exploration import exploration_page
from tests.reports.explored import FIGURES, HOSTILE, made_up_findings
from tests.reports.reading import Page

ROWS = InteractionFigures(900, 850, 800, {"item id is missing": 50}, None)


@pytest.fixture(scope="module")
def html() -> str:
    return exploration_page(
        made_up_findings(),
        ROWS,
        title="Films </title><script>",
        facts=[("Input", "a<b>&c.csv")],
        explorer="_explorer.html",
    )


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_nothing_is_fetched_and_no_text_becomes_code(page: Page, html: str) -> None:
    assert page.fetched == ["a href=_explorer.html"]
    assert "default-src 'none'" in html
    assert "<script>alert(1)" not in html
    assert "<img src=x" not in html
    assert "Films </title><script>" not in html
    assert " · ".join(HOSTILE) in page.texts
    assert [kind for kind, _ in page.scripts] == ["module", "application/json", "module"]


def test_every_chart_has_its_place(page: Page, html: str) -> None:
    assert set(page.specs) == {
        *("degrees", "components", "cores", "steps", "reach", "importance", "gains", "bridges"),
        *("communities", "similar"),
    }
    for name in page.specs:
        assert html.count(f'id="{name}"') == 1


def test_the_readings_say_what_the_figures_do(page: Page) -> None:
    text = " ".join(page.texts)
    for said in (
        "800 interactions of 70 users with 40 items",
        "50 rows (5.56 %) were rejected",
        "50 rows had the same user and item as another",
        "Half of the users have at most 9.5 items, the most active one 31",
        "Items are the less even side: Gini 0.42 against 0.31",
        "from 7 on is fitted by a power law with exponent 2.50 ± 0.10, which fits better than",
        "Too few users differ for a power law",
        "2 components beside it are islands",
        "with core number 1 or 2, are 8 items",
        "one step to its 66 users",
        "95 % of the catalogue is at most two steps away",
        "97.1 % of the users reach at least half",
        "no. 17 by popularity, no. 9 by PageRank",
        "Film 3 spreads most, 0.50",
        "somewhat apart (modularity 0.41)",
        "Community 1 (Horror, <i>Noir</i>) is the most closed of them, 90 %",
        "Only items with 20 users or more are looked at",
        "10 users have nobody with two items in common",
    ):
        assert said in text, said


def test_the_power_law_begins_on_the_data_and_ends_with_them(page: Page) -> None:
    data = page.specs["degrees"]["datasets"]
    [line] = [rows for rows in data.values() if "vertices" not in rows[0]]
    assert {row["type"] for row in line} == {"item"}
    assert (line[0]["degree"], line[0]["at_least"]) == (pytest.approx(7), pytest.approx(0.5))
    assert line[-1]["degree"] <= 66
    shares = [row["at_least"] for row in line]
    assert shares == sorted(shares, reverse=True)


def test_items_that_are_called_alike_have_bars_of_their_own(page: Page) -> None:
    [rows] = page.specs["gains"]["datasets"].values()
    assert len({row["named"] for row in rows}) == 2


def test_a_graph_of_one_interaction_has_a_page() -> None:
    one = {"user": 1.0, "item": 1.0}
    figures = FIGURES | {
        **{f"{kind}_{name}": number for kind, number in one.items() for name in ("median", "max")},
        "users": 1,
        "items": 1,
        "interactions": 1,
        "density": 1.0,
        "components": 1,
        "reachable_catalogue": 1.0,
        "communities": 0,
        "modularity": None,
        "popularity_correlation": None,
        "median_best_cosine": None,
        "median_pool": 0.0,
        "median_pool_share": 0.0,
        "innermost_core": {"core": 1, "users": 1, "items": 1},
    }
    all_of = made_up_findings()
    laws = all_of.power_laws.assign(alpha=float("nan"))
    none = {name: getattr(all_of, name).iloc[:0] for name in ("gaining", "bridges", "communities")}
    findings = replace(
        all_of,
        **none,
        figures=figures,
        power_laws=laws,
        component_sizes=pd.DataFrame({"size": [2], "count": [1]}),
        shells=pd.DataFrame({"core": [1], "users": [1], "items": [1]}),
        similar=all_of.similar.assign(users=0),
    )
    page = Page(exploration_page(findings, ROWS, title="One"))
    # The one core is described in a sentence: a single bar is no chart.
    assert set(page.specs) == {"degrees", "steps", "reach", "importance"}
    text = " ".join(page.texts)
    assert "In the 1-core 1 user and 1 item" in text
    assert "Everything hangs together" in text
    assert "No two items have enough users in common" in text
    assert "1 interaction of 1 user with 1 item" in text
