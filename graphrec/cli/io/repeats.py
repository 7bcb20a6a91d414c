"""The list of what users are likely to take again, beside the lists of a result."""

from __future__ import annotations

from typing import Any, Final

from pyspark.sql import functions as F

from graphrec.cli.io.inputs import Titles
from graphrec.cli.io.model_source import SavedModel, Source
from graphrec.cli.io.titles import with_titles
from graphrec.data.column_types import quoted
from graphrec.errors import ParameterError
from graphrec.recommenders.model import RecommenderModel

AGAIN: Final = "_again"


def check_repeats(length: int, model: str | None) -> None:
    """Refuse to list what is taken again where there are no interactions to see it in.

    Raises:
        ParameterError: a saved model takes the place of the interactions.
    """
    if length and model is not None:
        raise ParameterError(
            "--buy-again needs IN",
            found="--model, which keeps the latest of each user and item alone",
            fix="leave --model out, or --buy-again",
        )


def write_again(
    origin: Source,
    model: RecommenderModel,
    titles: Titles,
    length: int,
    horizon_days: float,
    folder: str,
) -> dict[str, Any]:
    """Write the list into a result's folder.

    Args:
        origin: the interactions.
        model: learned from them.
        titles: of the items.
        length: of each user's list.
        horizon_days: see `RecommenderModel.buyAgain`.
        folder: of the result.

    Returns:
        What `_run.json` has of it.

    Raises:
        EmptyInputError: nobody has taken anything on two days.
        ParameterError: a horizon that is not above 0.
    """
    assert not isinstance(origin, SavedModel)  # see `check_repeats`
    again = model.buyAgain(origin.frame, length, horizonDays=horizon_days)
    path = f"{folder}/{AGAIN}"
    with_titles(again, model.dataset, titles).write.parquet(path)
    user = quoted(model.dataset.columns.user)
    row = again.sparkSession.read.parquet(path).agg(F.count("*"), F.count_distinct(user)).first()
    assert row is not None  # an aggregate without groups has one row
    return {"rows": row[0], "users": row[1], "horizon": horizon_days}
