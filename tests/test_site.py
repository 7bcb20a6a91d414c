"""The site and its picture are made by their scripts."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.documents import ROOT
from tests.reports.browser import chromium_or_skip

PICTURE = ROOT / "docs" / "_static" / "map.webp"


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_asks_no_network(tmp_path: Path) -> None:
    if find_spec("sphinx") is None:
        pytest.skip("the extra `docs` is not installed: ./scripts/docs builds the site")
    built = subprocess.run(
        [
            sys.executable,
            *["-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"],
            "docs",
            str(tmp_path),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    for page in tmp_path.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert 'src="http' not in text, page
        assert 'rel="stylesheet" type="text/css" href="http' not in text, page
    reference = (tmp_path / "api" / "recommenders.html").read_text(encoding="utf-8")
    assert 'id="graphrec.EASERecommender"' in reference
    assert "<strong>regParam</strong>" in reference


@pytest.mark.browser
def test_a_picture_of_a_page_is_taken(tmp_path: Path) -> None:
    chromium_or_skip()
    page, picture = tmp_path / "page.html", tmp_path / "page.webp"
    page.write_text("<h1>graphrec</h1>", encoding="utf-8")
    subprocess.run([ROOT / "scripts" / "picture", page, picture], check=True)
    assert picture.read_bytes()[8:12] == b"WEBP"


def test_the_picture_of_the_map_is_small() -> None:
    assert PICTURE.read_bytes()[8:12] == b"WEBP"
    assert PICTURE.stat().st_size < 150_000
