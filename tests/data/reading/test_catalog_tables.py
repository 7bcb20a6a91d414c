"""Tables of the session's catalog."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from graphrec.data.reading.readers import read_table
from graphrec.errors import UnreadableInputError


def test_a_table_is_read_by_its_name(spark: SparkSession) -> None:
    spark.createDataFrame([("ann", 7)], "user string, item long").createOrReplaceTempView("bought")
    assert read_table(spark, "table:bought").collect() == [("ann", 7)]
    spark.sql("CREATE OR REPLACE TEMP VIEW emptied AS SELECT * FROM bought WHERE item < 0")
    with pytest.raises(UnreadableInputError, match="the table emptied has no rows"):
        read_table(spark, "table:emptied")


def test_a_query_is_read_and_nothing_else_is_done(spark: SparkSession) -> None:
    query = "sql:WITH some AS (SELECT * FROM VALUES (1), (2) AS t(item)) SELECT item FROM some;"
    assert [row.item for row in read_table(spark, query).collect()] == [1, 2]
    spark.range(1).createOrReplaceTempView("stays")
    with pytest.raises(UnreadableInputError, match="the query cannot be read; found"):
        read_table(spark, "sql:DROP VIEW stays")
    assert spark.table("stays").count() == 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("table:nothing.there", "the catalog has no table nothing.there; name its database too"),
        ("table:", "table: names no table; write table:shop.ratings"),
        ("sql:SELECT 1 FROM nothing.there", "the catalog has no table nothing.there; name its"),
        ("sql:SELECT nonsense", "the query cannot be read; found "),
        ("sql:SELECT 1 WHERE false", "the query has no rows"),
        ("table:a b", "the table a b cannot be read; found "),
    ],
)
def test_what_is_not_there_is_one_line(spark: SparkSession, name: str, expected: str) -> None:
    with pytest.raises(UnreadableInputError) as caught:
        read_table(spark, name)
    assert str(caught.value).startswith(expected)
    assert "\n" not in str(caught.value)
