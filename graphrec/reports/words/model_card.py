"""The card of a model in words: for the screen and for the page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from graphrec.recommenders.model_card import Metric, ModelCard
from graphrec.reports.words.text import printable
from graphrec.reports.words.tile import Tile

Fact = tuple[str, str]  # label, text


def model_tiles(card: ModelCard) -> list[Tile]:
    """The figures that come first; none of a model that does not say what it was learned from."""
    figures = card.figures
    if figures is None or card.users is None or card.items is None:
        return []
    return [
        Tile("Users", f"{card.users:,}", f"{figures.interactions / card.users:,.1f} items each"),
        Tile("Items", f"{card.items:,}", f"{figures.interactions / card.items:,.1f} users each"),
        Tile("Interactions", f"{figures.interactions:,}", f"{figures.dislikes:,} dislikes"),
        Tile("Sparsity", f"{card.sparsity:.2%}", "of all pairs are no interactions"),
    ]


def data_facts(card: ModelCard) -> Iterator[Fact]:
    """What the model was learned from."""
    figures = card.figures
    if figures is None:
        return
    yield "Rows", f"{figures.rows_read:,} read, {figures.rejected_rows:,} rejected"
    if figures.combined_rows:
        yield (
            "Repeats",
            f"{figures.combined_rows:,} rows combined, by the rule {figures.duplicates}",
        )
    if figures.earliest is not None and figures.latest is not None:
        yield "Time span", f"{_day(figures.earliest)} to {_day(figures.latest)}"
    if figures.ratings is not None:
        ratings = figures.ratings
        yield "Ratings", f"{ratings.lowest:g} to {ratings.highest:g}, mean {ratings.mean:.3g}"
    yield "Columns", ", ".join(f"{role} {name}" for role, name in card.columns.items() if name)
    yield "Fingerprint", figures.fingerprint


def origin_facts(card: ModelCard) -> Iterator[Fact]:
    """When and by what the model was learned."""
    origin = card.origin
    yield "Learned", origin.created
    versions = {"graphrec": origin.graphrec, "Spark": origin.spark, "format": card.format}
    yield "Versions", ", ".join(f"{name} {number}" for name, number in versions.items() if number)
    made_of = f"the model of {origin.parent} and new ones" if origin.parent else "all interactions"
    yield "Made of", made_of


def metric_cells(metric: Metric) -> tuple[str, str, str, str, str]:
    """Name, value, interval, users, split."""
    known = metric.low is not None and metric.high is not None
    return (
        printable(metric.name),
        f"{metric.value:.4g}",
        f"{metric.low:.4g} to {metric.high:.4g}" if known else "-",
        f"{metric.users:,}" if metric.users else "-",
        printable(metric.split) or "-",
    )


def parameter_rows(card: ModelCard) -> list[Fact]:
    """The parameters by name; what is not set is a dash."""
    return [(name, _value(value)) for name, value in sorted(card.parameters.items())]


def histogram_reading(card: ModelCard) -> str:
    """What the histogram of the ratings shows."""
    assert card.figures is not None  # whoever asks has a histogram
    bound, number = max(card.figures.histogram, key=lambda one: one[1])
    share = number / card.figures.interactions
    return f"{share:.0%} of the ratings are at {bound:g} or above it and below the next bar."


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _value(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_value(one)}" for name, one in value.items())
    return printable(f"{value:g}" if isinstance(value, float) else str(value))
