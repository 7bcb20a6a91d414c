"""Why a row is rejected."""

from enum import StrEnum


class Reason(StrEnum):
    """The one reason of a row: the first that applies, in this order."""

    MALFORMED = "line cannot be parsed"
    NO_USER = "user id is missing"
    NO_ITEM = "item id is missing"
    NO_RATING = "rating is missing"
    BAD_RATING = "rating is not a finite number"
    NEGATIVE_RATING = "rating is negative"
    HUGE_RATING = "rating is beyond a billion"
    NO_EVENT = "kind of event is missing"
    UNKNOWN_EVENT = "kind of event has no weight"
    NO_TIME = "timestamp is missing"
    BAD_TIME = "timestamp cannot be read"
    IMPOSSIBLE_TIME = "timestamp is before 1970 or in the future"
