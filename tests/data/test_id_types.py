from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.data.id_types import as_id, comparable, id_column, id_of_text
from graphrec.data.text_ids import untyped
from graphrec.errors import ColumnError, ParameterError

TEXT, INT, LONG, WIDE = T.StringType(), T.IntegerType(), T.LongType(), T.DecimalType(30, 0)


@pytest.fixture(params=["true", "false"], ids=["ANSI", "not ANSI"])
def session(request: pytest.FixtureRequest, spark: SparkSession) -> Iterator[SparkSession]:
    before = spark.conf.get("spark.sql.ansi.enabled")
    spark.conf.set("spark.sql.ansi.enabled", request.param)
    yield spark
    spark.conf.set("spark.sql.ansi.enabled", str(before))


def ids(frame: DataFrame, kind: T.DataType) -> tuple[list[Any], str]:
    found = frame.select(id_column(frame, "user", "who", kind).alias("found"))
    return [row.found for row in found.collect()], found.dtypes[0][1]


@pytest.mark.parametrize(
    ("cells", "own", "kind", "expected", "type_"),
    [
        (["7", "007", " ", None], "string", TEXT, ["7", "007", None, None], "string"),
        ([7, None], "tinyint", INT, [7, None], "int"),
        ([7], "int", LONG, [7], "bigint"),
        ([7, 2**40], "bigint", INT, [7, 2**40], "bigint"),  # an id that nobody has, kept whole
        ([Decimal(7)], "decimal(9,0)", INT, [7], "int"),
        ([Decimal(2**70)], "decimal(30,0)", LONG, [Decimal(2**70)], "decimal(30,0)"),
        ([2**53 + 1], "bigint", WIDE, [Decimal(2**53 + 1)], "decimal(30,0)"),
    ],
)
def test_ids_of_a_frame_stay_what_they_are(
    session: SparkSession,
    cells: list[Any],
    own: str,
    kind: T.DataType,
    expected: list[Any],
    type_: str,
) -> None:
    frame = session.createDataFrame([(cell,) for cell in cells], f"who {own}")
    assert ids(frame, kind) == (expected, type_)


def test_text_of_a_file_without_types_is_a_number_if_it_is_written_as_one(
    session: SparkSession,
) -> None:
    cells = [("7",), ("007",), ("+7",), ("7.0",), ("zz",), (" ",), (str(10**30),)]
    frame = session.createDataFrame(cells, T.StructType([untyped("who")]))
    assert ids(frame, LONG) == ([7, *[None] * 6], "bigint")
    assert ids(frame, INT) == ([7, *[None] * 6], "bigint")
    assert ids(frame, TEXT)[0][:2] == ["7", "007"]


@pytest.mark.parametrize("kind", [TEXT, LONG])
@pytest.mark.parametrize(
    "own",
    [
        *("double", "float", "decimal(9,2)", "boolean", "date", "timestamp", "timestamp_ntz"),
        *("binary", "array<int>", "string collate utf8_lcase", "void"),
    ],
)
def test_what_is_no_id_is_refused(session: SparkSession, own: str, kind: T.DataType) -> None:
    frame = session.range(1).select(F.lit(None).cast(own).alias("who"))
    with pytest.raises(ColumnError, match=r"'who' cannot hold the user; found .*cast it to string"):
        id_column(frame, "user", "who", kind)


@pytest.mark.parametrize(("own", "kind"), [("string", LONG), ("int", TEXT), ("decimal(9,0)", TEXT)])
def test_ids_of_another_kind_are_refused(session: SparkSession, own: str, kind: T.DataType) -> None:
    frame = session.createDataFrame([], f"who {own}")
    with pytest.raises(
        ColumnError, match=rf"found {own.split('(', maxsplit=1)[0]}.*where the model has "
    ):
        id_column(frame, "user", "who", kind)


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("007", TEXT, "007"),
        (np.str_("a"), TEXT, "a"),
        (7, INT, 7),
        (np.int64(7), INT, 7),
        (Decimal("7.0"), LONG, 7),
        (-(2**63), LONG, -(2**63)),
        (2**70, WIDE, Decimal(2**70)),
    ],
)
def test_one_id(value: Any, kind: T.DataType, expected: Any) -> None:
    found = as_id(value, "user", kind)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        *((value, TEXT) for value in (7, None, b"a", True, ["a"])),
        *((value, LONG) for value in ("7", None, True, np.bool_(True), 1.0, 1.5, Decimal("1.5"))),
        *((value, LONG) for value in (2**63, -(2**63) - 1, 2**70, Decimal("NaN"), b"1")),
        (2**31, INT),
    ],
)
def test_one_id_of_another_type_is_refused(value: Any, kind: T.DataType) -> None:
    with pytest.raises(ParameterError, match="the user must be an id of the model's type, "):
        as_id(value, "user", kind)


def test_an_id_on_the_command_line() -> None:
    assert id_of_text("007", "user", TEXT) == "007"
    assert [id_of_text(text, "user", LONG) for text in ("0", "-7", "316")] == [0, -7, 316]
    for text in ("007", "+7", "-0", "7.0", "1e3", " 7", "", "zz", "\u0667"):
        with pytest.raises(ParameterError, match=r"must be a whole number, .*leading zeros"):
            id_of_text(text, "user", LONG)
    with pytest.raises(ParameterError, match="of the model's type, int; found 2147483648"):
        id_of_text(str(2**31), "user", INT)


def test_what_can_be_compared() -> None:
    lower = T.StringType("UTF8_LCASE")
    assert comparable(INT, WIDE)
    assert comparable(T.DoubleType(), T.DoubleType())
    for one, other in ((TEXT, INT), (lower, lower), (lower, TEXT), (INT, T.DoubleType())):
        assert not comparable(one, other)
