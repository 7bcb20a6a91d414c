"""`graphrec model`: the card on the screen and as a page."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

import graphrec as gr
from graphrec.recommenders.model import RecommenderModel
from tests.cli.conftest import Graphrec


@pytest.fixture(scope="module")
def saved(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "model"
    rows = [("ann", "tea", 4.0), ("ben", "tea", 5.0), ("ben", "ham", 4.0), ("ben", "ham", None)]
    model = gr.PopularityRecommender().fit(
        spark.createDataFrame(rows, "user string, item string, rating double")
    )
    model.metrics += (gr.Metric("NDCG@10", 0.25, 0.2, 0.3, users=7, split="the last week"),)
    model.save(str(path))
    return path


def test_the_card_is_shown_and_written(saved: Path, tmp_path: Path, graphrec: Graphrec) -> None:
    page = tmp_path / "pages" / "model.html"
    done = graphrec("model", saved, "--out", page)
    assert done.code == 0
    html = page.read_text(encoding="utf-8")
    card = RecommenderModel.load(str(saved)).summary
    assert card.figures is not None
    for text in ("PopularityModel", "25.00%", card.figures.fingerprint, "0.2 to 0.3", "4 read"):
        assert text in html
        assert text in done.out
    assert gr.__version__ in html


def test_a_page_is_only_replaced_on_demand(saved: Path, tmp_path: Path, graphrec: Graphrec) -> None:
    page = tmp_path / "model.html"
    page.write_text("older")
    refused = graphrec("model", saved, "--out", page)
    assert (refused.code, page.read_text()) == (2, "older")
    assert "give --overwrite" in refused.err
    assert graphrec("model", saved, "--out", page, "--overwrite").code == 0
    assert "PopularityModel" in page.read_text(encoding="utf-8")
    assert [file.name for file in tmp_path.iterdir()] == ["model.html"]


def test_what_is_no_model_is_refused_in_one_line(tmp_path: Path, graphrec: Graphrec) -> None:
    refused = graphrec("model", tmp_path)
    assert refused.code == 2
    assert refused.err.count("\n") == 1
    assert "there is no model at" in refused.err
