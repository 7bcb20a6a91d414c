"""The figures of an update, as the record of a run has them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, TypedDict

from graphrec.recommenders.update import Update


class Figures(TypedDict):
    """What was read, and what the model is then."""

    input: dict[str, Any]
    output: dict[str, Any]


def figures_of(done: Update) -> Figures:
    """The figures of an update by the names that they have in `_run.json`."""
    dataset = done.model.dataset
    return {
        "input": asdict(done.figures),
        "output": {
            "users": dataset.users,
            "items": dataset.catalogue.size,
            "batches": len(dataset.batches),
            "changed": done.has_changed,
        },
    }
