"""Bars and bands stand where their paths are."""

from __future__ import annotations

from itertools import pairwise

import pytest

from graphrec.reports.charts.paths import PicturedPath, picture
from graphrec.reports.words.interaction import NEUTRAL
from graphrec.reports.words.text import isolated

PATHS = [
    PicturedPath("alien", "bob", 0.4),
    PicturedPath("blade", "bob", 0.3),
    PicturedPath("alien", "cat", 0.2),
    PicturedPath("cube", "dan", 0.1),
]


def test_bars_are_as_high_as_what_passes_through_them() -> None:
    drawn = picture("ann", "dune", PATHS, NEUTRAL)
    height = {bar.name: bar.height for bar in drawn.bars}
    whole = height["ann"]
    assert height["dune"] == pytest.approx(whole)
    assert height["alien"] == pytest.approx(0.6 * whole)
    assert height["bob"] == pytest.approx(0.7 * whole)
    widths = [band.width for band in drawn.bands]
    assert widths == pytest.approx(3 * [path.weight * whole for path in PATHS])


def test_the_heaviest_stops_come_first_and_nothing_overlaps() -> None:
    drawn = picture("ann", "dune", PATHS, NEUTRAL)
    columns: dict[float, list[tuple[float, float, str]]] = {}
    for bar in drawn.bars:
        columns.setdefault(bar.x, []).append((bar.y, bar.y + bar.height, bar.name))
    assert [[name for _, _, name in column] for column in columns.values()] == [
        ["ann"],
        ["alien", "blade", "cube"],
        ["bob", "cat", "dan"],
        ["dune"],
    ]
    for column in columns.values():
        assert all(above[1] < below[0] for above, below in pairwise(column))
        assert column[0][0] > 0
        assert column[-1][1] < drawn.height


def test_bands_of_one_item_have_its_hue_and_end_inside_the_bars() -> None:
    drawn = picture("ann", "dune", PATHS, NEUTRAL)
    by_name = {bar.name: bar for bar in drawn.bars}
    for number, band in enumerate(drawn.bands):
        path = PATHS[number % len(PATHS)]
        assert band.hue == by_name[path.history_item].hue
        names = ["ann", path.history_item, path.other_user, "dune"]
        assert band.tip == " → ".join(map(isolated, names))
        stops = [by_name[name] for name in names]
        left, right = stops[number // len(PATHS) : number // len(PATHS) + 2]
        start = float(band.curve.split("C")[0].split()[1])
        end = float(band.curve.split()[-1])
        assert left.y - 0.1 <= start - band.width / 2
        assert start + band.width / 2 <= left.y + left.height + 0.1
        assert right.y - 0.1 <= end - band.width / 2
        assert end + band.width / 2 <= right.y + right.height + 0.1


def test_long_names_are_broken_and_cut() -> None:
    item = "many words " * 12
    drawn = picture("x" * 50, item, PATHS, NEUTRAL)
    lines = {bar.name: [line.text for line in bar.lines] for bar in drawn.bars}
    assert lines["x" * 50] == ["x" * 19 + "…"]
    assert len(lines[item]) == 4
    assert lines[item][-1].endswith("…")
    assert all(len(line) <= 26 for line in lines[item])


def test_a_cut_never_parts_an_emoji() -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f466"
    drawn = picture(family * 30, "dune", PATHS, NEUTRAL)
    assert [line.text for line in drawn.bars[0].lines] == [family * 19 + "…"]
