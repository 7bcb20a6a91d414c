from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from graphrec.data.timestamps import epoch_seconds

MOMENT = datetime(2014, 7, 30, 21, 5, 9, 250_000, UTC)
SECONDS = MOMENT.timestamp()


TEXTS = [
    ("2014-07-30T21:05:09.25Z", SECONDS),
    ("2014-07-30 21:05:09.250000", SECONDS),
    ("  2014-07-30 21:05:09.25 UTC ", SECONDS),
    ("2014-07-30T23:05:09.25+02:00", SECONDS),
    ("2014-07-30T23:05:09.25+0200", SECONDS),
    ("2014-07-30 23:05:09.25 Europe/Paris", SECONDS),
    ("2014-07-30T21:05Z", SECONDS - 9.25),
    ("2014-07-30 21:05", SECONDS - 9.25),
    ("2014-07-30T23:05+02:00", SECONDS - 9.25),
    ("2014-07-30", datetime(2014, 7, 30, tzinfo=UTC).timestamp()),
    ("2024-03-10 02:30:00", datetime(2024, 3, 10, 2, 30, tzinfo=UTC).timestamp()),
    ("1406754309.25", SECONDS),
    ("1.40675430925e9", SECONDS),
    ("-5", -5.0),
    ("2014-02-30", None),
    ("2014-07-30 25:00:00", None),
    ("07/30/2014", None),
    ("10:30:00", None),
    ("NaN", None),
    ("Infinity", None),
    ("today", None),
    ("", None),
    (None, None),
]


def read(spark: SparkSession, kind: str, *cells: object) -> list[float | None]:
    df = spark.createDataFrame([(cell,) for cell in cells], f"t {kind}")
    seconds = epoch_seconds(F.col("t"), df.schema["t"].dataType)
    return [row[0] for row in df.select(seconds).collect()]


@pytest.fixture(params=["UTC", "America/New_York"])
def anywhere(spark: SparkSession, request: pytest.FixtureRequest) -> Iterator[SparkSession]:
    before = spark.conf.get("spark.sql.session.timeZone") or "UTC"
    spark.conf.set("spark.sql.session.timeZone", request.param)
    yield spark
    spark.conf.set("spark.sql.session.timeZone", before)


@pytest.mark.parametrize("kind", ["string", "long", "double", "decimal(20,0)"])
def test_units_by_magnitude(spark: SparkSession, kind: str) -> None:
    make = {"string": str, "long": int, "double": float, "decimal(20,0)": Decimal}[kind]
    units = [make(964_982_703 * 10**power) for power in (0, 3, 6, 9)]
    assert read(spark, kind, *units) == pytest.approx([964_982_703.0] * 4)


@pytest.mark.parametrize("kind", ["string", "long", "double", "decimal(20,0)"])
def test_whole_numbers_that_are_written_like_dates(anywhere: SparkSession, kind: str) -> None:
    make = {"string": str, "long": int, "double": float, "decimal(20,0)": Decimal}[kind]
    noon = datetime(2024, 3, 10, 12, 30, tzinfo=UTC).timestamp()
    expected = {
        20240310: noon - 12.5 * 3600,
        19691231: -86_400.0,
        202403101230: noon,
        20240310123015: noon + 15,
        20240230: None,  # no such day
        20241310: None,
        202403102530: None,
        20240310126115: None,
        18991231: 18991231.0,  # all others are seconds, or milliseconds
        21010101: 21010101.0,
        964_982_703: 964_982_703.0,
        964_982_703_000: 964_982_703.0,
        19: 19.0,
    }
    assert read(anywhere, kind, *map(make, expected)) == list(expected.values())


def test_text(anywhere: SparkSession) -> None:
    texts = [text for text, _ in TEXTS]
    assert dict(zip(texts, read(anywhere, "string", *texts), strict=True)) == dict(TEXTS)


def test_spark_types(anywhere: SparkSession) -> None:
    assert read(anywhere, "timestamp", MOMENT, None) == [SECONDS, None]
    gap = datetime(2024, 3, 10, 2, 30)  # no such time in New York
    naive = [MOMENT.replace(tzinfo=None), gap, None]
    expected = [SECONDS, gap.replace(tzinfo=UTC).timestamp(), None]
    assert read(anywhere, "timestamp_ntz", *naive) == expected
    assert read(anywhere, "date", date(1970, 1, 2), None) == [86_400.0, None]


def test_numbers_that_are_none(spark: SparkSession) -> None:
    assert read(spark, "double", float("nan"), float("inf"), float("-inf"), None) == [None] * 4


moments = st.datetimes(
    datetime(1971, 1, 1),
    datetime(2100, 1, 1),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-3, minutes=-30))]),
)
separators = st.sampled_from("T ")


@given(cells=st.lists(st.tuples(moments, separators, st.booleans()), min_size=1, max_size=30))
@settings(max_examples=4)
def test_text_as_python_writes_it(
    spark: SparkSession, cells: list[tuple[datetime, str, bool]]
) -> None:
    texts, expected = [], []
    for moment, separator, with_zone in cells:
        written = moment if with_zone else moment.astimezone(UTC).replace(tzinfo=None)
        texts.append(written.isoformat(separator))
        expected.append(moment.timestamp())
    assert read(spark, "string", *texts) == pytest.approx(expected, abs=1e-6, rel=0)
