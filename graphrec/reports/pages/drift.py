"""The page of drift: the verdict, every check, and the distributions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from graphrec.evaluation.drift import Drift
from graphrec.reports.charts.drift import shares
from graphrec.reports.charts.vega_lite import chart_or_none
from graphrec.reports.pages.html import Figure, render_charts
from graphrec.reports.words.drift import drift_cells, verdict

_BINS: Final = {
    "item shares": ("Which items", "items by popularity, each a tenth of what was learned from"),
    "ratings": ("Which ratings", "rating, from"),
    "activity": ("How active users are", "interactions of a user, from"),
}
_MEANINGS: Final = (
    ("old, new", "The share of newcomers, or the metric; with the model, and in what came since."),
    ("PSI", "Population stability index: Σ (new - old)·ln(new / old) over the bins."),
    ("by chance", "What it is on the average without drift, of so many interactions."),
    ("divergence", "Jensen-Shannon, with base 2: from 0 to 1."),
    ("p", "How often as much is seen without drift."),
    ("drifted", "By more than chance, all checks together, and by more than the limit."),
)


def drift_page(found: Drift, *, facts: Sequence[tuple[str, str]] = ()) -> str:
    """Return the page as HTML that stands alone: it loads nothing from a network.

    Args:
        found: what it shows.
        facts: label and text of what was compared.
    """
    return render_charts(
        "drift.html",
        _figures(found),
        title="Drift",
        verdict=verdict(found),
        rows=[(one.name, drift_cells(one)) for one in found.checks],
        facts=[*facts, ("Interactions", f"{found.interactions:,}")],
        meanings=_MEANINGS,
    )


def _figures(found: Drift) -> dict[str, Figure]:
    figures = {}
    for one in found.checks:
        if one.name in _BINS:
            title, axis = _BINS[one.name]
            name = one.name.replace(" ", "-")
            reading = (
                f"The shares differ by a PSI of {one.psi:.3g}; chance gives {one.expected:.3g}."
            )
            spec = chart_or_none(shares(one.bins, axis), one.bins)
            figures[name] = Figure(name, title, reading, spec)
    return figures
