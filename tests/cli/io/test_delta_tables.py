"""Delta tables are read, written and merged with Delta's own jar, in a session of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

DELTA = "io.delta:delta-spark_4.1_2.13:4.3.1"
SESSION = f"""
import sys
import graphrec as gr
from graphrec.cli import main
from graphrec.cli.io.list_tables import ListTable
from graphrec.cli.options import WriteMode

spark = gr.spark_session(
    master="local[1]",
    config={{
        "spark.jars.packages": "{DELTA}",
        "spark.jars.excludes": "org.apache.hadoop:hadoop-client-api,"
        "org.apache.hadoop:hadoop-client-runtime",
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.shuffle.partitions": "1",
        "spark.databricks.delta.snapshotPartitions": "1",
    }},
)
folder = sys.argv[1]
ratings, lists = f"delta.`{{folder}}/ratings`", f"delta.`{{folder}}/lists`"
rows = [(user, item) for user in range(6) for item in range(6) if (user + item) % 2]
table = spark.createDataFrame(rows, "userId long, itemId long")
table.write.format("delta").save(f"{{folder}}/ratings")
spark.sql(f"DELETE FROM {{ratings}} WHERE userId = 5")  # whose rows are in the files still

command = ["recommend", f"table:{{ratings}}", "--weights", "walk=1", "-k", "1", "-q"]
assert main([*command, "--out", f"{{folder}}/out"]) == 0
written = spark.read.parquet(f"{{folder}}/out")
users = {{row.userId for row in written.collect()}}
assert users == {{0, 1, 2, 3, 4}}, users

written.where("userId < 3").write.format("delta").save(f"{{folder}}/lists")
some = written.where("userId IN (2, 3)").withColumn("rank", (written.rank + 10).cast("int"))
for mode in (WriteMode.APPEND, WriteMode.MERGE):
    target = ListTable(spark, lists, mode)
    target.check()
    assert target.send(some, "userId") == 2
    ranks = sorted((row.userId, row.rank) for row in spark.table(lists).collect())
    twice = [(2, 1)] if mode == WriteMode.APPEND else []
    assert ranks == [(0, 1), (1, 1), *twice, (2, 11), (3, 11)], ranks
assert ListTable(spark, lists).send(some, "userId") == 2
assert spark.table(lists).count() == 2
steps = [row.operation for row in spark.sql(f"DESCRIBE HISTORY {{lists}}").collect()]
print(steps)
"""


def test_delta_tables_are_read_written_and_merged(tmp_path: Path) -> None:
    """Each write is one version of the table: who reads meanwhile finds the one before."""
    done = subprocess.run(
        [sys.executable, "-c", SESSION, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("MERGE") == 1
