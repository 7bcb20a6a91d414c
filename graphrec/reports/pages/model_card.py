"""The page of a model's card."""

from __future__ import annotations

from graphrec.recommenders.model_card import ModelCard
from graphrec.reports.charts.model_card import rating_histogram
from graphrec.reports.charts.vega_lite import chart_or_none
from graphrec.reports.pages.html import Figure, render_charts
from graphrec.reports.words.model_card import (
    data_facts,
    histogram_reading,
    metric_cells,
    model_tiles,
    origin_facts,
    parameter_rows,
)


def model_page(card: ModelCard, *, path: str) -> str:
    """Return the page as HTML that stands alone: it loads nothing from a network.

    Args:
        card: what it shows.
        path: where the model is.
    """
    return render_charts(
        "model_card.html",
        _figures(card),
        title=card.type,
        path=path,
        tiles=model_tiles(card),
        origin=list(origin_facts(card)),
        data=list(data_facts(card)),
        metrics=[metric_cells(metric) for metric in card.metrics],
        parameters=parameter_rows(card),
    )


def _figures(card: ModelCard) -> dict[str, Figure]:
    if card.figures is None or not card.figures.histogram:
        return {}
    histogram = card.figures.histogram
    spec = chart_or_none(rating_histogram(histogram), histogram)
    figure = Figure("ratings", "The ratings", histogram_reading(card), spec)
    return {"ratings": figure}
