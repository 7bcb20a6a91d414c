"""On what ground an item is listed: the values of the column source, from the best to the last."""

from __future__ import annotations

from typing import Final

PERSONAL: Final = "personal"  # it suits this user, who has a history
DEMOGRAPHIC: Final = "demographic"  # users like this one have it, who has no history
TRENDING: Final = "trending"  # it is had more often lately
POPULAR: Final = "popular"  # many have it
PICKED: Final = "picked"  # an editor chose it
NEW: Final = "new"  # nobody has it yet

SOURCES: Final = (PERSONAL, DEMOGRAPHIC, TRENDING, POPULAR, PICKED, NEW)
"""In the order in which they are asked; a position is the code that the kernel knows it by."""
