"""Tables as CSV files: what is in them is what is in the table."""

from __future__ import annotations

import csv
from pathlib import Path

from pyspark.sql import SparkSession

from graphrec.cli.io.results import write_csv

ROWS = [(" a", ["x", "y"]), ("a", []), ("a ", ["z"]), ('say "a", b\n', ["|"]), ("\ta", ["x"])]


def test_ids_keep_their_blanks(spark: SparkSession, tmp_path: Path) -> None:
    table = spark.createDataFrame(ROWS, "user string, because array<string>").coalesce(1)
    write_csv(table, str(tmp_path / "_csv"))
    (file,) = (tmp_path / "_csv").glob("*.csv")
    with file.open(newline="", encoding="utf-8") as lines:
        read = [(row["user"], row["because"]) for row in csv.DictReader(lines)]
    assert read == [(user, "|".join(because)) for user, because in ROWS]
