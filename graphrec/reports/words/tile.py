"""A headline figure: what it is called, how much it is, and what to hold it against."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tile:
    """A headline figure on a page."""

    label: str
    value: str
    detail: str
