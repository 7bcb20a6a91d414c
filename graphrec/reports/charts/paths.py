"""The Sankey diagram of an explanation's paths: user, history items, other users, item.

Four columns of bars, joined by bands. A band is as wide as the weight of the paths in it, and a bar
as high as the bands that pass through it (Sankey, 1898). The template `paths.svg` draws it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from graphrec.reports.words.interaction import InteractionWords
from graphrec.reports.words.text import clusters, isolated, shortened

WIDTH: Final = 1080.0
_COLUMNS: Final = (110.0, 290.0, 680.0, 860.0)  # left sides of the bars
_HEAD_HEIGHT: Final = 34.0  # height of the heads' line
_BAR_WIDTH: Final = 10.0
_FLOW_HEIGHT: Final = 230.0  # height of all paths together
_MIN_SLOT: Final = 24.0  # least height of a bar with its label
_GAP: Final = 10.0
_MIN_WIDTH: Final = 1.2
_MAX_LETTERS: Final = (20, 44, 18, 26)  # in a line of a column's labels
_LINE_HEIGHT: Final = 17.0
_HUES: Final = 6


@dataclass(frozen=True)
class PicturedPath:
    """A path by the names of its two stops."""

    history_item: str
    other_user: str
    weight: float


@dataclass(frozen=True)
class Line:
    """A line of a label."""

    text: str
    y: float


@dataclass(frozen=True)
class Bar:
    """A stop with its label."""

    name: str
    x: float
    y: float
    width: float
    height: float
    hue: int | None
    label_x: float
    anchor: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Band:
    """What goes from one stop to the next, as a curve."""

    curve: str
    width: float
    hue: int
    tip: str


@dataclass(frozen=True)
class Picture:
    """Bars and bands on a plane of `width` x `height`, under heads (text, x)."""

    width: float
    height: float
    heads: list[tuple[str, float]]
    bars: list[Bar]
    bands: list[Band]


def picture(
    user: str, item: str, paths: Sequence[PicturedPath], words: InteractionWords
) -> Picture:
    """Lay out the diagram.

    Args:
        user: where they begin.
        item: where they end.
        paths: at least one; the heaviest stops come on top, and those of one name are one stop.
        words: what users do with items.
    """
    routes = [((user, path.history_item, path.other_user, item), path.weight) for path in paths]
    flows = [_flows(routes, column) for column in range(4)]
    scale = _FLOW_HEIGHT / sum(path.weight for path in paths)
    height = _HEAD_HEIGHT + max(_column_height(flow, scale) for flow in flows)
    hue = {name: 1 + number % _HUES for number, name in enumerate(flows[1])}
    bars = [_bars(column, flow, scale, height, hue) for column, flow in enumerate(flows)]
    bands = [band for column in range(3) for band in _bands(routes, column, bars, scale, hue)]
    heads = ("user", words.has, words.as_another, f"who {words.has_too}")
    return Picture(
        WIDTH,
        height,
        list(zip(heads, _COLUMNS, strict=True)),
        [bar for column in bars for bar in column.values()],
        bands,
    )


_Route = tuple[tuple[str, ...], float]  # the names of the four stops, the weight


def _flows(routes: Sequence[_Route], column: int) -> dict[str, float]:
    """The weight that passes each stop of a column, the heaviest first."""
    flow: dict[str, float] = {}
    for stops, weight in routes:
        flow[stops[column]] = flow.get(stops[column], 0.0) + weight
    return dict(sorted(flow.items(), key=lambda stop: (-stop[1], stop[0])))


def _column_height(flow: dict[str, float], scale: float) -> float:
    return sum(max(weight * scale, _MIN_SLOT) + _GAP for weight in flow.values()) + _GAP


def _bars(
    column: int, flow: dict[str, float], scale: float, height: float, hue: dict[str, int]
) -> dict[str, Bar]:
    """The bars of a column, centred."""
    top = (height + _HEAD_HEIGHT - _column_height(flow, scale)) / 2 + _GAP
    bars = {}
    for name, weight in flow.items():
        slot, own = max(weight * scale, _MIN_SLOT), max(weight * scale, _MIN_WIDTH)
        x, middle = _COLUMNS[column], top + slot / 2
        bars[name] = Bar(
            name=name,
            x=x,
            y=middle - own / 2,
            width=_BAR_WIDTH,
            height=own,
            hue=hue[name] if column == 1 else None,
            label_x=x - 8 if column == 0 else x + _BAR_WIDTH + 8,
            anchor="end" if column == 0 else "start",
            lines=_lines(name, _MAX_LETTERS[column], middle, 4 if column in (0, 3) else 1),
        )
        top += slot + _GAP
    return bars


def _lines(name: str, letters: int, middle: float, most: int) -> tuple[Line, ...]:
    """A name in lines around a height; what does not fit ends in three dots."""
    lines = [""]
    for word in name.split():
        joined = f"{lines[-1]} {word}".strip()
        if len(list(clusters(joined))) <= letters or not lines[-1]:
            lines[-1] = joined
        else:
            lines.append(word)
    kept = [shortened(line, letters) for line in lines[:most]]
    if len(lines) > most:
        kept[-1] = f"{shortened(kept[-1], letters - 1).rstrip('…')}…"
    first = middle - (len(kept) - 1) * _LINE_HEIGHT / 2
    return tuple(Line(text, first + number * _LINE_HEIGHT) for number, text in enumerate(kept))


def _bands(
    routes: Sequence[_Route],
    column: int,
    bars: Sequence[dict[str, Bar]],
    scale: float,
    hue: dict[str, int],
) -> list[Band]:
    """The bands from one column to the next, one per path, stacked in the order of their ends."""
    orders = [{name: n for n, name in enumerate(one)} for one in bars]
    left = _stacked(routes, column, column + 1, bars, orders, scale)
    right = _stacked(routes, column + 1, column, bars, orders, scale)
    bands = []
    for number, (stops, weight) in enumerate(routes):
        start, end = _COLUMNS[column] + _BAR_WIDTH, _COLUMNS[column + 1]
        middle = (start + end) / 2
        bands.append(
            Band(
                curve=f"M{start:.1f} {left[number]:.1f}C{middle:.1f} {left[number]:.1f} "
                f"{middle:.1f} {right[number]:.1f} {end:.1f} {right[number]:.1f}",
                width=max(weight * scale, _MIN_WIDTH),
                hue=hue[stops[1]],
                tip=" → ".join(map(isolated, stops)),
            )
        )
    return bands


def _stacked(
    routes: Sequence[_Route],
    column: int,
    towards: int,
    bars: Sequence[dict[str, Bar]],
    orders: Sequence[dict[str, int]],
    scale: float,
) -> dict[int, float]:
    """The height at which each route meets the bar of a column."""
    order = sorted(
        range(len(routes)),
        key=lambda n: (orders[towards][routes[n][0][towards]], orders[1][routes[n][0][1]], n),
    )
    filled: dict[str, float] = {}
    heights = {}
    for number in order:
        stops, weight = routes[number]
        bar = bars[column][stops[column]]
        above = filled.get(bar.name, 0.0)
        heights[number] = bar.y + above + weight * scale / 2
        filled[bar.name] = above + weight * scale
    return heights
