"""What `graphrec drift` prints."""

from __future__ import annotations

from rich.table import Column

from graphrec.cli.text.table import right, table
from graphrec.evaluation.drift import Drift
from graphrec.reports.words.drift import drift_cells, verdict

_FIGURES = ("old", "new", "PSI", "by chance", "divergence", "p")


def drift_table(found: Drift) -> None:
    """Show every check."""
    header: list[Column | str] = ["check", *(right(name) for name in _FIGURES), "state"]
    table(verdict(found), header, ((one.name, *drift_cells(one)) for one in found.checks))
