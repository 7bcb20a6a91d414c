"""Lists in tables of the catalog: what stays of a table, and what does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from graphrec.cli.io.list_tables import ListTable
from graphrec.cli.options import WriteMode
from graphrec.errors import ColumnError, ParameterError, UnreachableError

OLD = [("ann", "tea", 1, "personal"), ("ann", "ham", 2, "personal"), ("ben", "tea", 1, "popular")]
NEW = [("ann", "milk", 1, "personal"), ("cas", "ham", 1, "personal")]


def lists(spark: SparkSession, rows: list[tuple[str, str, int, str]]) -> DataFrame:
    return spark.createDataFrame(rows, "user string, item string, rank int, source string")


@pytest.fixture
def table(spark: SparkSession) -> Iterator[str]:
    """A table of ORC, in which a column is elsewhere than in the lists."""
    name = "default.some_lists"
    some = lists(spark, OLD).select("item", "user", "rank", "source")
    some.write.format("orc").saveAsTable(name)
    yield name
    spark.sql(f"DROP TABLE IF EXISTS {name}")


def rows_of(spark: SparkSession, name: str) -> list[tuple[str, str, int, str]]:
    columns = spark.table(name).select("user", "item", "rank", "source")
    return sorted(tuple(row) for row in columns.collect())


@pytest.mark.parametrize(
    ("mode", "kept"),
    [(WriteMode.OVERWRITE, []), (WriteMode.APPEND, OLD), (WriteMode.MERGE, OLD[2:])],
)
def test_what_stays_of_a_plain_table(
    spark: SparkSession, table: str, mode: WriteMode, kept: list[tuple[str, str, int, str]]
) -> None:
    target = ListTable(spark, table, mode)
    target.check()
    assert target.send(lists(spark, NEW), "user") == 2
    assert rows_of(spark, table) == sorted([*kept, *NEW])
    assert spark.sql("SHOW TABLES LIKE 'some_lists*'").count() == 1
    described = spark.sql(f"DESCRIBE TABLE EXTENDED {table}").where("col_name = 'Provider'")
    assert [row.data_type.lower() for row in described.collect()] == ["orc"]


def test_what_fails_leaves_the_table_as_it_was(spark: SparkSession, table: str) -> None:
    broken = lists(spark, NEW).withColumn(
        "item", F.when(F.col("user") == "cas", F.raise_error(F.lit("lost"))).otherwise("tea")
    )
    for mode in WriteMode:
        with pytest.raises(UnreachableError, match=r"some_lists cannot be written; found .*lost"):
            ListTable(spark, table, mode).send(broken, "user")
        assert rows_of(spark, table) == sorted(OLD)
    assert spark.sql("SHOW TABLES LIKE 'some_lists*'").count() == 1


def test_what_cannot_be_kept_beside_the_lists_is_refused(
    spark: SparkSession, table: str, tmp_path: Path
) -> None:
    other = lists(spark, NEW).withColumn("rank", F.lit("1")).withColumn("more", F.lit(1))
    with pytest.raises(ColumnError, match=r"other columns than the lists: more, rank; found"):
        ListTable(spark, table, WriteMode.APPEND).send(other, "user")
    lists(spark, OLD).createOrReplaceTempView("listed")
    with pytest.raises(ParameterError, match="listed is a view"):
        ListTable(spark, "listed", WriteMode.APPEND).check()
    outside, parted = f"LOCATION '{tmp_path}/files'", "PARTITIONED BY (source)"
    for name, where in (("outside", outside), ("parted", parted)):
        spark.sql(f"CREATE TABLE {name} USING orc {where} AS SELECT * FROM listed")
        try:
            with pytest.raises(ParameterError, match=r"cannot be replaced .* --mode append"):
                ListTable(spark, name, WriteMode.MERGE).check()
            ListTable(spark, name, WriteMode.APPEND).check()
        finally:
            spark.sql(f"DROP TABLE {name}")
