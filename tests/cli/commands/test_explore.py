"""`graphrec explore`, from a file to tables on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from graphrec.errors import GraphFramesError
from graphrec.graph.exploration import TABLES
from tests.reports.reading import Page

Graphrec = Callable[..., Any]


@pytest.mark.slow
def test_tables_record_and_summary(
    graphrec: Graphrec, ratings: Path, products: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    explored = ("explore", ratings, "--items", products, "--out", out, "--format", "csv", "-k", 2)
    explored += ("--features", "brand_name")
    done = graphrec(*explored, "--edges-per-item", 5, "--sample", 2, "--explorer-users", 9)
    assert done.code == 0, done.err
    folders = {*TABLES, "features", "_rejected", "_csv"}
    assert {path.name for path in out.iterdir() if path.is_dir()} == folders
    similar = pd.read_parquet(out / "similar_users")
    assert list(similar.columns)[:3] == ["customer_id", "neighbour", "rank"]
    assert similar["rank"].max() == 2
    assert similar.pearson.notna().any()  # ratings are weights here
    roles = pd.read_parquet(out / "item_roles")
    assert roles.asin.is_unique
    assert list((out / "_csv" / "reach").glob("*.csv"))
    [told] = pd.read_parquet(out / "features").itertuples()
    assert (told.feature, told.kind, told.users) == ("brand_name", "category", 40)
    assert told.ci_low < told.bits < told.ci_high
    assert "what features say of what users take" in done.out
    assert pd.read_parquet(out / "_rejected").reason.size == 4

    record = json.loads((out / "_run.json").read_text())
    assert record["output"]["users"] == record["input"]["users"] == 40
    assert record["output"]["items"] == roles.shape[0]
    assert record["parameters"]["edges_per_item"] == 5
    assert {"degrees", "components", "core numbers", "PageRank", "communities"} <= set(
        record["seconds"]
    )
    assert "rank correlation of PageRank and popularity" in done.out
    assert "communities of items" in done.out
    assert "[bold]" in done.out
    lines = done.err.splitlines()  # a path is never broken
    assert f"report in {out}/_report.html" in lines
    assert f"map of the items in {out}/_explorer.html" in lines
    the_report_describes_the_run(out)
    the_map_shows_the_tables(out, ratings)

    before = sorted(path for path in out.rglob("*"))
    refused = graphrec(*explored)
    assert refused.code == 2
    assert "is there already" in refused.err
    assert sorted(path for path in out.rglob("*")) == before


def the_report_describes_the_run(out: Path) -> None:
    page = Page((out / "_report.html").read_text(encoding="utf-8"))
    record = " ".join(page.texts)
    assert "of 40 users with 30 items" in record
    assert "4 rows" in record
    assert "item id is missing" in page.texts
    assert "<script" not in record
    assert "bits per interaction: brand_name" in record
    degrees = [row for rows in datasets(page, "degrees") for row in rows]
    users = [row for row in degrees if row.get("type") == "user" and "vertices" in row]
    assert sum(row["vertices"] for row in users) == 40
    assert "reach" not in page.specs  # all users reach nearly all: one bar would be no chart
    assert "100 % of the users reach at least half of them" in record


def datasets(page: Page, chart: str) -> list[list[dict[str, Any]]]:
    return list(page.specs[chart]["datasets"].values())


def the_map_shows_the_tables(out: Path, ratings: Path) -> None:
    content = Page((out / "_explorer.html").read_text(encoding="utf-8")).embedded
    items, edges = content["items"], content["edges"]
    roles = pd.read_parquet(out / "item_roles").sort_values(
        ["support", "asin"], ascending=[False, True]
    )
    assert items["support"] == roles.support.tolist()
    assert items["community"] == roles.community.fillna(0).tolist()
    known = [title for title in items["title"] if title.startswith("Product [bold]")]
    assert len(known) == 28
    assert {"a28", "a29"} <= set(items["title"])  # by their ids
    id_of = roles.asin.tolist()
    drawn = {
        (id_of[source], id_of[target], together, cosine)
        for source, target, together, cosine in zip(
            *(edges[name] for name in ("source", "target", "together", "cosine")), strict=True
        )
    }
    table = pd.read_parquet(out / "item_edges")
    assert drawn == {
        (row.asin, row.neighbour, row.together, float(f"{row.cosine:.4g}"))
        for row in table.itertuples()
    }

    assert len(content["users"]) == 9
    rows = pd.read_csv(ratings, dtype=str).dropna()
    rows = rows[rows.stars != "five"]
    for user in content["users"]:
        own = rows[rows.customer_id == user["name"]].sort_values("ts", ascending=False)
        assert {id_of[item] for item in user["items"]} == set(own.asin)
        assert user["history"] == own.asin.nunique()
        latest = own.drop_duplicates("asin").asin.tolist()
        assert [id_of[item] for item in user["items"]] == latest
        for place, name, _, _ in user["similar"]:
            assert place == -1 or content["users"][place]["name"] == name


@pytest.mark.slow
def test_one_interaction_is_a_graph(graphrec: Graphrec, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("user,item\nann,alien\n")
    done = graphrec("explore", tmp_path / "in.csv", "--out", tmp_path / "out")
    assert done.code == 0, done.err
    record = json.loads((tmp_path / "out" / "_run.json").read_text())["output"]
    assert (record["density"], record["components"], record["communities"]) == (1.0, 1, 0)
    assert record["innermost_core"] == {"core": 1, "users": 1, "items": 1}
    assert (record["modularity"], record["median_best_cosine"]) == (None, None)
    page = Page((tmp_path / "out" / "_explorer.html").read_text(encoding="utf-8"))
    assert page.embedded["items"]["title"] == ["alien"]
    assert page.embedded["users"][0]["items"] == [0]


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


def test_names_of_the_input_may_not_be_those_of_the_result(
    graphrec: Graphrec, tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_text("user,Support\nann,alien\n")
    done = graphrec("explore", tmp_path / "in.csv", "--item", "Support", "--out", tmp_path / "out")
    assert done.code == 2
    assert (
        "graphrec: the item column cannot be named like a column of the result; "
        "found 'Support'; rename it in the input" in done.err
    )
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_without_graphframes_there_is_one_line_and_nothing_is_read(
    graphrec: Graphrec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def missing(_: object) -> None:
        raise GraphFramesError("this Spark session has no GraphFrames classes", fix="add them")

    monkeypatch.setattr("graphrec.spark.jars.require_graphframes", missing)
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

    monkeypatch.setattr("graphrec.graph.exploration.shell_table", broken)
    done = graphrec("explore", ratings, "--out", out, "--overwrite")
    assert done.code == 1
    assert "out of luck" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (out / "_run.json").read_text() == "{}"
