"""The page of an experiment: its sentence, its figures, harmless, and readable on any screen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from graphrec.experiments.checks import Check, State
from graphrec.reports.pages.experiment import experiment_page
from graphrec.reports.words.experiment import ExperimentText, relative_interval, value_text
from tests.experiments.summed import experiment
from tests.reports.browser import browsing, complaints, fetched
from tests.reports.reading import Page
from tests.reports.test_pages_in_a_browser import drawn, looked_at, seen

HOSTILE = "<script>alert(1)</script>"
FOUND = experiment(
    {"old": 1.0, HOSTILE: 1.3, "other": 1.0},
    checks=[Check("bots", State.WARNING, "4 users beyond the quantile")],
    segments=("DK", "SE"),
)


@pytest.fixture(scope="module")
def html() -> str:
    return experiment_page(FOUND, title=f"Experiment {HOSTILE}", facts=[("Events", "e.csv")])


def test_the_page_says_what_to_do_and_every_figure(html: str) -> None:
    page = Page(html)
    assert FOUND.verdict.sentence in page.texts
    assert "4 users beyond the quantile" in page.texts
    for one in FOUND.final:
        assert value_text(one.value) in page.texts
        assert relative_interval(one, one.low, one.high) in page.texts
        assert relative_interval(one, one.always_low, one.always_high) in page.texts
    assert set(page.specs) == {"differences", "over-time", "segments"}
    assert page.fetched == []
    assert HOSTILE not in html
    assert HOSTILE in page.texts


def test_the_charts_hold_the_figures(html: str) -> None:
    specs = Page(html).specs
    rows = [row for rows in specs["differences"]["datasets"].values() for row in rows]
    shown = {(row["row"], row["arm"]): row["relative"] for row in rows if "arm" in row}
    [ctr] = [one for one in FOUND.final if (one.metric, one.arm) == ("ctr", HOSTILE)]
    assert shown["click-through rate", HOSTILE] == pytest.approx(100 * ctr.relative)
    daily = [row for rows in specs["over-time"]["datasets"].values() for row in rows]
    assert {row["day"] for row in daily if "day" in row} == set(range(1, 15))


def test_a_peek_is_told_off() -> None:
    """Equal arms: somebody who looks every day at a fixed test sees more than there is."""
    quiet = ExperimentText(FOUND).over_time()
    days = [one for one in FOUND.days if one.metric == "ctr"]
    always = {one.day for one in days if one.always_low > 0 or one.always_high < 0}
    fixed = {one.day for one in days if one.low > 0 or one.high < 0}
    assert f"on {len(always)} of 14 days" in quiet
    assert ("a peek at a fixed test" in quiet) == bool(fixed - always)
    first = replace(FOUND, days=[one for one in FOUND.days if one.day == FOUND.days[0].day])
    assert ExperimentText(first).over_time() == "There is one day only."


def test_what_could_not_be_measured_is_a_dash() -> None:
    without = experiment({"old": 0.0, "new": 0.0})
    page = Page(experiment_page(without, title="Nobody clicked"))
    assert "differences" in page.specs  # of the other metrics
    assert "over-time" not in page.specs
    assert "nan" not in " ".join(page.texts)
    assert without.verdict.sentence == "Go on: ctr has too few events to say more."


@pytest.mark.browser
def test_it_fits_and_stands_out_on_any_screen(html: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    with browsing(tmp_path / "history") as browser:
        browser.get(f"file://{tmp_path}/page.html")
        drawn(browser)
        for width, dark in ((390, True), (1280, False)):
            seen(browser, width, dark=dark)
            measured = looked_at(browser)
            assert measured["wide"] <= width, measured["widest"]
            assert not measured["faint"], (width, dark)
            assert all(chart > 0.6 * min(width, 500) for chart in measured["charts"])
        assert complaints(browser) == []
        assert fetched(browser) == []
