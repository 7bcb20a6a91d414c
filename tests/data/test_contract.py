from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyspark import StorageLevel
from pyspark.sql import SparkSession

from graphrec.data.contract import validate_interactions
from graphrec.data.figures import InteractionFigures
from graphrec.data.interaction_columns import InteractionColumns, find_columns
from graphrec.data.liked import RatingRange
from graphrec.data.reading.readers import read_table
from graphrec.data.rejections import Reason
from graphrec.errors import ColumnError, EmptyInputError, ParameterError

NOW = 1_750_000_000.0
ELSEWHERE: dict[str, Any] = {"histogram": (), "fingerprint": ""}  # see test_pair_figures
TEXT = "who string, what string, stars string, at string"
COLUMNS = InteractionColumns("who", "what", "stars", "at")
GOOD = ("u1", "i1", "4", "964982703")

Cells = tuple[str | None, str | None, str | None, str | None]


# --- an oracle that shares nothing with the code --------------------------------------------------


def blank(cell: str | None) -> bool:
    return cell is None or not cell.strip()


def number(cell: str | None) -> float | None:
    try:
        value = float(cell or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def seconds(cell: str | None) -> float | None:
    value = number(cell)
    if value is None:
        try:
            moment = datetime.fromisoformat((cell or "").strip())
        except ValueError:
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    for limit, unit in ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6)):
        if value < limit:
            return value / unit
    return value / 1e9


def reason(row: Cells) -> Reason | None:
    user, item, rating, at = row
    weight, time = number(rating), seconds(at)
    checks = {
        Reason.NO_USER: blank(user),
        Reason.NO_ITEM: blank(item),
        Reason.NO_RATING: blank(rating),
        Reason.BAD_RATING: weight is None,
        Reason.HUGE_RATING: weight is not None and abs(weight) > 1_000_000_000,
        Reason.NO_TIME: blank(at),
        Reason.BAD_TIME: time is None,
        Reason.IMPOSSIBLE_TIME: time is not None and not 0 < time <= NOW + 86_400,
    }
    return next((name for name, applies in checks.items() if applies), None)


missing = st.sampled_from([None, "", " ", "\t"])
ids = st.sampled_from(["u1", "u2", "7", " x", "ü"]) | missing
ratings = (
    st.sampled_from(["4", "4.5", "0", "-0.0", " 3 ", "1e2", "+2", ".5", "5."])
    | st.sampled_from(["-1", "-1e-9", "NaN", "nan", "inf", "-Infinity", "1e400"])
    | st.sampled_from(["1e9", "1000000000.1", "1e39", "1e308", "-1e308"])
    | st.sampled_from(["4f", "4d", "0x1", "4,5", "good"])
    | missing
)
times = (
    st.sampled_from(["964982703", "964982703000", "964982703000000", "9.64e8", "2014-07-30"])
    | st.sampled_from(["2014-07-30T21:05Z", "2014-07-30 21:05:09.5+02:00"])
    | st.sampled_from([str(NOW), str(NOW + 86_400), str(NOW + 86_401), "2031-01-01"])
    | st.sampled_from(["0", "-5", "1969-12-31", "2014-13-01", "30/07/2014", "NaN", "inf", "soon"])
    | missing
)


def pairs(rows: list[Cells]) -> set[tuple[str | None, str | None]]:
    return {(user, item) for user, item, _, _ in rows}


def opinion(rows: list[Cells], pair: tuple[str | None, str | None]) -> tuple[float, float] | None:
    """The latest time and the rating then, the best of several; None: the pair is disliked."""
    of_pair = [(seconds(at) or 0.0, number(r) or 0.0) for u, i, r, at in rows if (u, i) == pair]
    latest = max(of_pair)
    return latest if latest[1] >= 0 else None


@given(rows=st.lists(st.tuples(ids, ids, ratings, times), max_size=60))
@example(rows=[GOOD])
@example(rows=[(None, " ", "x", "x"), ("u1", " ", "x", "x"), ("u1", "i1", "x", "x")])
@settings(max_examples=6)
def test_every_row_is_accepted_or_set_aside_for_the_first_reason(
    spark: SparkSession, rows: list[Cells]
) -> None:
    df = spark.createDataFrame(rows, TEXT)
    good = [row for row in rows if reason(row) is None]
    counts = Counter(str(found) for row in rows if (found := reason(row)))
    opinions = {pair: opinion(good, pair) for pair in pairs(good)}
    liked = {pair: found for pair, found in opinions.items() if found is not None}
    rated = [rating for _, rating in liked.values()]
    if not liked:
        with pytest.raises(EmptyInputError) as caught:
            validate_interactions(df, COLUMNS, now=NOW)
        assert all(f"{n} x {name}" in str(caught.value) for name, n in counts.items())
        return
    with validate_interactions(df, COLUMNS, now=NOW) as interactions:
        times = [seconds(at) or 0.0 for *_, r, at in good if (number(r) or 0.0) >= 0]
        found = replace(interactions.figures, **ELSEWHERE)
        assert found == InteractionFigures(
            rows_read=len(rows),
            accepted_rows=len(good),
            interactions=len(liked),
            rejected=dict(counts),
            latest=max(times),
            earliest=min(times),
            dislikes=len(opinions) - len(liked),
            ratings=RatingRange(
                min(rated), max(rated), pytest.approx(sum(rated) / len(rated), abs=1e-6)
            ),
        )
        assert interactions.figures.rejected_rows == len(rows) - len(good)
        set_aside = Counter(tuple(row) for row in interactions.rejected.collect())
        assert set_aside == Counter((*row, str(reason(row))) for row in rows if reason(row))
        accepted = interactions.accepted.collect()
        assert len(accepted) == len(liked)
        assert {(user, item): (time, weight) for user, item, weight, time in accepted} == liked


