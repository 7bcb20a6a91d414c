"""Names that no user or item column may have, because results have columns of these names.

Results keep the input's own names of users and items. A user column named `rank` would stand in a
list beside the rank; so it is refused before any work is done, and not when the lists are there.
The names of tables that graphrec keeps to itself (`items`, `weights`, `times`, `index` ...) are
free.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from graphrec.columns import (
    AFTER,
    BECAUSE,
    HISTORY_SIZE,
    LABEL,
    NEIGHBOUR,
    PREDICTION,
    RANK,
    RATING,
    RECOMMENDATIONS,
    SCORE,
    SOURCE,
    SUPPORT,
    SUPPORT_ITEM,
    SUPPORT_NEIGHBOUR,
    TOGETHER,
    VECTOR,
)
from graphrec.cooccurrence.measures import MEASURES
from graphrec.data.interaction_columns import InteractionColumns, require_free_names
from graphrec.explanation.explanation import COLUMNS as OF_EXPLANATIONS

TAKEN: Final = frozenset(
    {
        *(RANK, SCORE, BECAUSE, SOURCE, HISTORY_SIZE),
        *(RECOMMENDATIONS, RATING, PREDICTION, LABEL),
        *(NEIGHBOUR, TOGETHER, AFTER, SUPPORT_ITEM, SUPPORT_NEIGHBOUR, *MEASURES),
        *(SUPPORT, VECTOR, *OF_EXPLANATIONS),
    }
)
"""The columns of all that a model gives, beside those of users and items and of its legs."""


def require_free_columns(columns: InteractionColumns, legs: Iterable[str] = ()) -> None:
    """Check that results can have the input's names of users and items.

    Args:
        columns: of the input.
        legs: of the model; results have a column for each.

    Raises:
        ColumnError: the user or the item column is named like one of them.
    """
    require_free_names({"user": columns.user, "item": columns.item}, [*TAKEN, *legs])
