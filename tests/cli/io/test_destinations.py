"""Where `recommend --to` writes lists, beside the folder of the result."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from graphrec.cli.io.destinations import destination
from graphrec.errors import ParameterError, UnreachableError
from tests.cli.conftest import Graphrec
from tests.redis_server import PASSWORD, redis_server


def test_lists_go_to_redis_and_to_a_table(
    graphrec: Graphrec, ratings: Path, tmp_path: Path, spark: SparkSession
) -> None:
    """One run of each; what is in both is what is in the folder."""
    command = ("recommend", ratings, "--weights", "walk=1", "-k", "2")
    with redis_server(tmp_path) as (url, client):
        out = tmp_path / "one"
        done = graphrec(*command, "--save-model", tmp_path / "model", "--out", out, "--to", url)
        assert done.code == 0, done.err
        lists = pd.read_parquet(out).sort_values(["customer_id", "rank"])
        assert client.dbsize() == lists.customer_id.nunique()
        for user, rows in lists.groupby("customer_id"):
            found = json.loads(client.get(f"graphrec:{user}"))
            assert [one["asin"] for one in found] == list(rows["asin"])
            assert [one["score"] for one in found] == pytest.approx(list(rows["score"]))
    record = (out / "_run.json").read_text()
    sent = json.loads(record)["output"]["sent"]
    assert sent == {"to": url.replace(f":{PASSWORD}@", ""), "users": lists.customer_id.nunique()}
    assert PASSWORD not in record + done.out + done.err
    try:
        again = ("--model", tmp_path / "model", "--out", tmp_path / "two", "-k", "2")
        assert graphrec("recommend", *again, "--to", "table:sent_lists").code == 0
        table = spark.table("sent_lists").toPandas().sort_values(["customer_id", "rank"])
        assert table[["customer_id", "asin"]].values.tolist() == (
            lists[["customer_id", "asin"]].values.tolist()
        )
    finally:
        spark.sql("DROP TABLE IF EXISTS sent_lists")


def test_what_is_nowhere_is_said_before_anything_is_read(
    graphrec: Graphrec, ratings: Path, tmp_path: Path, spark: SparkSession
) -> None:
    assert destination(spark, None) is None
    with pytest.raises(ParameterError, match="found host/x; write"):
        destination(spark, "http://user:secret@host/x")
    with pytest.raises(UnreachableError, match=r"a\.b\.c\.d cannot be written"):
        destination(spark, "table:a.b.c.d")
    done = graphrec("recommend", ratings, "--out", tmp_path / "out", "--to", "lists")
    assert done.code == 2
    assert not (tmp_path / "out").exists()
