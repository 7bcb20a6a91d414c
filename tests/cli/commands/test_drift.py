"""`graphrec drift`: the table, the page, the record and the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
from pyspark.sql import SparkSession

import graphrec as gr
from tests.cli.conftest import Graphrec
from tests.reports.reading import Page


def test_a_scheduler_learns_of_drift_by_the_exit_code(
    spark: SparkSession, tmp_path: Path, graphrec: Graphrec
) -> None:
    rows = [
        (f"u{user}", f"m{user * step % 20}", 3.0 + step % 3)
        for user in range(100)
        for step in (1, 3, 7)
    ]
    known = spark.createDataFrame(rows, "user string, item string, rating double")
    gr.PopularityRecommender().fit(known).save(f"{tmp_path}/model")
    known.selectExpr("user", "item", "3.0D AS rating").write.parquet(f"{tmp_path}/harsh")
    known.write.parquet(f"{tmp_path}/same")
    for name, code, drifted in (("same", 0, []), ("harsh", 3, ["ratings"])):
        done = graphrec("drift", f"{tmp_path}/model", f"{tmp_path}/{name}", "--out",
                        f"{tmp_path}/{name}-out")  # fmt: skip
        assert done.code == code, done.err
        record = json.loads((tmp_path / f"{name}-out" / "_run.json").read_text())
        assert record["output"]["drifted"] == drifted
        table = pq.read_table(tmp_path / f"{name}-out").to_pylist()
        assert [row["name"] for row in table if row["drifted"]] == drifted
        assert "activity" in done.out
    assert "the data have drifted: ratings" in done.err
    page = Page((tmp_path / "harsh-out" / "_report.html").read_text(encoding="utf-8"))
    assert "Drifted: ratings." in page.texts
    assert {"item-shares"} <= set(page.specs)
    assert page.fetched == []
