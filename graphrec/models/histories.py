"""Histories as serving reads them: of all known users, of some users, or of new ones."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from graphrec.columns import ITEM, ITEMS, TIMES, TIMESTAMP, USER, VECTOR, WEIGHT, WEIGHTS
from graphrec.data.column_types import finite_number, quoted
from graphrec.data.columns_found import require_column
from graphrec.data.duplicates import DuplicateRule, combine_duplicates
from graphrec.data.profiles import build_profiles
from graphrec.data.recency import weigh_by_recency
from graphrec.data.timestamps import epoch_seconds
from graphrec.models.learned import Learned


def served(profiles: DataFrame, half_life_days: float | None) -> DataFrame:
    """What serving reads of histories, weighed by recency; given user factors go with them.

    Args:
        profiles: (user, items, weights), perhaps `times`, perhaps `vector`.
        half_life_days: of an item's weight; None counts old items like new ones.

    Returns:
        (user, items, weights), perhaps `vector`: served once more, it stays as it is.
    """
    if half_life_days is not None and TIMES in profiles.columns:
        profiles = weigh_by_recency(profiles, half_life_days)
    given = [VECTOR] if VECTOR in profiles.columns else []
    return profiles.select(USER, ITEMS, WEIGHTS, *given)


def histories_of(learned: Learned, users: DataFrame, half_life_days: float | None) -> DataFrame:
    """The histories of the distinct users of a frame, empty for those without one."""
    name = learned.columns.user
    require_column(users, "user", name)
    wanted = users.select(quoted(name).alias(USER)).distinct().where(f"{USER} IS NOT NULL")
    return with_known_histories(wanted, served(learned.profiles, half_life_days))


def new_histories(
    learned: Learned,
    dataset: DataFrame,
    *,
    duplicates: DuplicateRule,
    binary: bool,
    half_life_days: float | None,
) -> DataFrame:
    """The histories that a frame of interactions holds, by the rules of the training.

    Args:
        learned: has the catalogue and the columns' names.
        dataset: interactions; items that are not in the catalogue are left out.
        duplicates: what several rows of a user and an item become.
        binary: an interaction counts 1 whatever its rating.
        half_life_days: see `served`.
    """
    data = combine_duplicates(_accepted(learned, dataset), duplicates, timed=False)
    if binary:
        data = data.withColumn(WEIGHT, F.lit(1.0))
    known = build_profiles(data, learned.tables.catalogue)
    users = data.select(USER).distinct()
    return with_known_histories(users, served(known, half_life_days))


def with_known_histories(users: DataFrame, profiles: DataFrame) -> DataFrame:
    """Rows of users with what is known of them; a user without a history has empty arrays."""
    joined = users.join(profiles, USER, "left")
    return joined.withColumn(ITEMS, or_empty(F.col(ITEMS), "array<int>")).withColumn(
        WEIGHTS, or_empty(F.col(WEIGHTS), "array<float>")
    )


def or_empty(column: Column, kind: str) -> Column:
    """An empty array instead of null."""
    return F.coalesce(column, F.array().cast(kind))


def _accepted(learned: Learned, dataset: DataFrame) -> DataFrame:
    """(user, item, weight, timestamp) of new interactions.

    Where the training would set a row aside, there is no item: its user is served all the same.
    """
    columns = learned.columns
    weight = F.lit(1.0)
    if columns.rating is not None and columns.rating in dataset.columns:
        weight = finite_number(quoted(columns.rating), dataset.schema[columns.rating].dataType)
    time = F.lit(None).cast("double")
    if columns.timestamp is not None and columns.timestamp in dataset.columns:
        time = epoch_seconds(quoted(columns.timestamp), dataset.schema[columns.timestamp].dataType)
    return dataset.select(
        quoted(columns.user).alias(USER),
        F.when(weight >= 0, quoted(columns.item)).alias(ITEM),
        weight.alias(WEIGHT),
        time.alias(TIMESTAMP),
    ).where(F.col(USER).isNotNull())
