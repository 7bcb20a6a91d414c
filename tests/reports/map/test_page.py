"""The interactive page without a browser: what is embedded, and what is chosen for it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pandas as pd

import graphrec.reports
from graphrec.reports.map.data import ExplorerData, strongest_edges
from graphrec.reports.map.page import explorer_page
from tests.reports.explored import HOSTILE, made_up
from tests.reports.reading import Page

ASSETS = Path(graphrec.reports.__file__).parent / "assets"


def test_nothing_is_fetched_and_no_text_becomes_code() -> None:
    html = explorer_page(made_up(30), title="Films </title><script>", report="_report.html")
    page = Page(html)
    assert page.fetched == ["a href=#", "a href=_report.html"]
    assert "default-src 'none'" in html
    assert [kind for kind, _ in page.scripts] == [
        "text/plain",
        "text/plain",
        "application/json",
        "module",
    ]
    embedded = page.embedded
    assert embedded["items"]["title"][:2] == list(HOSTILE)
    assert embedded["users"][0]["name"] == HOSTILE[0]
    [text] = [text for kind, text in page.scripts if kind == "application/json"]
    for dangerous in ("<", ">", "\u2028", "\u2029"):
        assert dangerous not in text
    assert "Films </title><script>" not in html


def test_the_page_holds_what_was_chosen() -> None:
    data = made_up(30)
    embedded = Page(explorer_page(data, title="Map")).embedded
    assert embedded["items"]["support"] == data.items["support"].tolist()
    assert embedded["edges"]["together"] == data.edges["together"].tolist()
    assert len(embedded["items"]["x"]) == len(embedded["items"]["y"]) == 30
    assert embedded["all"] == {"items": 90, "edges": 999, "users": 70, "communities": 3}
    assert embedded["users"][1]["items"] == data.users["items"][1]


def test_an_empty_graph_has_a_page() -> None:
    data = made_up(1)
    none = ExplorerData(
        data.items,
        data.edges.iloc[:0],
        data.communities.iloc[:0],
        data.users.iloc[:0],
        1,
        0,
        0,
        0,
        1,
    )
    assert Page(explorer_page(none, title="Map")).embedded["edges"]["source"] == []


def test_the_strongest_edges_of_every_item_come_first() -> None:
    # A star of strong edges around 0, and a weak edge that is the best one of both its ends.
    rows = [(0, 1, 0.9), (0, 2, 0.8), (0, 3, 0.7), (1, 2, 0.6), (4, 5, 0.1)]
    edges = pd.DataFrame(rows, columns=["source", "target", "weight"])
    kept = strongest_edges(edges, 4)
    assert list(zip(kept.source, kept.target, strict=True)) == [(0, 1), (0, 2), (0, 3), (4, 5)]
    assert kept.rank_at_end.tolist() == [0, 0, 0, 0]
    everything = strongest_edges(edges.sample(frac=1, random_state=3), 9)
    assert everything.rank_at_end.tolist() == [0, 0, 0, 1, 0]
    assert strongest_edges(edges.iloc[:0], 4).empty


def test_the_scripts_are_those_that_were_checked() -> None:
    listed = (ASSETS / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\S+)` \|.*`(\S+)` \| `(\w{64})` \|$", listed, re.MULTILINE)
    assert {name for name, _, _ in rows} == {path.name for path in ASSETS.glob("*.js")}
    for name, licence, checksum in rows:
        assert hashlib.sha256((ASSETS / name).read_bytes()).hexdigest() == checksum
        assert "Permission is hereby granted" in (ASSETS / licence).read_text(encoding="utf-8")
