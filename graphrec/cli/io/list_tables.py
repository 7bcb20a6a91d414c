"""Lists in a table of Spark's catalog: written anew, behind what it has, or merged by user.

A table keeps what it has if writing fails. Formats with transactions, such as Delta and Iceberg,
are changed by one statement, which holds as a whole or not at all. A plain table, of Parquet, ORC
or CSV, knows none: what it shall have is written to a table beside it, which then takes its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from graphrec.cli.options import WriteMode
from graphrec.data.column_types import quoted, quoted_name
from graphrec.data.reading.catalog_names import TABLE
from graphrec.errors import ColumnError, ParameterError, UnreachableError

_PLAIN: Final = frozenset({"avro", "csv", "hive", "json", "orc", "parquet", "text"})
_REPLACED: Final = "graphrec_replaced"  # a column: the user whose rows are to go
_FIX: Final = "name a table of the session's catalog, as in table:shop.lists"


@dataclass(frozen=True)
class ListTable:
    """A table of Spark's catalog that takes lists.

    Attributes:
        spark: the session whose catalog has it, or gets it.
        name: with the catalog and the database before it where they are others than the session's.
        mode: what becomes of what it has.
    """

    spark: SparkSession
    name: str
    mode: WriteMode = WriteMode.OVERWRITE

    @property
    def shown(self) -> str:
        """As it was given."""
        return f"{TABLE}{self.name}"

    def check(self) -> None:
        """Whether it can be written to, as far as that is known before there are lists.

        Raises:
            UnreachableError: the catalog does not take the name.
            ParameterError: it is no table whose rows could be replaced.
        """
        try:
            if not self.spark.catalog.tableExists(self.name):
                return
            described = self._described()
        except PySparkException as error:
            raise self._unreachable(error) from error
        kind = described.get("Type", "VIEW")  # temporary views have none
        is_plain = described.get("Provider", "").lower() in _PLAIN
        if "VIEW" in kind:
            raise ParameterError(f"{self.name} is a view, which cannot be written to", fix=_FIX)
        is_partitioned = "# Partition Information" in described
        if is_plain and (kind == "EXTERNAL" or is_partitioned) and self.mode != WriteMode.APPEND:
            raise ParameterError(
                f"the rows of the table {self.name} cannot be replaced in one step",
                found="a partitioned table" if is_partitioned else "files of its own",
                fix="write by --mode append, or to a table of Delta's, or one that is neither",
            )

    def send(self, lists: DataFrame, user: str) -> int:
        """Write lists; the number of their users.

        Raises:
            UnreachableError: they cannot be written; the table has what it had.
            ColumnError: the table has other columns.
        """
        try:
            self._write(lists, user)
        except PySparkException as error:
            raise self._unreachable(error) from error
        return lists.select(quoted(user)).distinct().count()

    def _write(self, lists: DataFrame, user: str) -> None:
        if not self.spark.catalog.tableExists(self.name):
            lists.write.saveAsTable(self.name)
            return
        provider = self._described().get("Provider", "").lower()
        if self.mode != WriteMode.OVERWRITE:
            lists = self._in_its_columns(lists)
        if self.mode == WriteMode.APPEND:
            lists.write.insertInto(self.name)
        elif provider in _PLAIN:
            kept = self._rows_of_others(lists, user)
            self._replace_plain(lists if kept is None else kept.unionByName(lists), provider)
        elif self.mode == WriteMode.OVERWRITE:
            lists.write.format(provider).mode("overwrite").saveAsTable(self.name)
        else:
            self._merge(lists, user)

    def _described(self) -> dict[str, str]:
        """What the catalog knows of the table, by its own names: Type, Provider ..."""
        rows = self.spark.sql(f"DESCRIBE TABLE EXTENDED {self.name}").collect()  # some dozens
        return {row["col_name"]: row["data_type"] for row in rows}

    def _in_its_columns(self, lists: DataFrame) -> DataFrame:
        """The lists with their columns in the order of the table's.

        Raises:
            ColumnError: it has others, or of other types.
        """
        wanted, found = self._columns(self.spark.table(self.name)), self._columns(lists)
        if wanted != found:
            differing = sorted(dict(wanted.items() ^ found.items()))
            raise ColumnError(
                f"the table {self.name} has other columns than the lists: {', '.join(differing)}",
                found=", ".join(f"{name} {kind}" for name, kind in wanted.items()),
                fix="write by --mode overwrite, or to another table",
            )
        return lists.select(*map(quoted, wanted))

    @staticmethod
    def _columns(frame: DataFrame) -> dict[str, str]:
        return {field.name: field.dataType.simpleString() for field in frame.schema}

    def _rows_of_others(self, lists: DataFrame, user: str) -> DataFrame | None:
        """What stays of a table: in a merge, the lists of the users who are given none now."""
        if self.mode == WriteMode.OVERWRITE:
            return None
        given = lists.select(quoted(user)).distinct()
        return self.spark.table(self.name).join(given, user, "left_anti")

    def _replace_plain(self, rows: DataFrame, provider: str) -> None:
        """Write a table beside this one, and let it take the name."""
        new, old = (self._beside(word) for word in ("new", "old"))
        try:
            rows.write.format(provider).saveAsTable(new)
            self._rename(self.name, old)
            try:
                self._rename(new, self.name)
            except BaseException:
                self._rename(old, self.name)
                raise
        finally:
            self.spark.sql(f"DROP TABLE IF EXISTS {new}")
        self.spark.sql(f"DROP TABLE IF EXISTS {old}")

    def _beside(self, word: str) -> str:
        """A free name in the same database."""
        free = f"_{word}_{uuid4().hex[:8]}"
        return f"{self.name[:-1]}{free}`" if self.name.endswith("`") else f"{self.name}{free}"

    def _rename(self, name: str, other: str) -> None:
        self.spark.sql(f"ALTER TABLE {name} RENAME TO {other}")

    def _merge(self, lists: DataFrame, user: str) -> None:
        """Delete the rows of the lists' users and insert the lists, in one statement."""
        name = quoted_name(user)
        gone = lists.select(quoted(user).alias(_REPLACED)).distinct()
        none = F.lit(None).cast(lists.schema[user].dataType)
        view = f"graphrec_lists_{uuid4().hex[:8]}"
        changes = lists.withColumn(_REPLACED, none).unionByName(gone, allowMissingColumns=True)
        changes.createOrReplaceTempView(view)
        columns = ", ".join(map(quoted_name, lists.columns))
        values = ", ".join(f"given.{quoted_name(column)}" for column in lists.columns)
        try:
            self.spark.sql(
                f"MERGE INTO {self.name} AS had USING {view} AS given "
                f"ON had.{name} = given.{_REPLACED} WHEN MATCHED THEN DELETE "
                f"WHEN NOT MATCHED AND given.{_REPLACED} IS NULL "
                f"THEN INSERT ({columns}) VALUES ({values})"
            )
        finally:
            self.spark.catalog.dropTempView(view)

    def _unreachable(self, error: PySparkException) -> UnreachableError:
        return UnreachableError(
            f"the table {self.name} cannot be written",
            found=str(error).partition("\n")[0],
            fix=_FIX,
        )
