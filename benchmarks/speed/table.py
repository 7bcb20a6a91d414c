"""The one table of a run."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from benchmarks.speed.contest import PEAK, Figure, Limit
from benchmarks.speed.measurement import Measured


def print_table(results: Iterable[Measured], console: Console) -> bool:
    """Print all targets; whether all limits are kept."""
    table = Table("target", "who", "seconds", PEAK, "limited", "ratio", "limit", "of the limit")
    kept = True
    for measured in results:
        kept &= _add(table, measured)
        table.add_section()
    console.print(table)
    return kept


def _add(table: Table, measured: Measured) -> bool:
    name = measured.target.name
    for contender, runs in measured.runs.items():
        stages = [stage for stage in runs[0] if stage != PEAK]
        seconds = ", ".join(
            f"{stage} {measured.median(Figure(contender, stage)):.2f}" for stage in stages
        )
        table.add_row(name, contender, seconds, f"{measured.median(Figure(contender, PEAK)):.2f}")
    kept = [_add_limit(table, measured, limit) for limit in measured.target.limits]
    return all(kept)


def _add_limit(table: Table, measured: Measured, limit: Limit) -> bool:
    value = measured.value(limit)
    share = value / limit.most
    kept = share < 1 if limit.below else share <= 1
    style = "" if kept else "bold red"
    cells = ["", "", "", "", _told(limit), *_ratio_and_bound(limit, value), f"{share:.0%}"]
    table.add_row(*cells, style=style)
    return kept


def _told(limit: Limit) -> str:
    figures = [limit.figure, *([limit.of] if limit.of else [])]
    return " / ".join(f"{figure.contender} {figure.stage}" for figure in figures)


def _ratio_and_bound(limit: Limit, value: float) -> tuple[str, str]:
    """Ratios far below 1 are printed the other way round: the peer takes so many times as long."""
    if limit.of is not None and limit.most < 1:
        return f"1/{1 / value:.1f}", f"1/{1 / limit.most:.0f}"
    return f"{value:.2f}", f"{limit.most:g}"
