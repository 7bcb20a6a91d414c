"""Numbers that queries and what needs no Spark agree on."""

from __future__ import annotations

from typing import Final

MAX_RATING: Final = 1e9  # on either side of 0: what is summed up of ratings stays exact, and finite
DAY_SECONDS: Final = 86_400.0
