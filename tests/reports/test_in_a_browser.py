"""The pages with charts in a real browser, without a network."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from graphrec.data.figures import InteractionFigures
from graphrec.reports.pages.evaluation import evaluation_page
from graphrec.reports.pages.exploration import exploration_page
from graphrec.reports.tables.evaluation import EvaluationTables
from tests.reports.browser import FLAGS, chromium_or_skip
from tests.reports.explored import made_up_findings
from tests.reports.reading import Page

pytestmark = pytest.mark.browser


@pytest.fixture(params=["evaluation", "exploration"])
def html(request: pytest.FixtureRequest, findings: EvaluationTables) -> str:
    if request.param == "evaluation":
        return evaluation_page(findings, title="Comparison", variant="hybrid + MMR")
    rows = InteractionFigures(900, 850, 800, {"item id is missing": 50}, None)
    return exploration_page(made_up_findings(), rows, title="What the graph looks like")


@pytest.mark.parametrize(("width", "scheme"), [(1200, 0), (500, 1)], ids=["dark", "light-narrow"])
def test_every_chart_is_drawn_and_fits(html: str, tmp_path: Path, width: int, scheme: int) -> None:
    watch = """<script>addEventListener("load", () => setTimeout(() => {
      const told = (name, value) => document.body.setAttribute(`data-${name}`, value);
      told("wide", document.documentElement.scrollWidth <= innerWidth);
      told("fetched", performance.getEntriesByType("resource").length);
      told("dark", matchMedia("(prefers-color-scheme: dark)").matches);
    }, 3000))</script></body>"""
    before, _, after = html.rpartition("</body>")  # Vega's script has one of its own
    (tmp_path / "page.html").write_text(f"{before}{watch}{after}", encoding="utf-8")
    done = subprocess.run(
        [
            chromium_or_skip(),
            *FLAGS,
            *("--disable-gpu", "--virtual-time-budget=8000"),
            f"--user-data-dir={tmp_path}/history",
            f"--window-size={width},1000",
            f"--blink-settings=preferredColorScheme={scheme}",
            "--dump-dom",
            f"file://{tmp_path}/page.html",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    shown = done.stdout
    assert shown.count('<svg xmlns="http://www.w3.org/2000/svg"') >= len(Page(html).specs)
    assert "This chart failed" not in shown.rpartition('<script type="module">')[0]
    assert 'data-fetched="0"' in shown
    assert 'data-wide="true"' in shown
    assert f'data-dark="{"true" if scheme == 0 else "false"}"' in shown