# --- one pass -------------------------------------------------------------------------------------


def test_the_source_is_read_once(spark: SparkSession) -> None:
    read = spark.sparkContext.accumulator(0)

    def counted(batches: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for batch in batches:
            read.add(len(batch))
            yield batch

    source = spark.createDataFrame([GOOD, GOOD, ("u2", "i1", "x", "1")], TEXT)
    df = source.mapInPandas(counted, TEXT)
    with validate_interactions(df, COLUMNS, now=NOW, half_life_days=30) as interactions:
        assert interactions.accepted.count() == 1
        assert interactions.rejected.count() == 1
        assert interactions.accepted.groupBy("user").count().count() == 1
        assert read.value == 3
    interactions.rejected.collect()
    assert read.value == 6  # freed at the end of the block: read again


def test_nothing_stays_in_memory(spark: SparkSession) -> None:
    def kept() -> list[bool]:
        return [frame.storageLevel != StorageLevel.NONE for frame in frames]

    df = spark.createDataFrame([GOOD], TEXT)
    interactions = validate_interactions(df, COLUMNS, now=NOW)
    frames = [interactions.pairs, *interactions._persisted._frames]
    assert kept() == [True, True, True]
    interactions.unpersist()
    assert kept() == [False, False, False]


# --- types ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("string", "007"),
        ("byte", 7),
        ("short", 7),
        ("int", 7),
        ("long", 2**60),
        ("decimal(20,0)", Decimal(2**64 - 1)),
    ],
)
def test_ids_come_out_as_they_went_in(spark: SparkSession, kind: str, cell: object) -> None:
    df = spark.createDataFrame([(cell, cell), (None, cell)], f"user {kind}, item {kind}")
    with validate_interactions(df, find_columns(df)) as interactions:
        assert interactions.accepted.schema["user"].dataType == df.schema["user"].dataType
        assert [tuple(row) for row in interactions.accepted.collect()] == [(cell, cell, 1.0, None)]
        assert interactions.figures.rejected == {Reason.NO_USER: 1}
        assert interactions.figures.latest is None


@pytest.mark.parametrize(
    ("schema", "parts"),
    [
        ("u double, i long, r double, t long", ["'u'", "user", "double", "string or long"]),
        ("u boolean, i long, r double, t long", ["'u'", "boolean"]),
        ("u decimal(9,2), i long, r double, t long", ["decimal(9,2)"]),
        ("u long, i array<int>, r double, t long", ["'i'", "item", "array<int>"]),
        ("u long, i long, r date, t long", ["'r'", "rating", "date", "numbers"]),
        ("u long, i long, r double, t boolean", ["'t'", "timestamp", "boolean", "ISO 8601"]),
        ("u long, i long, r double, other long", ["no column 't'", "found u, i, r, other"]),
    ],
)
def test_types_that_a_role_cannot_have(spark: SparkSession, schema: str, parts: list[str]) -> None:
    df = spark.createDataFrame([], schema)
    with pytest.raises(ColumnError) as caught:
        validate_interactions(df, InteractionColumns("u", "i", "r", "t"))
    assert all(part in str(caught.value) for part in parts)


@pytest.mark.parametrize("kind", ["float", "double", "decimal(5,2)", "int"])
def test_rating_types(spark: SparkSession, kind: str) -> None:
    cells: list[object] = [3, None, -1]
    if kind in ("float", "double"):
        cells = [3.0, None, -1.0, math.nan, math.inf, -math.inf]
    elif kind != "int":
        cells = [Decimal(3), None, Decimal(-1)]
    df = spark.createDataFrame(
        [("u", f"i{n}", c) for n, c in enumerate(cells)], f"user string, item string, r {kind}"
    )
    with validate_interactions(df, InteractionColumns("user", "item", "r")) as interactions:
        assert [row["weight"] for row in interactions.accepted.collect()] == [3.0]
        counts = interactions.figures.rejected
        assert counts.get(Reason.BAD_RATING, 0) == len(cells) - 3
        assert (counts[Reason.NO_RATING], interactions.figures.dislikes) == (1, 1)


