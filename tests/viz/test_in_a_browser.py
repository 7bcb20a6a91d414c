"""The page in a real browser, without a network."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from graphrec.viz.evaluation_report import Findings, evaluation_page
from tests.viz.reading import Page

pytestmark = pytest.mark.browser

FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=8000"),
]


@pytest.fixture(scope="module")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip(
            "no chromium on the PATH: install it to look at pages (apt-get install chromium)"
        )
    return found


@pytest.mark.parametrize(("width", "scheme"), [(1200, 0), (500, 1)], ids=["dark", "light-narrow"])
def test_every_chart_is_drawn_and_fits(
    chromium: str, findings: Findings, tmp_path: Path, width: int, scheme: int
) -> None:
    html = evaluation_page(findings, title="Comparison", variant="hybrid + MMR")
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
            chromium,
            *FLAGS,
            f"--user-data-dir={tmp_path}/profile",
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
