"""Every page on any screen and on paper, with titles of all kinds."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.support.wait import WebDriverWait

from graphrec.data.figures import InteractionFigures
from graphrec.reports.map.page import explorer_page
from graphrec.reports.pages.evaluation import evaluation_page
from graphrec.reports.pages.explanation import explanation_page
from graphrec.reports.pages.exploration import exploration_page
from graphrec.reports.tables.evaluation import EvaluationTables
from graphrec.reports.tables.explanation import ExplanationTables
from tests.reports.browser import browsing, complaints, fetched
from tests.reports.explored import NAMED, made_up, made_up_findings

pytestmark = pytest.mark.browser

PAPER = (690, 1017)  # of A4 without its margins
LOOK = (Path(__file__).parent / "look.js").read_text(encoding="utf-8")
ROWS = InteractionFigures(900, 850, 800, {"item id is missing": 50}, None)


def found() -> ExplanationTables:
    """Why a user with a name of many words gets the item with the longest one."""
    of_history = [
        {
            "rank": rank,
            "part": "history",
            "item": item,
            "contribution": 0.3 - rank / 20,
            "walk": 0.1,
        }
        for rank, item in enumerate(range(len(NAMED) - 1), start=1)
    ]
    mean = {"rank": 99, "part": "mean", "item": None, "contribution": -0.2, "walk": -0.2}
    steps = [(item, f"{NAMED[item]} {item}", 0.3 - item / 50) for item in range(len(NAMED) - 1)]
    return ExplanationTables(
        user=NAMED[4],
        item=len(NAMED) - 1,
        item_column="item",
        position={
            "score": 1.5,
            "source": "personal",
            "history_size": 12,
            "boost": 1.0,
            "demotion": 0.8,
            "outcome": "listed",
            "rank": 3,
            "blended_rank": 2,
            "length": 10,
            "diversity": 0.2,
            "penalty": 0.1,
            "similarity": 0.5,
            "similar_to": 2,
        },
        shares=[
            {"leg": "walk", "share": 1.5, "weight": 1.0, "raw": 2.0, "mean": 0.5, "deviation": 1.0}
        ],
        contributions=[*of_history, mean],
        paths=[
            {"rank": 1, "history_item": item, "other_user": user, "weight": weight, "share": 0.1}
            for item, user, weight in steps
        ],
        features=[],
    )


MADE: dict[str, Callable[[EvaluationTables], str]] = {
    "evaluation": lambda findings: evaluation_page(
        findings, title="Comparison", facts=[("Input", NAMED[2])], variant="hybrid + MMR"
    ),
    "exploration": lambda _: exploration_page(
        made_up_findings(NAMED), ROWS, title="What the graph looks like", explorer="_explorer.html"
    ),
    "explorer": lambda _: explorer_page(made_up(31, titles=NAMED), title="Map", report="r.html"),
    "explanation": lambda _: explanation_page(found(), dict(enumerate(NAMED))),
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with browsing(tmp_path_factory.mktemp("browser") / "history") as opened:
        yield opened


@pytest.fixture(params=list(MADE))
def opened(
    request: pytest.FixtureRequest,
    browser: webdriver.Chrome,
    findings: EvaluationTables,
    tmp_path: Path,
) -> webdriver.Chrome:
    """The browser, at one of the pages."""
    seen(browser, 1440)
    (tmp_path / "page.html").write_text(MADE[request.param](findings), encoding="utf-8")
    browser.get(f"file://{tmp_path}/page.html")
    drawn(browser)
    return browser


def drawn(browser: webdriver.Chrome) -> None:
    script = """return document.readyState === "complete" &&
      [...document.querySelectorAll(".chart > div")].every((one) => one.querySelector("svg"))"""
    WebDriverWait(browser, 60).until(lambda one: one.execute_script(script))


def seen(browser: webdriver.Chrome, width: int, *, dark: bool = False, paper: bool = False) -> None:
    """Look at the page on a screen of a width, or on paper."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    emulated = {"media": "print" if paper else "", "features": [scheme]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", emulated)
    browser.execute_async_script("requestAnimationFrame(() => setTimeout(arguments[0], 400))")
    drawn(browser)


def looked_at(browser: webdriver.Chrome) -> dict[str, Any]:
    measured: dict[str, Any] = browser.execute_script(LOOK)
    return measured


def test_it_fits_and_stands_out_on_any_screen(opened: webdriver.Chrome) -> None:
    for width in (390, 1440):
        for dark in (False, True):
            seen(opened, width, dark=dark)
            measured = looked_at(opened)
            assert measured["wide"] <= width, (width, measured["widest"])
            assert measured["texts"] > 15
            assert not measured["faint"], (width, dark)
            assert all(chart > 0.6 * width for chart in measured["charts"] if width < 500)
            assert all(chart > 300 for chart in measured["charts"] if width > 500)
            assert "system-ui" in measured["font"]
    assert complaints(opened) == []
    assert fetched(opened) == []


def test_on_paper_nothing_is_cut_and_no_page_stays_half_empty(opened: webdriver.Chrome) -> None:
    seen(opened, PAPER[0], dark=True, paper=True)
    measured = looked_at(opened)
    assert measured["wide"] <= PAPER[0], measured["widest"]
    assert measured["cut"] == []
    assert all(chart > 200 for chart in measured["charts"])
    assert measured["ground"] in ("rgb(249, 249, 247)", "rgb(255, 255, 255)")  # of the light scheme
    assert not measured["faint"]
    assert all(height <= PAPER[1] / 2 for height in measured["unbroken"])
    printed = opened.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    assert base64.b64decode(printed["data"]).startswith(b"%PDF")


def test_titles_are_whole_and_keep_their_direction(opened: webdriver.Chrome) -> None:
    script = "return [...document.querySelectorAll('bdi')].map((one) => one.textContent)"
    apart = set(opened.execute_script(script))
    if "model" in opened.find_element("css selector", "main").text[:60]:  # no titles, but models
        assert "<script>alert(1)</script>" in apart
        assert NAMED[2] in apart
    else:
        assert apart >= set(NAMED[:8])
    assert opened.execute_script("return document.querySelectorAll('b, img').length") == 0


def test_images_have_names(opened: webdriver.Chrome) -> None:
    tree = opened.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    images = [node for node in tree if node.get("role", {}).get("value") in ("image", "img")]
    assert all(node["name"]["value"].strip() for node in images)
    charts = opened.find_elements("css selector", ".chart, svg[role=img]")
    assert len(images) >= len([chart for chart in charts if chart.is_displayed()])
