"""No row is lost or doubled, and the sets are those that the rules say."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from graphrec.data import splits
from graphrec.errors import ColumnError, EmptyInputError, ParameterError

SCHEMA = pa.schema(
    {"user": pa.string(), "item": pa.int32(), "rating": pa.float64(), "timestamp": pa.float64()}
)

# Few users and items and moments: repeated rows, ties and single rows are the rule.
ROW = st.tuples(
    st.sampled_from(["a", "b", "c", "7", None]),
    st.one_of(st.integers(0, 4), st.none()),
    st.sampled_from([1.0, 5.0, None]),
    st.sampled_from([0.0, 10.0, 10.5, 1e9, None]),
)

SPLITS: dict[str, Callable[[DataFrame], splits.Split]] = {
    "random_per_user": splits.random_per_user,
    "last_n": lambda df: splits.last_n(df, n=2),
    "by_time": splits.by_time,
    "k_fold": lambda df: splits.k_fold(df, k=3)[1],
    "cold_start_users": lambda df: splits.cold_start_users(df, 0.4),
    "cold_start_items": lambda df: splits.cold_start_items(df, 0.4),
}

per_split = pytest.mark.parametrize("split", SPLITS.values(), ids=SPLITS)


def frame(spark: SparkSession, schema: pa.Schema, data: Sequence[tuple[Any, ...]]) -> DataFrame:
    """Build a frame through Arrow, which needs no Python worker when it is read."""
    cells = [dict(zip(schema.names, row, strict=True)) for row in data]
    return spark.createDataFrame(pa.Table.from_pylist(cells, schema))


def times_frame(spark: SparkSession, times: Sequence[float | None]) -> DataFrame:
    return frame(spark, pa.schema({"timestamp": pa.float64()}), [(time,) for time in times])


def rows(df: DataFrame) -> Counter[Any]:
    return Counter(map(tuple, df.collect()))


def sets(split: splits.Split) -> tuple[Counter[Any], Counter[Any]]:
    """Collect both sets in one job."""
    train, test = split
    assert train.columns == test.columns
    marked = train.withColumn("set", F.lit(0)).union(test.withColumn("set", F.lit(1))).collect()
    return (
        Counter(tuple(row)[:-1] for row in marked if row.set == 0),
        Counter(tuple(row)[:-1] for row in marked if row.set == 1),
    )


def by_user(df: DataFrame) -> Counter[Any]:
    return Counter(row.user for row in df.collect())


@pytest.fixture(scope="module")
def ratings(spark: SparkSession) -> DataFrame:
    """User u has u + 1 interactions, at rising times; user 20 has 21."""
    data = [(str(u), i, float(i % 5), 1000.0 * i + u) for u in range(21) for i in range(u + 1)]
    return frame(spark, SCHEMA, data)


@per_split
@settings(max_examples=3, suppress_health_check=list(HealthCheck))
@given(data=st.lists(ROW, max_size=40))
def test_every_row_is_in_one_set_and_in_the_same_one_however_partitioned(
    spark: SparkSession, split: Callable[[DataFrame], splits.Split], data: list[tuple[Any, ...]]
) -> None:
    with_a_time = [*data, ("z", 1, 1.0, 5.0)]
    train, test = sets(split(frame(spark, SCHEMA, with_a_time).coalesce(1)))
    assert train + test == Counter(with_a_time)
    assert sets(split(frame(spark, SCHEMA, with_a_time[::-1]).repartition(3))) == (
        train,
        test,
    )


@per_split
def test_an_id_draws_the_same_as_number_and_as_text(
    ratings: DataFrame, split: Callable[[DataFrame], splits.Split]
) -> None:
    as_numbers = ratings.withColumn("user", F.col("user").cast("bigint"))
    train, test = split(as_numbers)
    as_text = F.col("user").cast("string")
    assert sets(split(ratings)) == sets(
        (train.withColumn("user", as_text), test.withColumn("user", as_text))
    )


@pytest.fixture(scope="module")
def events(spark: SparkSession) -> DataFrame:
    """Users who come back to the items 0 to 4, at two times each, and once to the item null."""
    data: list[tuple[Any, ...]] = [
        (user, item, None, time)
        for user in "abcd"
        for item in range(5)
        for time in (100.0 + item, 200.0 - item)
    ]
    data += [("a", None, None, None), ("e", 7, None, 1.0), ("e", 7, None, 2.0)]
    return frame(spark, SCHEMA, data)


@pytest.mark.parametrize(
    ("split", "tested"),
    [
        (lambda df: splits.random_per_user(df, 0.4), {"a": 3, "b": 2, "c": 2, "d": 2}),
        (lambda df: splits.last_n(df, n=2), {"a": 2, "b": 2, "c": 2, "d": 2}),
        (lambda df: splits.last_n(df, n=9), {"a": 5, "b": 4, "c": 4, "d": 4}),
        (lambda df: splits.k_fold(df, k=5)[0], {"a": None, "b": 1, "c": 1, "d": 1}),
    ],
    ids=["random_per_user", "last_n", "last_n of all", "k_fold"],
)
def test_the_rows_of_a_pair_stay_together(
    events: DataFrame,
    split: Callable[[DataFrame], splits.Split],
    tested: dict[str, int | None],
) -> None:
    train, test = sets(split(events))
    assert train + test == rows(events)
    training, tested_pairs = ({row[:2] for row in part} for part in (train, test))
    assert not training & tested_pairs
    found = Counter(user for user, _ in tested_pairs)
    assert found.keys() == tested.keys()  # e has one item, however often
    assert all(number in (None, found[user]) for user, number in tested.items())


def test_last_n_goes_by_the_latest_row_of_an_item(events: DataFrame) -> None:
    _, test = splits.last_n(events.where("user = 'b'"), n=2)
    # Item 0 came first at 100 and last at 200, item 1 at 101 and 199.
    assert sorted((row.item, row.timestamp) for row in test.collect()) == [
        *((0, 100.0), (0, 200.0)),
        *((1, 101.0), (1, 199.0)),
    ]


def test_folds_keep_the_rows_of_a_pair_together(events: DataFrame) -> None:
    folds = {
        row[:2]: row
        for row in splits.with_folds(events, k=3)
        .groupBy("user", "item")
        .agg(F.count_distinct("fold"))
        .collect()
    }
    assert {row[2] for row in folds.values()} == {1}


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.9])
def test_random_per_user_rounds_up_but_leaves_one(ratings: DataFrame, fraction: float) -> None:
    _, test = splits.random_per_user(ratings, fraction)
    drawn = by_user(test)
    for u in range(21):
        n = u + 1
        assert drawn[str(u)] == min(math.ceil(round(fraction * n, 6)), n - 1)


def test_random_per_user_draws_every_position_alike(spark: SparkSession) -> None:
    df = spark.range(4000).selectExpr("id div 10 as user", "id % 10 as item")
    _, test = splits.random_per_user(df, 0.2, seed=3)
    drawn = Counter(row.item for row in test.collect())
    # 400 users draw 2 of 10 items each: 80 per item expected, with a deviation of 8.
    assert sum(drawn.values()) == 800
    assert all(48 <= drawn[item] <= 112 for item in range(10))


@pytest.mark.parametrize(
    "split",
    [
        lambda df, seed: splits.random_per_user(df, seed=seed),
        lambda df, seed: splits.k_fold(df, seed=seed)[0],
        lambda df, seed: splits.cold_start_users(df, seed=seed),
    ],
    ids=["random_per_user", "k_fold", "cold_start_users"],
)
def test_the_seed_matters(
    ratings: DataFrame, split: Callable[[DataFrame, int], splits.Split]
) -> None:
    assert rows(split(ratings, 1)[1]) != rows(split(ratings, 2)[1])


def test_last_n_takes_the_latest(ratings: DataFrame) -> None:
    _, test = splits.last_n(ratings, n=5)
    taken: dict[str, set[int]] = {}
    for row in test.collect():
        taken.setdefault(row.user, set()).add(row.item)
    for u in range(21):
        # Items come in the order of time; the oldest always stays.
        assert taken.get(str(u), set()) == set(range(max(1, u + 1 - 5), u + 1))


def test_last_n_reads_dates_and_puts_unknown_times_first(spark: SparkSession) -> None:
    days = ["2024-01-09", None, "2024-01-10", "2023-12-31"]
    schema = pa.schema({"user": pa.string(), "item": pa.int32(), "day": pa.string()})
    df = frame(spark, schema, [("a", item, day) for item, day in enumerate(days)])
    _, test = splits.last_n(df, n=2, timestamp="day")
    assert {row.item for row in test.collect()} == {0, 2}
    _, test = splits.last_n(df, n=3, timestamp="day")
    assert {row.item for row in test.collect()} == {0, 2, 3}


def test_last_n_breaks_ties_without_favouring_an_item(spark: SparkSession) -> None:
    df = spark.range(2000).selectExpr("id div 10 as user", "id % 10 as item", "1.0d as timestamp")
    _, test = splits.last_n(df, n=1)
    taken = Counter(row.item for row in test.collect())
    # 200 users, 20 per item expected, with a deviation of 4.2.
    assert all(3 <= taken[item] <= 37 for item in range(10))


@pytest.mark.parametrize("fraction", [0.2, 0.25, 0.99])
def test_by_time_cuts_at_the_exact_quantile(spark: SparkSession, fraction: float) -> None:
    times = [float(t * t % 17) for t in range(50)]
    df = times_frame(spark, times)
    cut = sorted(times)[math.ceil(round((1 - fraction) * 50, 6)) - 1]
    train, test = sets(splits.by_time(df, fraction))
    assert train == Counter((time,) for time in times if time <= cut)
    assert test == Counter((time,) for time in times if time > cut)


@pytest.mark.parametrize("kind", [date, datetime])
def test_by_time_reads_timestamps_and_dates(spark: SparkSession, kind: type) -> None:
    start = kind(2024, 1, 1)
    times = pa.array([start + timedelta(days=d) for d in range(10)])
    df = spark.createDataFrame(pa.table({"timestamp": times}))
    _, test = splits.by_time(df, 0.3)
    assert {row[0].day for row in test.collect()} == {8, 9, 10}


def test_by_time_trains_on_rows_without_a_time(spark: SparkSession) -> None:
    df = times_frame(spark, [1.0, 2.0, None, math.nan])
    train, test = splits.by_time(df, 0.5)
    assert (train.count(), rows(test)) == (3, Counter({(2.0,): 1}))


def test_by_time_needs_a_time(spark: SparkSession) -> None:
    df = times_frame(spark, [None])
    with pytest.raises(EmptyInputError, match="random_per_user"):
        splits.by_time(df)


def test_k_fold_tests_every_row_once_but_for_single_ones(ratings: DataFrame) -> None:
    folds = splits.k_fold(ratings, k=4)
    pairs = [sets(fold) for fold in folds]
    everything = rows(ratings)
    assert all(train + test == everything for train, test in pairs)
    single = Counter({row: 1 for row in everything if row[0] == "0"})
    tested: Counter[Any] = sum((test for _, test in pairs), Counter())
    assert tested == everything - single
    for user in range(1, 21):
        shares = [sum(row[0] == str(user) for row in test) for _, test in pairs]
        assert max(shares) - min(shares) <= 1


def test_folds_are_of_equal_size_even_for_short_histories(spark: SparkSession) -> None:
    df = spark.range(1000).selectExpr("id div 2 as user", "id as item")
    sizes = [test.count() for _, test in splits.k_fold(df, k=5)]
    assert all(150 <= size <= 250 for size in sizes)  # 200 expected, a deviation of 11


def test_with_folds_is_what_k_fold_deals(ratings: DataFrame) -> None:
    marked = splits.with_folds(ratings, k=3, seed=9)
    assert marked.columns == [*ratings.columns, "fold"]
    assert dict(marked.dtypes)["fold"] == "int"
    with_fold = rows(marked)
    for fold, (_, test) in enumerate(splits.k_fold(ratings, k=3, seed=9)):
        assert rows(test) == Counter(
            row[:-1] for row in with_fold if row[-1] == fold and row[0] != "0"
        )


def test_with_folds_does_not_replace_a_column(ratings: DataFrame) -> None:
    with pytest.raises(ColumnError, match="already"):
        splits.with_folds(splits.with_folds(ratings))


def test_k_fold_keeps_a_column_named_fold(ratings: DataFrame) -> None:
    marked = splits.with_folds(ratings, k=3)
    train, test = splits.k_fold(marked, k=3)[0]
    assert train.columns == test.columns == marked.columns
    assert rows(train.union(test)) == rows(marked)


@pytest.mark.parametrize(("fraction", "users"), [(0.2, 4), (0.5, 10), (0.04, 0)])
def test_cold_start_users_leave_nothing_behind(
    ratings: DataFrame, fraction: float, users: int
) -> None:
    train, test = splits.cold_start_users(ratings, fraction)
    warm, cold = set(by_user(train)), set(by_user(test))
    assert len(cold) == users
    assert not warm & cold


def test_cold_start_items_leave_nothing_behind(ratings: DataFrame) -> None:
    train, test = splits.cold_start_items(ratings, 0.3, seed=2)
    known, new = ({row.item for row in part.collect()} for part in (train, test))
    assert len(new) == 3 * len(known | new) // 10
    assert not known & new


def test_the_columns_may_have_other_names(spark: SparkSession) -> None:
    df = spark.range(10).selectExpr(
        "'a' as userId", "id as movieId", "id as at", "'A title' as `movie.title`"
    )
    cut = [
        splits.random_per_user(df, 0.3, user="userId", item="movieId"),
        splits.last_n(df, 3, user="userId", item="movieId", timestamp="at"),
        splits.by_time(df, 0.3, timestamp="at"),
        splits.k_fold(df, 5, user="userId", item="movieId")[0],
    ]
    assert [test.count() for _, test in cut] == [3, 3, 3, 2]


def test_names_may_have_dots_and_blanks(spark: SparkSession) -> None:
    df = spark.range(10).selectExpr(
        "'a' as `user.id`", "id as `movie id`", "id as `seen.at`", "'x' as `a``b`"
    )
    user, item, at = df.columns[:3]
    cut = [
        splits.random_per_user(df, 0.3, user=user, item=item),
        splits.last_n(df, 3, user=user, item=item, timestamp=at),
        splits.by_time(df, 0.3, timestamp=at),
        splits.k_fold(df, 5, user=user, item=item)[0],
        splits.cold_start_users(df, 0.5, user=user),
    ]
    assert [test.count() for _, test in cut] == [3, 3, 3, 2, 0]
    assert splits.with_folds(df, 5, user=user, item=item).columns == [*df.columns, "fold"]


@pytest.mark.parametrize(
    "call",
    [
        lambda df: splits.random_per_user(df, 0.0),
        lambda df: splits.random_per_user(df, 1.0),
        lambda df: splits.last_n(df, 0),
        lambda df: splits.by_time(df, 1.5),
        lambda df: splits.k_fold(df, 1),
        lambda df: splits.with_folds(df, 0),
        lambda df: splits.cold_start_users(df, -0.1),
    ],
)
def test_parameters_out_of_range_are_refused(
    ratings: DataFrame, call: Callable[[DataFrame], object]
) -> None:
    with pytest.raises(ParameterError, match="must"):
        call(ratings)


@per_split
def test_a_missing_column_is_named(
    spark: SparkSession, split: Callable[[DataFrame], splits.Split]
) -> None:
    with pytest.raises(ColumnError, match="found nothing"):
        split(spark.range(1).toDF("nothing"))
