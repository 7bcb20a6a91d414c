from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.data.contract import validate_interactions
from graphrec.data.interaction_columns import find_columns
from graphrec.data.reading.readers import read_table
from graphrec.data.text_ids import is_plain_integer, is_untyped, untyped


@given(
    texts=st.lists(
        st.integers(-(10**20), 10**20).map(str) | st.text("0123456789-+ .e", max_size=6),
        min_size=1,
        max_size=50,
    )
)
@example(texts=["0", "-0", "00", "+1", "1 ", "1.0", "1e3", "9" * 18, "9" * 19, "-" + "9" * 18, ""])
@settings(max_examples=8)
def test_plain_integers_are_those_that_a_long_gives_back(
    spark: SparkSession, texts: list[str]
) -> None:
    df = spark.createDataFrame([(text,) for text in texts], "id string")
    plain = is_plain_integer(F.col("id"))
    back = F.when(plain, F.col("id").cast("long").cast("string"))
    for text, is_plain, again in df.select("id", plain, back).collect():
        try:
            expected = str(int(text)) == text and abs(int(text)) < 10**18
        except ValueError:
            expected = False
        assert is_plain == expected, text
        assert again == (text if expected else None)


def test_the_mark_travels_with_the_column(spark: SparkSession) -> None:
    schema = T.StructType([untyped("a"), T.StructField("b", T.StringType())])
    df = spark.createDataFrame([("1", "2")], schema).where("a = '1'").withColumnRenamed("a", "c")
    assert is_untyped(df, "c")
    assert not is_untyped(df, "b")
    assert not is_untyped(df.withColumn("c", F.upper("c")), "c")


@pytest.mark.parametrize(
    ("users", "kind", "expected"),
    [
        (["1", "-2", "1"], "bigint", [-2, 1]),
        (["1", "u2", "1"], "string", ["1", "u2"]),
        (["1", "02", "1"], "string", ["02", "1"]),
        (["1", "", "2"], "bigint", [1, 2]),  # the row without a user is rejected
    ],
)
def test_ids_from_csv(
    spark: SparkSession, tmp_path: Path, users: list[str], kind: str, expected: list[object]
) -> None:
    lines = "".join(f"{user},i{row}\n" for row, user in enumerate(users))
    (tmp_path / "t.csv").write_text("user,item\n" + lines)
    table = read_table(spark, tmp_path / "t.csv")
    with validate_interactions(table, find_columns(table)) as interactions:
        accepted = interactions.accepted
        assert accepted.schema["user"].dataType.simpleString() == kind
        assert accepted.schema["item"].dataType == T.StringType()
        assert (
            sorted(row["user"] for row in accepted.select("user").distinct().collect()) == expected
        )
        assert not is_untyped(accepted, "item")
        assert interactions.figures.rows_read == len(users)


def test_ids_with_a_type_keep_it(spark: SparkSession, tmp_path: Path) -> None:
    path = str(tmp_path / "t.parquet")
    spark.createDataFrame([("1", 2), ("3", 4)], "user string, item short").write.parquet(path)
    table = read_table(spark, path)
    with validate_interactions(table, find_columns(table)) as interactions:
        kinds = [kind for _, kind in interactions.accepted.dtypes]
        assert kinds == ["string", "smallint", "double", "double"]
