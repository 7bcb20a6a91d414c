"""The Python of the guides runs as it stands there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

import graphrec as gr
from tests.documents import ROOT, steps
from tests.movielens_folder import movielens_folder

STATIC = ROOT / "docs" / "_static"


def blocks(document: Path) -> list[str]:
    """The Python of a document."""
    return [step.source for step in steps(document) if step.kind == "python"]


@pytest.mark.slow
def test_the_quickstart_runs(spark: SparkSession, tmp_path: Path) -> None:
    first, second = blocks(ROOT / "docs" / "quickstart.md")
    assert [first] == blocks(ROOT / "README.md")  # which another test runs
    names: dict[str, Any] = {"gr": gr, "ratings": gr.samples.ratings(spark)}
    exec(second.replace('"out/', f'"{tmp_path}/out/'), names)
    assert names["model"].legs == ("walk", "als")
    assert (tmp_path / "out" / "quickstart" / "metadata").is_dir()


@pytest.mark.slow
def test_the_recommender_of_ones_own_runs(spark: SparkSession) -> None:
    names: dict[str, Any] = {}
    [source] = blocks(ROOT / "docs" / "own-recommender.md")
    exec(source, names)
    assert names["spark"] is spark
    assert names["blended"].legs == ("walk", "genre")


@pytest.mark.slow
def test_new_films_are_listed_and_explained(spark: SparkSession) -> None:
    names: dict[str, Any] = {}
    [source] = blocks(ROOT / "docs" / "new-items.md")
    exec(source, names)
    listed = names["listed"]
    films = names["films"].where(f"movieId = '{listed.movieId}'").collect()
    genres = {f"genres: {genre}" for genre in films[0].genres.split("|")}
    common = {row.feature for row in names["why"].features.collect()}
    assert common & genres
    assert names["known"].where(f"movieId = '{listed.movieId}'").count() == 0


@pytest.mark.slow
def test_the_whole_loop_of_an_experiment(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two arms, clicks by planted taste: the better arm, the off-policy value, the favourite."""
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {}
    [source] = blocks(ROOT / "docs" / "experiments.md")
    exec(source, names)
    assert names["found"].verdict.arm == "new"
    assert {check.state for check in names["found"].checks} == {"ok"}
    [one] = names["found"].final
    truth = [
        sum(
            chance * (0.4 if names["liked"][film] == names["taste"][user] else 0.1)
            for film, chance in zip(*names["policy"]("new", user), strict=True)
        )
        for user in names["shown"].user.unique()
    ]
    for estimate in names["judged"].estimates.values():
        assert estimate.low < sum(truth) / len(truth) < estimate.high
    assert names["judged"].warnings == []
    assert one.value > one.control_value
    assert names["favourite"] == names["taste"]["u001"]


@pytest.mark.slow
def test_ratings_and_criteria_are_predicted_as_the_guide_says(spark: SparkSession) -> None:
    names: dict[str, Any] = {}
    for source in blocks(ROOT / "docs" / "ratings.md"):
        exec(source, names)
    known, nobody = sorted(names["predicted"].collect(), key=lambda row: row.userId != "u001")
    assert known.deviation < nobody.deviation
    [folded_in] = names["folded_in"].where("userId = 'new'").collect()
    assert folded_in.deviation < nobody.deviation
    assert names["stream"].lastBatch == 0
    shares = {(row.user, row.criterion): row.share for row in names["weights"].collect()}
    assert shares["guest3", "food"] > 0.6 > shares["guest2", "food"]


@pytest.mark.slow
def test_visitors_get_lists_by_what_they_are_like(spark: SparkSession) -> None:
    names: dict[str, Any] = {}
    [source] = blocks(ROOT / "docs" / "new-users.md")
    exec(source, names)
    assert names["model"].legs == ("walk", "demographic")
    assert names["model"].dataset.profiles.encoding.kinds == {"age": "number", "job": "category"}


@pytest.mark.slow
def test_the_study_of_movielens(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a part of the sample, with less learning: what the page says is true of it as well."""
    monkeypatch.setenv("MOVIELENS", str(movielens_folder(tmp_path)))
    less = {
        "maxIter=20": "maxIter=3",
        "gr.RatingPredictor()": "gr.RatingPredictor(maxIter=2)",
        "gr.NeuralRecommender(": "gr.NeuralRecommender(epochs=2, ",
        "gr.HybridRecommender(": (
            "gr.HybridRecommender(legs=[gr.RandomWalkRecommender(), gr.ALSRecommender(rank=8)], "
            'weights={"walk": 0.7, "als": 0.3}, '
        ),
        "users=500": "users=50",
        '"out/': f'"{tmp_path}/out/',
    }
    page = "\n".join(blocks(ROOT / "docs" / "movielens.md"))
    for full, cheaper in less.items():
        assert full in page
        page = page.replace(full, cheaper)
    names: dict[str, Any] = {}
    exec(page, names)
    assert names["train"].count() + names["test"].count() == len(names["rated"])
    table, errors = names["table"], names["rating_errors"]
    assert table.ndcg["hybrid"] > 2 * table.ndcg["MLlib ALS"]
    assert table.ndcg["hybrid"] > table.ndcg["popularity"]
    diversity = table.intra_list_diversity
    assert diversity["hybrid + MMR"] > diversity["hybrid"]
    assert errors.predicted["RatingPredictor"] == 1.0
    assert errors.rmse["RatingPredictor"] < errors.rmse["MLlib ALS"]
    assert names["communities"].modularity > 0.3
    assert {check.state for check in names["found"].checks} == {"ok"}
    assert names["again"].metrics[-1].value == table.ndcg["hybrid"]
    pictures = {file.name for file in (tmp_path / "out" / "movielens").glob("*.svg")}
    shown = {file.name[len("movielens-") :] for file in STATIC.glob("movielens-*.svg")}
    assert pictures == shown


@pytest.mark.slow
def test_mllibs_als_is_replaced_and_its_factors_are_kept(spark: SparkSession) -> None:
    names: dict[str, Any] = {}
    for source in blocks(ROOT / "docs" / "from-mllib.md"):
        exec(source, names)
    [new] = names["unknown"].collect()
    seen = {row.movieId for row in names["new"].collect()}
    assert new.userId == "new"
    assert not seen & {listed.movieId for listed in new.recommendations}
    assert names["lists"].schema["recommendations"].dataType.elementType.names == [
        "movieId",
        "rating",
    ]
    assert names["hybrid"].legs == ("walk", "factors")
    assert (
        names["reasons"].where("rank = 1").count()
        == names["numbered"].select("user").distinct().count()
    )


@pytest.mark.slow
def test_a_matrix_and_factors_of_implicit_are_taken_over(spark: SparkSession) -> None:
    names: dict[str, Any] = {}
    for source in blocks(ROOT / "docs" / "from-implicit.md"):
        exec(source, names)
    matrix = names["user_items"].toarray()
    for lists in ("lists", "by_factors"):
        rows = names[lists].collect()
        assert {row.rank for row in rows} == {1, 2, 3, 4, 5}
        assert all(matrix[row.user, row.item] == 0 for row in rows)
