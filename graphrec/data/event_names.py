"""What columns and kinds of events are called, in tables, in a service and on its disk.

Spark is not needed for names: `graphrec.data.events` is the contract by which tables are read.
"""

from __future__ import annotations

from typing import Final

TIME: Final = "time"  # double, seconds since 1970-01-01 UTC
KIND: Final = "kind"
VALUE: Final = "value"
POSITION: Final = "position"
EXPERIMENT: Final = "experiment"
ARM: Final = "arm"
PROPENSITY: Final = "propensity"
EVENT_ID: Final = "id"

IMPRESSION: Final = "impression"
CLICK: Final = "click"
PURCHASE: Final = "purchase"
SESSION: Final = "session"
VIEW: Final = "view"
DISLIKE: Final = "dislike"
RATING: Final = "rating"
KINDS: Final = (IMPRESSION, CLICK, PURCHASE, SESSION, VIEW, DISLIKE, RATING)

CONSUMED: Final = (CLICK, VIEW, PURCHASE, RATING)  # kinds that a history is made of
