"""What the figures of drift mean, in words: for the screen, the table and the page."""

from __future__ import annotations

import math
from typing import Any

from graphrec.evaluation.drift import Drift, DriftCheck


def drift_rows(found: Drift) -> list[dict[str, Any]]:
    """The checks as rows of a table; what there is not is null."""
    return [
        {
            name: None if isinstance(value, float) and math.isnan(value) else value
            for name, value in vars(one).items()
        }
        | {"bins": [{"bin": name, "old": p, "new": q} for name, (p, q) in one.bins.items()]}
        for one in found.checks
    ]


def verdict(found: Drift) -> str:
    """In a sentence, what has drifted."""
    if not found.drifted:
        return "Nothing has drifted: the new interactions are like those that were learned from."
    return f"Drifted: {', '.join(found.drifted)}."


def drift_cells(one: DriftCheck) -> list[str]:
    """Old, new, PSI, what chance gives, divergence, p, and whether it drifted."""
    return [
        *(_figure(value) for value in (one.old, one.new, one.psi, one.expected, one.divergence)),
        _figure(one.p_value),
        "drifted" if one.drifted else "not tested" if math.isnan(one.p_value) else "ok",
    ]


def _figure(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3g}"
