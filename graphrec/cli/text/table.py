"""A table on standard output."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from graphrec.reports.words.text import harmless

_WIDTH_WITHOUT_TERMINAL: Final = 120  # of lines where there is no terminal


def table(heading: str, header: Sequence[Column | str], rows: Iterable[Sequence[Any]]) -> None:
    """A table with a heading; texts of the data are never taken for markup."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, _WIDTH_WITHOUT_TERMINAL)
    shown = Table(*header, box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for row in rows:
        shown.add_row(*(Text(harmless(str(cell))) for cell in row))
    console.print(Text(harmless(heading), "bold"))
    console.print(shown)
    console.print()


def right(name: str) -> Column:
    """A column of numbers."""
    return Column(name, justify="right")
