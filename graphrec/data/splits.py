"""Training and test sets: by chance, by time, by fold, by user.

    train, test = splits.last_n(ratings, n=5)

Every split keeps the columns and all rows of its input: each row is in exactly one of the two
sets. Chance is drawn by a hash of the ids under the seed, so the same rows give the same sets
however they are partitioned. A null id counts as one more user or item; no row is ever dropped.

The splits per user (`random_per_user`, `last_n`, `k_fold`) divide pairs of a user and an item: all
rows of a pair go to the same set, for what is known of a user is not listed to him, and could not
be found. They leave each user at least one pair to learn from, so a user with a single item is
always in the training set. The global ones cannot promise that: users without history are the point
of `by_time` and `cold_start_users`. A moment may also cut through the rows of a pair; `evaluate`
leaves such pairs out of the test set where they cannot be listed, and counts them.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from graphrec import columns
from graphrec.data.checks import require_columns
from graphrec.data.column_types import quoted
from graphrec.data.frames import require_frame
from graphrec.data.hashing import seeded_hash, seeded_uniform
from graphrec.data.quantiles import exact_quantile
from graphrec.data.timestamps import epoch_seconds
from graphrec.errors import ColumnError, EmptyInputError
from graphrec.params import at_least, between, checked

Split: TypeAlias = tuple[DataFrame, DataFrame]  # (train, test)

FOLD: Final = "fold"  # int, 0 .. k-1

_POSITION: Final = "__position"  # 1 .. number of the user's items, in the order of the split
_COUNT: Final = "__count"  # number of the user's items
_FOLD: Final = "__fold"
_IN_TEST: Final = "__in_test"
_LATEST: Final = "__latest"  # seconds, of the pair's rows
_WORKING: Final = (_POSITION, _COUNT, _FOLD, _IN_TEST, _LATEST)


def random_per_user(
    df: DataFrame,
    test_fraction: float = 0.2,
    *,
    seed: int = 0,
    user: str = columns.USER,
    item: str = columns.ITEM,
) -> Split:
    """Draw the same fraction of every user's items for the test set, each with all its rows.

    Of a user's n items, ceil(test_fraction * n) are drawn uniformly, but never all of them:
    whoever has two is tested, and whoever is tested keeps one to learn from.

    Args:
        df: interactions, any columns.
        test_fraction: of each user's items, in (0, 1).
        seed: another seed draws other items.
        user: name of the user column.
        item: name of the item column.

    Returns:
        (train, test) with the columns of `df`.

    Raises:
        ParameterError: `test_fraction` is out of its range.
        ColumnError: a named column is missing.

    Examples:
        >>> ratings = spark.createDataFrame(
        ...     [("ann", "tea", 1), ("ann", "milk", 2), ("ben", "tea", 3), ("ben", "milk", 4)],
        ...     "user string, item string, timestamp long",
        ... )
        >>> train, test = gr.splits.random_per_user(ratings, 0.5, seed=1)
        >>> train.count(), test.count()
        (2, 2)
    """
    _require_fraction("test_fraction", test_fraction)
    numbered = _numbered(df, [seeded_hash(seed, quoted(user), quoted(item))], user, item)
    wanted = F.ceil(F.round(F.lit(test_fraction) * F.col(_COUNT), 6))
    return _divided(numbered, F.col(_POSITION) <= F.least(wanted, F.col(_COUNT) - 1))


def last_n(
    df: DataFrame,
    n: int = 5,
    *,
    user: str = columns.USER,
    item: str = columns.ITEM,
    timestamp: str = columns.TIMESTAMP,
) -> Split:
    """Take every user's n latest items as the test set, each with all its rows.

    The time of an item is that of its latest row, as in a fit. A user with n items or fewer keeps
    the oldest one for training. Items of the same moment are put in order by a hash of the ids,
    which favours none; an item without a time is the oldest.

    Args:
        df: interactions, any columns.
        n: items per user in the test set, at least 1.
        user: name of the user column.
        item: name of the item column.
        timestamp: name of the time column, of any form that `epoch_seconds` reads.

    Returns:
        (train, test) with the columns of `df`.

    Raises:
        ParameterError: `n` is out of its range.
        ColumnError: a named column is missing.

    Examples:
        >>> ratings = spark.createDataFrame(
        ...     [("ann", "tea", 1), ("ann", "milk", 2), ("ben", "tea", 3), ("ben", "milk", 4)],
        ...     "user string, item string, timestamp long",
        ... )
        >>> train, test = gr.splits.last_n(ratings, n=1)
        >>> test.orderBy("user").show()
        +----+----+---------+
        |user|item|timestamp|
        +----+----+---------+
        | ann|milk|        2|
        | ben|milk|        4|
        +----+----+---------+
    """
    n = checked("n", n, at_least(1))
    require_columns(df, user, item, of="the interactions")
    latest = F.max(_seconds(df, timestamp)).over(Window.partitionBy(quoted(user), quoted(item)))
    latest_first = [
        F.col(_LATEST).desc_nulls_last(),
        seeded_hash(0, quoted(user), quoted(item)),
    ]
    # Partitioned by user, both windows find their rows together: one exchange instead of two.
    timed = df.repartition(quoted(user)).withColumn(_LATEST, latest)
    numbered = _numbered(timed, latest_first, user, item)
    return _divided(numbered, F.col(_POSITION) <= F.least(F.lit(n), F.col(_COUNT) - 1))


def by_time(
    df: DataFrame, test_fraction: float = 0.2, *, timestamp: str = columns.TIMESTAMP
) -> Split:
    """Cut all rows at one moment: what is later is the test set.

    The moment is the exact (1 - test_fraction) quantile of the time column. Rows of the same
    moment stay together, so the test set holds at most the fraction. Users and items that turn
    up only after the moment are in the test set alone. Rows without a time are for training.

    The moment is looked for at once, in a few passes over the time column.

    Args:
        df: interactions, any columns.
        test_fraction: of the rows that have a time, in (0, 1).
        timestamp: name of the time column, of any form that `epoch_seconds` reads.

    Returns:
        (train, test) with the columns of `df`.

    Raises:
        ParameterError: `test_fraction` is out of its range.
        ColumnError: the time column is missing.
        EmptyInputError: no row has a time that can be read.

    Examples:
        >>> ratings = spark.createDataFrame(
        ...     [("ann", "tea", 1), ("ann", "milk", 2), ("ben", "tea", 3), ("ben", "milk", 4)],
        ...     "user string, item string, timestamp long",
        ... )
        >>> train, test = gr.splits.by_time(ratings, 0.25)
        >>> test.show()
        +----+----+---------+
        |user|item|timestamp|
        +----+----+---------+
        | ben|milk|        4|
        +----+----+---------+
    """
    _require_fraction("test_fraction", test_fraction)
    seconds = _seconds(df, timestamp)
    cut = exact_quantile(df, seconds, 1 - test_fraction)
    if cut is None:
        raise EmptyInputError(
            "no row has a time to split by",
            found=f"nothing readable in '{timestamp}'",
            fix="name another time column or split with random_per_user",
        )
    return _divided(df, F.coalesce(seconds > F.lit(cut), F.lit(False)))


def k_fold(
    df: DataFrame,
    k: int = 5,
    *,
    seed: int = 0,
    user: str = columns.USER,
    item: str = columns.ITEM,
) -> list[Split]:
    """Deal every user's items out to k folds, each of which is the test set once.

    A user's items are shuffled and dealt in turn with all their rows (see `with_folds`), so his
    shares of the folds differ by one item at most. A user with a single item is in every training
    set and in no test set; all other rows are tested exactly once.

    Args:
        df: interactions, any columns.
        k: number of folds, at least 2.
        seed: another seed deals otherwise.
        user: name of the user column.
        item: name of the item column.

    Returns:
        k pairs (train, test) with the columns of `df`.

    Raises:
        ParameterError: `k` is out of its range.
        ColumnError: a named column is missing.

    Examples:
        >>> ratings = spark.createDataFrame(
        ...     [("ann", "tea", 1), ("ann", "milk", 2), ("ben", "tea", 3), ("ben", "milk", 4)],
        ...     "user string, item string, timestamp long",
        ... )
        >>> folds = gr.splits.k_fold(ratings, k=2)
        >>> [(train.count(), test.count()) for train, test in folds]
        [(2, 2), (2, 2)]
    """
    dealt = _dealt(df, k, seed, user, item)
    testable = F.col(_COUNT) > 1
    return [_divided(dealt, testable & (F.col(_FOLD) == fold)) for fold in range(k)]


def with_folds(
    df: DataFrame,
    k: int = 5,
    *,
    seed: int = 0,
    user: str = columns.USER,
    item: str = columns.ITEM,
) -> DataFrame:
    """Add the column `fold` (int, 0 .. k-1) that deals every user's items out evenly.

    For `foldCol` of MLlib's `CrossValidator`, which by itself draws rows without regard to users or
    items. The first fold of a user is drawn too: the folds are of equal size
    even when users have fewer than k items.

    Args:
        df: interactions, any columns but `fold`.
        k: number of folds, at least 2.
        seed: another seed deals otherwise.
        user: name of the user column.
        item: name of the item column.

    Returns:
        `df` with `fold`.

    Raises:
        ParameterError: `k` is out of its range.
        ColumnError: a named column is missing, or `fold` is there already.
    """
    require_frame(df, "the interactions")
    if FOLD in df.columns:
        raise ColumnError(
            f"the interactions have a column '{FOLD}' already",
            found=", ".join(df.columns),
            fix="drop or rename it",
        )
    return _dealt(df, k, seed, user, item).withColumnRenamed(_FOLD, FOLD).drop(*_WORKING)


def cold_start_users(
    df: DataFrame, fraction: float = 0.2, *, seed: int = 0, user: str = columns.USER
) -> Split:
    """Put a share of the users with all their rows into the test set.

    floor(fraction * users) users are drawn; nothing is known of them in training. The draw is
    made at once, in a few passes over the distinct users.

    Args:
        df: interactions, any columns.
        fraction: of the users, in (0, 1).
        seed: another seed draws other users.
        user: name of the user column.

    Returns:
        (train, test) with the columns of `df`.

    Raises:
        ParameterError: `fraction` is out of its range.
        ColumnError: the user column is missing.

    Examples:
        >>> ratings = spark.createDataFrame(
        ...     [("ann", "tea", 1), ("ann", "milk", 2), ("ben", "tea", 3), ("ben", "milk", 4)],
        ...     "user string, item string, timestamp long",
        ... )
        >>> train, test = gr.splits.cold_start_users(ratings, 0.5, seed=1)
        >>> train.join(test, "user").count()
        0
    """
    return _all_rows_of_some(df, user, fraction, seed)


def cold_start_items(
    df: DataFrame, fraction: float = 0.2, *, seed: int = 0, item: str = columns.ITEM
) -> Split:
    """Put a share of the items with all their rows into the test set.

    floor(fraction * items) items are drawn; nobody has them in training, so only what is known of
    them beside the interactions can bring them into a list. The draw is made at once.

    Args:
        df: interactions, any columns.
        fraction: of the items, in (0, 1).
        seed: another seed draws other items.
        item: name of the item column.

    Returns:
        (train, test) with the columns of `df`.

    Raises:
        ParameterError: `fraction` is out of its range.
        ColumnError: the item column is missing.

    Examples:
        >>> ratings = spark.createDataFrame(
        ...     [("ann", "tea", 1), ("ann", "milk", 2), ("ben", "tea", 3), ("ben", "milk", 4)],
        ...     "user string, item string, timestamp long",
        ... )
        >>> train, test = gr.splits.cold_start_items(ratings, 0.5, seed=1)
        >>> train.join(test, "item").count()
        0
    """
    return _all_rows_of_some(df, item, fraction, seed)


def _all_rows_of_some(df: DataFrame, name: str, fraction: float, seed: int) -> Split:
    """All rows of a share of the users, or of the items, against those of the others."""
    _require_fraction("fraction", fraction)
    require_columns(df, name, of="the interactions")
    draw = seeded_uniform(seed, quoted(name))
    cut = exact_quantile(df.select(quoted(name)).distinct(), draw, 1 - fraction)
    return _divided(df, F.lit(False) if cut is None else draw > F.lit(cut))


def _numbered(df: DataFrame, order: list[Column], user: str, item: str) -> DataFrame:
    """Number every user's items from 1 in the given order, in all their rows, and count them.

    Args:
        df: interactions.
        order: the same for all rows of a user and an item.
        user: name of the user column.
        item: name of the item column.
    """
    require_columns(df, user, item, of="the interactions")
    of_user = Window.partitionBy(quoted(user))
    numbered = df.withColumn(_POSITION, F.dense_rank().over(of_user.orderBy(*order, quoted(item))))
    return numbered.withColumn(_COUNT, F.max(_POSITION).over(of_user))


def _dealt(df: DataFrame, k: int, seed: int, user: str, item: str) -> DataFrame:
    k = checked("k", k, at_least(2))
    numbered = _numbered(df, [seeded_hash(seed, quoted(user), quoted(item))], user, item)
    first = F.pmod(seeded_hash(seed, quoted(user)), F.lit(k))
    return numbered.withColumn(_FOLD, ((first + F.col(_POSITION)) % k).cast("int"))


def _divided(df: DataFrame, in_test: Column) -> Split:
    """Divide by a condition that is never null, or the row would be in neither set."""
    marked = df.withColumn(_IN_TEST, in_test)
    train, test = marked.filter(~F.col(_IN_TEST)), marked.filter(_IN_TEST)
    return train.drop(*_WORKING), test.drop(*_WORKING)


def _seconds(df: DataFrame, timestamp: str) -> Column:
    require_columns(df, timestamp, of="the interactions")
    return epoch_seconds(quoted(timestamp), df.schema[timestamp].dataType)


def _require_fraction(name: str, value: float) -> None:
    checked(name, value, between(0.0, 1.0, open_low=True, open_high=True))
