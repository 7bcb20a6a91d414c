"""What `graphrec model` prints."""

from __future__ import annotations

from graphrec.cli.text.table import right, table
from graphrec.recommenders.model_card import ModelCard
from graphrec.reports.words.model_card import (
    data_facts,
    metric_cells,
    model_tiles,
    origin_facts,
    parameter_rows,
)


def model_card(card: ModelCard) -> None:
    """Show all that is known of a model."""
    facts = [
        *origin_facts(card),
        *((tile.label, f"{tile.value}, {tile.detail}") for tile in model_tiles(card)),
        *data_facts(card),
    ]
    table(card.type, ("what", "found"), facts)
    if card.metrics:
        header = ("metric", right("value"), right("interval of 95 %"), right("users"), "held out")
        table("How good it is", header, map(metric_cells, card.metrics))
    table("Parameters", ("name", "value"), parameter_rows(card))
