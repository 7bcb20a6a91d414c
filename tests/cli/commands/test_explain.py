"""`graphrec explain`, from a file to an explanation on the screen and on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import SparkSession

import graphrec as gr
from graphrec.cli import main
from graphrec.data.reading.readers import read_table
from tests.reports.reading import Page

Graphrec = Callable[..., Any]
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Titles that want to be code, and one for the terminal."""
    rows = [f'a{item},"{HOSTILE} [bold]{item}[/bold] & ""so"" on"' for item in range(30)]
    path = tmp_path_factory.mktemp("films") / "films.csv"
    path.write_text("\n".join(["asin,title", *rows]) + "\n")
    return path


@pytest.fixture(scope="module")
def explained(
    tmp_path_factory: pytest.TempPathFactory, spark: SparkSession, ratings: Path, films: Path
) -> Path:
    """The result for an item that user 9 has not seen, and the page's titles."""
    assert spark.range(1).count() == 1  # the session that the verb finds
    out = tmp_path_factory.mktemp("explained") / "out"
    arguments = ["explain", str(ratings), "9", "a5", "--items", str(films), "--out", str(out)]
    more = ["--rank", "4", "--diversity", "0.2", "-k", "30", "--paths", "2", "--format", "csv"]
    assert main([*arguments, *more]) == 0
    return out


def test_the_tables_sum_to_the_score(explained: Path) -> None:
    tables = {
        name: pd.read_parquet(explained / name)
        for name in ("position", "shares", "contributions", "paths")
    }
    [position] = tables["position"].to_dict("records")
    assert (position["customer_id"], position["asin"], position["outcome"]) == (9, "a5", "listed")
    assert position["mmr"] == pytest.approx(0.8 * position["relevance"] - position["penalty"])
    assert list(tables["shares"].leg) == ["walk", "ease", "als", "embedding"]
    assert tables["shares"].share.sum() == pytest.approx(position["score"], abs=1e-4)
    contributions = tables["contributions"]
    assert contributions.contribution.sum() == pytest.approx(position["score"], abs=1e-4)
    assert list(contributions.columns) == [
        *("rank", "part", "asin", "weight", "contribution", "walk", "ease", "als", "embedding")
    ]
    assert list(tables["paths"]["rank"]) == [1, 2]
    assert tables["paths"].weight.is_monotonic_decreasing
    assert set(tables["paths"].history_item) <= set(contributions.asin)
    record = json.loads((explained / "_run.json").read_text())
    assert record["output"]["score"] == position["score"]
    assert record["parameters"]["item_id"] == "a5"
    assert (explained / "_rejected").is_dir()
    assert len(list((explained / "_csv" / "paths").glob("*.csv"))) == 1


def test_the_page_fetches_nothing_and_titles_stay_text(explained: Path) -> None:
    html = (explained / "_explanation.html").read_text(encoding="utf-8")
    page = Page(html)
    assert not page.scripts
    assert not page.fetched
    assert f'Why {HOSTILE} [bold]5[/bold] & "so" on for 9?' in page.texts
    assert html.count('class="band') == 3 * 2
    shown = pd.read_parquet(explained / "paths")
    assert set(map(str, shown.other_user)) <= set(page.texts)


def test_a_saved_model_explains_on_the_screen(
    spark: SparkSession, graphrec: Graphrec, ratings: Path, products: Path, tmp_path: Path
) -> None:
    model = gr.PopularityRecommender().fit(read_table(spark, str(ratings)))
    model.write().save(str(tmp_path / "model"))
    arguments = ("explain", "--model", tmp_path / "model", "9")
    done = graphrec(*arguments, "a4", "--items", products)
    assert done.code == 0
    assert "9 and Product [bold]4[/bold]" in done.out
    assert "its popularity" in done.out
    assert "share of all such walks" in done.out
    nobody = graphrec("explain", "--model", tmp_path / "model", "999", "a4")
    assert nobody.code == 2
    assert "graphrec: the model does not know this user; found 999" in nobody.err
    assert graphrec(*arguments, "nothing").code == 2
    padded = graphrec("explain", "--model", tmp_path / "model", "09", "a4")
    assert padded.code == 2
    assert "the user must be a whole number, as the ids that were learned are" in padded.err
    (tmp_path / "deny.csv").write_text("asin\na5\n")
    denied = graphrec(*arguments, "a5", "--deny", tmp_path / "deny.csv")
    assert denied.code == 0
    assert "it is denied" in denied.out
    assert "--deny" not in denied.err
    pd.DataFrame({"asin": [5, 7]}).to_parquet(tmp_path / "deny.parquet")
    refused = graphrec(*arguments, "a5", "--deny", tmp_path / "deny.parquet")
    assert refused.code == 2
    assert "deny.parquet: the item ids in the column 'asin' are not of the model's" in refused.err


def test_both_ids_are_wanted(graphrec: Graphrec, ratings: Path) -> None:
    done = graphrec("explain", ratings, "9")
    assert done.code == 2
    assert "found USER=9, ITEM=None; write graphrec explain IN USER ITEM" in done.err
