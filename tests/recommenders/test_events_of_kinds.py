"""Views, carts, purchases and dislikes: what each counts, and what it hides."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from graphrec.errors import ColumnError, ParameterError
from graphrec.recommenders.model import RecommenderModel

SCHEMA = "user string, item string, kind string"
KINDS = {"view": 1, "cart": 3, "purchase": 5, "dislike": -1}
PARAMS = {"eventCol": "kind", "eventWeights": KINDS}
ROWS = [
    *((f"u{user}", item, "purchase") for user in range(4) for item in "abcd" if user != ord(item)),
    ("ann", "a", "view"),
    ("ann", "a", "purchase"),
    ("ann", "b", "view"),
    ("ann", "b", "cart"),
    ("ann", "c", "dislike"),
    ("ann", "d", "hover"),  # rejected
    ("ann", "d", None),  # rejected
]


@pytest.fixture(scope="module")
def rows(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame(ROWS, SCHEMA)


@pytest.fixture(scope="module")
def model(rows: DataFrame) -> RecommenderModel:
    return gr.ItemKNNRecommender(**PARAMS).fit(rows)


def test_kinds_are_weights_and_unknown_ones_are_rejected(model: RecommenderModel) -> None:
    figures = model.figures
    assert figures is not None
    assert figures.rejected == {"kind of event is missing": 1, "kind of event has no weight": 1}
    assert (figures.interactions, figures.dislikes, figures.combined_rows) == (18, 1, 2)
    [ann] = model.dataset.histories.where("user = 'ann'").collect()
    ids = model.dataset.catalogue.ids.to_pylist()
    assert {ids[n]: weight for n, weight in zip(ann["items"], ann.weights, strict=True)} == {
        "a": 1.0,
        "b": pytest.approx(0.6),
    }
    assert [ids[n] for n in ann.seen] == ["a"]
    assert [ids[n] for n in ann.disliked] == ["c"]
    assert model.dataset.params["targetEvent"] == "purchase"
    unset = gr.PopularityRecommender(**PARAMS, targetEvent=None)
    assert unset.fit(model.dataset).value("targetEvent") == "purchase"


def test_an_update_weighs_kinds_as_the_fit_does(rows: DataFrame, spark: SparkSession) -> None:
    popular = gr.PopularityRecommender(**PARAMS)
    later = [*ROWS[-5:], ("u0", "a", "dislike"), ("new", "e", "cart")]
    new = spark.createDataFrame(later, SCHEMA)
    updated = popular.fit(spark.createDataFrame(ROWS[:-5], SCHEMA)).update(new)
    whole = popular.fit(spark.createDataFrame([*ROWS[:-5], *later], SCHEMA))
    found, wanted = (model.dataset.served.orderBy("user").toArrow() for model in (updated, whole))
    assert found.equals(wanted)
    assert updated.dataset.rules == whole.dataset.rules
    assert updated.update_figures is not None
    assert updated.update_figures.rejected == {
        "kind of event is missing": 1,
        "kind of event has no weight": 1,
    }
    with pytest.raises(ColumnError, match="kind"):
        updated.update(new.drop("kind"))


def test_only_the_target_and_dislikes_are_hidden(
    model: RecommenderModel, rows: DataFrame, tmp_path: Path
) -> None:
    ann = rows.where("user = 'ann'")
    found = model.rankedLists(4, users=ann).orderBy("rank").collect()
    assert {row["item"] for row in found} == {"b", "d"}
    model.save(str(tmp_path / "model"))
    scorer = gr.Scorer.open(tmp_path / "model")
    expected = [(row["item"], row.score) for row in found]
    known = scorer.recommend(scorer.history("ann"), 4)
    assert [(row.item, row.score) for row in known] == expected
    given = [(item, KINDS[kind]) for user, item, kind in ROWS if user == "ann" and kind in KINDS]
    assert [(row.item, row.score) for row in scorer.recommend(given, 4)] == expected
    loaded = RecommenderModel.load(str(tmp_path / "model"))
    assert loaded.rankedLists(4, users=ann).orderBy("rank").collect() == found


def test_kinds_need_a_column_and_weights_and_take_the_place_of_ratings(rows: DataFrame) -> None:
    with pytest.raises(ParameterError, match="eventCol and eventWeights need each other"):
        gr.Dataset.from_interactions(rows, eventCol="kind")
    with pytest.raises(ColumnError, match="ratings do not count"):
        gr.Dataset.from_interactions(rows, **PARAMS, ratingCol="kind")  # type: ignore[arg-type]
    with pytest.raises(ColumnError, match="no column 'Kind' for the event"):
        gr.Dataset.from_interactions(rows, eventCol="Kind", eventWeights={"view": 1.0})
