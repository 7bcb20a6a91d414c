"""`graphrec explore`, from a file to tables on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from graphrec.analytics.exploration import TABLES
from graphrec.errors import GraphFramesError

Graphrec = Callable[..., Any]


def test_tables_record_and_summary(
    graphrec: Graphrec, ratings: Path, products: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    explored = ("explore", ratings, "--items", products, "--out", out, "--format", "csv", "-k", 2)
    done = graphrec(*explored, "--edges-per-item", 5, "--sample", 2)
    assert done.code == 0, done.err
    assert {path.name for path in out.iterdir() if path.is_dir()} == {*TABLES, "_rejected", "_csv"}
    similar = pd.read_parquet(out / "similar_users")
    assert list(similar.columns)[:3] == ["customer_id", "neighbour", "rank"]
    assert similar["rank"].max() == 2
    assert similar.pearson.notna().any()  # ratings are weights here
    roles = pd.read_parquet(out / "item_roles")
    assert roles.asin.is_unique
    assert list((out / "_csv" / "reach").glob("*.csv"))
    assert pd.read_parquet(out / "_rejected").reason.size == 4

    told = json.loads((out / "_run.json").read_text())
    assert told["output"]["users"] == told["input"]["users"] == 40
    assert told["output"]["items"] == roles.shape[0]
    assert told["parameters"]["edges_per_item"] == 5
    assert {"degrees", "components", "core numbers", "PageRank", "communities"} <= set(
        told["seconds"]
    )
    assert "rank correlation of PageRank and popularity" in done.out
    assert "communities of items" in done.out
    assert "[bold]" in done.out

    before = sorted(path for path in out.rglob("*"))
    refused = graphrec(*explored)
    assert refused.code == 2
    assert "is there already" in refused.err
    assert sorted(path for path in out.rglob("*")) == before


def test_one_interaction_is_a_graph(graphrec: Graphrec, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("user,item\nann,alien\n")
    done = graphrec("explore", tmp_path / "in.csv", "--out", tmp_path / "out")
    assert done.code == 0, done.err
    told = json.loads((tmp_path / "out" / "_run.json").read_text())["output"]
    assert (told["density"], told["components"], told["communities"]) == (1.0, 1, 0)
    assert told["innermost_core"] == {"core": 1, "users": 1, "items": 1}
    assert (told["modularity"], told["median_best_cosine"]) == (None, None)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "nothing to explore; give a file of interactions"),
        (["in.csv", "--resolution", "0"], "--resolution must be a number above 0; found 0"),
    ],
)
def test_what_cannot_be_explored(
    graphrec: Graphrec, arguments: list[str], line: str, tmp_path: Path
) -> None:
    done = graphrec("explore", *arguments, "--out", tmp_path / "out")
    assert (done.code, done.err) == (2, f"graphrec: {line}\n")
    assert not list(tmp_path.iterdir())


def test_without_graphframes_there_is_one_line_and_nothing_is_read(
    graphrec: Graphrec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def missing(_: object) -> None:
        raise GraphFramesError("this Spark session has no GraphFrames classes", fix="add them")

    monkeypatch.setattr("graphrec.graphframes_jar.require_graphframes", missing)
    done = graphrec("explore", tmp_path / "nowhere.csv", "--out", tmp_path / "out")
    assert done.code == 1
    assert "graphrec: this Spark session has no GraphFrames classes; add them" in done.err
    assert not list(tmp_path.iterdir())


def test_a_failed_run_leaves_the_older_result(
    graphrec: Graphrec, ratings: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "_run.json").write_text("{}")

    def broken(*_: object) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr("graphrec.analytics.exploration.shell_table", broken)
    done = graphrec("explore", ratings, "--out", out, "--overwrite")
    assert done.code == 1
    assert "out of luck" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (out / "_run.json").read_text() == "{}"