def test_columns_of_awkward_names(spark: SparkSession) -> None:
    df = spark.createDataFrame(
        [("u", "i", "1", "a"), ("", "i", "2", "b")],
        "`user.id` string, `the item` string, reason string, `_REASON` string",
    )
    columns = InteractionColumns("user.id", "the item", "reason")
    with validate_interactions(df, columns) as interactions:
        assert interactions.rejected.columns == [*df.columns, "__reason"]
        assert tuple(interactions.rejected.collect()[0]) == ("", "i", "2", "b", str(Reason.NO_USER))


def test_lines_that_are_no_records(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("userId,itemId,rating\n1,2,4\n1,3,4,5\n1,4\n,5,1\n")
    table = read_table(spark, path)
    with validate_interactions(table, find_columns(table)) as interactions:
        assert interactions.figures.rejected == {Reason.MALFORMED: 2, Reason.NO_USER: 1}
        lines = {row["_corrupt_record"] for row in interactions.rejected.collect()}
        assert lines == {"1,3,4,5", "1,4", None}


# --- weights --------------------------------------------------------------------------------------


def test_decay_comes_before_combining(spark: SparkSession) -> None:
    day = 86_400
    rows = [("u", "i", 8.0, 11 * day), ("u", "i", 8.0, 9 * day), ("u", "j", -1.0, 99 * day)]
    df = spark.createDataFrame(rows, "user string, item string, rating double, ts long")
    with validate_interactions(
        df, find_columns(df), duplicates="sum", half_life_days=1
    ) as interactions:
        # The latest interaction has age 0; a dislike is none.
        expected = ("u", "i", 8.0 + 2.0, 11.0 * day)
        assert [tuple(row) for row in interactions.accepted.collect()] == [expected]


@pytest.mark.parametrize("half_life", [0, -1, math.nan, math.inf])
def test_half_life_must_be_positive(spark: SparkSession, half_life: float) -> None:
    with pytest.raises(ParameterError, match="half_life_days must be a positive"):
        validate_interactions(
            spark.createDataFrame([GOOD], TEXT), COLUMNS, half_life_days=half_life
        )


def test_half_life_needs_times(spark: SparkSession) -> None:
    columns = InteractionColumns("who", "what", "stars")
    with pytest.raises(ParameterError, match="needs a timestamp column"):
        validate_interactions(spark.createDataFrame([GOOD], TEXT), columns, half_life_days=1)


def test_unknown_rule_for_duplicates(spark: SparkSession) -> None:
    with pytest.raises(ParameterError, match="unknown rule"):
        validate_interactions(
            spark.createDataFrame([GOOD], TEXT),
            COLUMNS,
            duplicates="first",  # type: ignore[arg-type]
        )


@pytest.mark.parametrize("years", [("1999", "2024"), ("199912", "202403")])
@pytest.mark.parametrize("kind", ["string", "long", "double"])
def test_years_and_months_are_no_times(
    spark: SparkSession, years: tuple[str, str], kind: str
) -> None:
    rows = [(user, "i", year) for user, year in enumerate(years)]
    df = spark.createDataFrame(rows, "user long, item string, ts string")
    df = df.withColumn("ts", df["ts"].cast(kind))
    with pytest.raises(ColumnError, match=f"'ts' holds years .* found {years[0]} to {years[1]}"):
        validate_interactions(df, InteractionColumns("user", "item", timestamp="ts"))


def test_numbers_of_an_order_are_times(spark: SparkSession) -> None:
    df = spark.createDataFrame([(1, "a", 1), (1, "b", 2050)], "user long, item string, ts long")
    with validate_interactions(df, InteractionColumns("user", "item", timestamp="ts")) as found:
        assert found.figures.latest == 2050.0


def test_no_rows(spark: SparkSession) -> None:
    with pytest.raises(EmptyInputError, match="no rows at all"):
        validate_interactions(spark.createDataFrame([], TEXT), COLUMNS)


def test_real_ratings(spark: SparkSession, real_data: Path) -> None:
    table = read_table(spark, real_data / "ml-latest-small" / "ratings.csv")
    with validate_interactions(table, find_columns(table)) as interactions:
        assert sum(number for _, number in interactions.figures.histogram) == 100_836
        assert replace(interactions.figures, **ELSEWHERE) == InteractionFigures(
            100_836,
            100_836,
            100_836,
            {},
            1_537_799_250.0,
            ratings=RatingRange(0.5, 5.0, 3.501557),
            earliest=828_124_615.0,
        )
        assert [kind for _, kind in interactions.accepted.dtypes] == [
            "bigint",
            "bigint",
            "double",
            "double",
        ]
