"""The card of a model: what is saved of it is what is read again, and old formats are refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from graphrec.data.figures import CappedHistories, InteractionFigures
from graphrec.data.liked import RatingRange
from graphrec.errors import UnreadableInputError
from graphrec.recommenders.model import RecommenderModel
from graphrec.recommenders.model_card import Metric, ModelCard, Origin
from graphrec.recommenders.saved_format import FORMAT
from graphrec.scorer.saved_model import read_card
from graphrec.scorer.scorer import Scorer

OLD = Path(__file__).parent / "data" / "format_1"
FIGURES = InteractionFigures(
    rows_read=12,
    accepted_rows=11,
    interactions=10,
    rejected={"item id is missing": 1},
    latest=1_700_000_000.0,
    capped=CappedHistories(2000, 0, 0),
    ratings=RatingRange(0.5, 5.0, 3.5),
    earliest=1_600_000_000.0,
    histogram=((0.5, 4), (5.0, 6)),
    fingerprint="00ff00ff00ff00ff",
)
CARD = ModelCard(
    type="PopularityModel",
    origin=Origin("2026-01-02T03:04:05+00:00", "0.1", "4.1.4", parent="20260101"),
    parameters={"candidates": 300, "halfLife": None},
    columns={"user": "userId", "item": "movieId", "rating": None},
    users=4,
    items=5,
    figures=FIGURES,
    metrics=(Metric("NDCG@20", 0.2, 0.19, 0.21, 100, "the last tenth"),),
)


def metadata(card: ModelCard) -> dict[str, object]:
    """As PySpark writes them, through JSON and back."""
    described = {"format": FORMAT, "columns": card.columns, "card": card.described()}
    written = {
        "class": f"graphrec.recommenders.popularity.{card.type}",
        "timestamp": 0,
        "sparkVersion": "4.1.4",
        "defaultParamMap": {"candidates": 100, "halfLife": None},
        "paramMap": {"candidates": 300},
        "graphrec": described,
    }
    return dict(json.loads(json.dumps(written)))


@pytest.mark.parametrize(
    "card", [CARD, replace(CARD, figures=None, metrics=()), replace(CARD, users=None)]
)
def test_what_is_saved_is_read_again(card: ModelCard) -> None:
    assert ModelCard.from_metadata(metadata(card), "model") == card


def test_sparsity_is_the_share_of_pairs_that_are_no_interactions() -> None:
    assert CARD.sparsity == 0.5
    assert replace(CARD, figures=None).sparsity is None


@pytest.mark.parametrize(("number", "age"), [(FORMAT - 1, "an older"), (FORMAT + 1, "a newer")])
def test_another_format_is_refused(number: int, age: str) -> None:
    other = metadata(CARD) | {"graphrec": {"format": number}}
    with pytest.raises(UnreadableInputError, match=f"model at m is of {age} format"):
        ModelCard.from_metadata(other, "m")


def test_a_stored_directory_of_an_older_format_is_refused_by_all_readers(
    spark: SparkSession,
) -> None:
    for read in (RecommenderModel.read().session(spark).load, Scorer.open, read_card):
        with pytest.raises(UnreadableInputError, match="older format") as caught:
            read(str(OLD))
        assert "\n" not in str(caught.value)
