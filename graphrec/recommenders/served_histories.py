"""Histories as serving reads them: of all known users, of some users, or of new ones."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from graphrec.columns import ITEMS, REASON, TIMES, USER, VECTOR, WEIGHTS
from graphrec.data.contract import accepted_rows, judge_rows
from graphrec.data.frames import require_frame
from graphrec.data.histories import build_histories
from graphrec.data.interaction_columns import InteractionColumns, has_column
from graphrec.data.recency import weigh_by_recency
from graphrec.data.rejections import Reason
from graphrec.recommenders.learned import Learned
from graphrec.recommenders.shared_params import TrainingParams
from graphrec.recommenders.training import weighed


def served(histories: DataFrame, half_life_days: float | None) -> DataFrame:
    """What serving reads of histories, weighed by recency; given user factors go with them.

    Args:
        histories: (user, items, weights), perhaps `times`, perhaps `vector`.
        half_life_days: of an item's weight; None counts old items like new ones.

    Returns:
        (user, items, weights), perhaps `vector`: served once more, it stays as it is.
    """
    if half_life_days is not None and TIMES in histories.columns:
        histories = weigh_by_recency(histories, half_life_days)
    given = [VECTOR] if VECTOR in histories.columns else []
    return histories.select(USER, ITEMS, WEIGHTS, *given)


def histories_of(learned: Learned, users: DataFrame, half_life_days: float | None) -> DataFrame:
    """The histories of the distinct users of a frame, empty for those without one."""
    require_frame(users, "the frame of users")
    wanted = (
        users.select(learned.users_of(users).alias(USER)).distinct().where(f"{USER} IS NOT NULL")
    )
    return with_known_histories(wanted, served(learned.histories, half_life_days))


def new_histories(
    learned: Learned, dataset: DataFrame, params: TrainingParams, half_life_days: float | None
) -> DataFrame:
    """The histories that a frame of interactions holds, by the rules of the training.

    A row that the training would set aside adds nothing to a history; its user is served all the
    same. Where interactions decay, their age is counted back from the latest one that was learned
    from, as in the histories that were learned: how a user is served depends on nobody else.

    Args:
        learned: has the catalogue and the columns' names.
        dataset: interactions; ratings and times count where it has them, items that are not in
            the catalogue are left out.
        params: of the training.
        half_life_days: see `served`.
    """
    require_frame(dataset, "the table of histories")
    columns = _columns_in(learned.columns, dataset)
    typed = dataset.withColumns(
        {columns.user: learned.users_of(dataset), columns.item: learned.items_of(dataset)}
    )
    judged = judge_rows(typed, columns)
    decay = columns.timestamp is not None and params.value("halfLife") is not None
    latest = learned.latest if decay else None
    accepted = accepted_rows(
        judged,
        columns,
        duplicates=params.value("duplicates"),
        half_life_days=params.value("halfLife"),
        latest=latest,
    )
    known = build_histories(weighed(accepted, params, latest=latest), learned.tables.catalogue)
    read = F.col(REASON).isNull() | (F.col(REASON) != str(Reason.MALFORMED))
    users = judged.where(read).select(USER).where(f"{USER} IS NOT NULL").distinct()
    return with_known_histories(users, served(known, half_life_days))


def _columns_in(columns: InteractionColumns, dataset: DataFrame) -> InteractionColumns:
    """The columns of the training that a frame has; those of users and items it must have."""
    has = {
        role: name
        for role, name in (("rating", columns.rating), ("timestamp", columns.timestamp))
        if name is not None and has_column(dataset, role, name)
    }
    return InteractionColumns(columns.user, columns.item, has.get("rating"), has.get("timestamp"))


def with_known_histories(users: DataFrame, histories: DataFrame) -> DataFrame:
    """Rows of users with what is known of them; a user without a history has empty arrays."""
    joined = users.join(histories, USER, "left")
    return joined.withColumn(ITEMS, or_empty(F.col(ITEMS), "array<int>")).withColumn(
        WEIGHTS, or_empty(F.col(WEIGHTS), "array<float>")
    )


def or_empty(column: Column, kind: str) -> Column:
    """An empty array instead of null."""
    return F.coalesce(column, F.array().cast(kind))
