"""A model that was saved, opened without Spark, against the same model in Spark."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from graphrec.cooccurrence.measures import MEASURES
from graphrec.errors import ParameterError
from graphrec.recommenders.base import Recommender, RecommenderModel
from graphrec.scorer.scorer import Recommendation
from tests.recommenders import checkerboard

K = 12


@pytest.fixture(scope="module")
def scorer(saved: Path) -> gr.Scorer:
    return gr.Scorer.open(saved)


def rows_of(lists: DataFrame) -> dict[Any, list[tuple[Any, ...]]]:
    """Each user's rows of `rankedLists`, best first, as plain values."""
    found: dict[Any, list[tuple[Any, ...]]] = {}
    user = lists.columns[0]
    for row in lists.orderBy(user, "rank").collect():
        found.setdefault(row[user], []).append(tuple(row)[1:])
    return found


def as_rows(listed: list[Recommendation]) -> list[tuple[Any, ...]]:
    return [
        (
            *(one.item, one.rank, one.score, *one.shares.values()),
            *(one.because, one.source, one.history_size),
        )
        for one in listed
    ]


def test_all_users_of_the_sample_get_the_lists_of_the_batch_to_the_bit(
    scorer: gr.Scorer, model: RecommenderModel
) -> None:
    expected = rows_of(model.rankedLists(K))
    assert list(expected) == list(scorer.model.users)
    for user, rows in expected.items():
        assert as_rows(scorer.recommend(scorer.history(user), K)) == rows


def given_with_users(spark: SparkSession) -> Recommender:
    items, users = checkerboard.given(spark), checkerboard.USERS
    factors = [(checkerboard.viewer(n), [1.0 + n / 7, 0.3]) for n in range(0, users, 2)]
    frame = spark.createDataFrame(factors, "viewer string, features array<float>")
    assert items.itemFactors is not None
    return gr.PretrainedFactorsRecommender(items.itemFactors, frame, **checkerboard.COLUMNS)


OTHERS = {
    "als alone": lambda _: gr.ALSRecommender(**checkerboard.COLUMNS, rank=4, maxIter=2),
    "trend": lambda _: gr.TrendRecommender(**checkerboard.COLUMNS, recentShare=0.3),
    "given factors of some users": given_with_users,
    "weights that fall with age": lambda _: gr.ItemKNNRecommender(
        **checkerboard.COLUMNS, preference="weight", halfLife=0.5, recencyHalfLife=0.25
    ),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_every_kind_of_leg_gives_the_lists_of_the_batch(
    kind: str, spark: SparkSession, tmp_path: Path
) -> None:
    model = OTHERS[kind](spark).fit(checkerboard.frame(spark, checkerboard.messy_rows()))
    model.save(str(tmp_path / "model"))
    scorer = gr.Scorer.open(tmp_path / "model")
    for user, rows in rows_of(model.rankedLists(5)).items():
        assert as_rows(scorer.recommend(scorer.history(user), 5)) == rows


RULES: list[dict[str, Any]] = [
    {"duplicates": "last", "preference": "weight"},
    {"duplicates": "sum", "preference": "weight", "halfLife": 0.05},
    {"duplicates": "last", "preference": "binary", "halfLife": 0.05},
]


@pytest.mark.parametrize("rules", RULES, ids=lambda rules: " ".join(map(str, rules.values())))
def test_new_interactions_become_a_history_by_the_rules_of_the_model(
    rules: dict[str, Any], spark: SparkSession, tmp_path: Path
) -> None:
    """Interactions with duplicates, unknown items and times out of order."""
    known = checkerboard.frame(spark, checkerboard.rows())
    model = gr.ItemKNNRecommender(**checkerboard.COLUMNS, **rules).fit(known)
    model.save(str(tmp_path / "model"))
    scorer = gr.Scorer.open(tmp_path / "model")
    rows = [
        *((film, 1.0 + film % 4, 1e9 + 900.0 * film) for film in (2, 4, 10, 3)),
        *((film, 5.0 - film % 4, 1e9 + 5000.0 - 700.0 * film) for film in (2, 4, 10)),
        (4, 2.5, 1e9 + 3600.0),
        (4, 0.5, 1e9 + 3600.0),
        (777, 3.0, 1e9),
    ]
    frame = checkerboard.frame(spark, [("new", *row) for row in rows])
    [expected] = model.dataset.histories_in(frame).collect()
    history = scorer.extended(scorer.history("nobody"), rows)
    assert history.items.tolist() == expected["items"]
    assert history.weights.tolist() == expected["weights"]
    assert history.times.tolist() == expected["times"]
    [lists] = model.recommendForHistories(frame, 5).collect()
    assert [(one.item, one.score) for one in scorer.recommend(rows, 5)] == [
        (row.film, row.rating) for row in lists.recommendations
    ]


def test_an_offset_continues_a_list(scorer: gr.Scorer) -> None:
    history = scorer.history(scorer.model.users[3])
    whole = scorer.recommend(history, 10, diversity=0.0)
    assert scorer.recommend(history, 4, offset=6, diversity=0.0) == whole[6:]


def test_what_is_denied_or_not_allowed_is_not_listed(scorer: gr.Scorer) -> None:
    history = scorer.history(scorer.model.users[3])
    first, second, *_ = (one.item for one in scorer.recommend(history, 5))
    denied = [one.item for one in scorer.recommend(history, 5, deny=[first, "unknown", 7])]
    assert first not in denied
    assert len(denied) == 5
    allowed = scorer.recommend(history, 5, allow=[second, first, "unknown"])
    assert {one.item for one in allowed} == {first, second}
    assert scorer.recommend(history, 5, allow=[]) == []


def test_weights_and_diversity_of_a_call_replace_those_of_the_model(
    scorer: gr.Scorer, model: RecommenderModel
) -> None:
    user = scorer.model.users[7]
    other = model.copy().setParams(weights={"als": 1.0}, diversity=0.6)
    expected = [row[0] for row in rows_of(other.rankedLists(K))[user]]
    found = scorer.recommend(scorer.history(user), K, weights={"als": 1.0}, diversity=0.6)
    assert [one.item for one in found] == expected


def test_a_stranger_gets_what_is_popular(scorer: gr.Scorer) -> None:
    found = scorer.recommend(scorer.history("nobody"), 5)
    assert [one.item for one in found] == scorer.popular(5)
    assert {one.source for one in found} == {"popular"}
    seen = scorer.extended(scorer.history("nobody"), scorer.popular(2))
    assert scorer.popular(3, hidden=seen) == scorer.popular(5)[2:]


def test_related_items_are_those_of_the_batch(scorer: gr.Scorer, model: RecommenderModel) -> None:
    rows = model.watchedTogether(6, measure="lift").where("movieId = 'm260'").orderBy("rank")
    expected = [row.asDict() for row in rows.collect()]
    found = scorer.related("m260", 6, measure="lift")
    assert [one.item for one in found] == [row["neighbour"] for row in expected]
    for one, row in zip(found, expected, strict=True):
        assert (one.rank, one.together, one.after) == (row["rank"], row["together"], row["after"])
        assert one.measures == {name: row[name] for name in MEASURES}


def test_the_reasons_are_those_of_the_batch(scorer: gr.Scorer, model: RecommenderModel) -> None:
    user = scorer.model.users[2]
    item = scorer.recommend(scorer.history(user), 1)[0].item
    expected, found = model.explain(user, item), scorer.explain(scorer.history(user), item)
    [position] = expected.position.collect()
    assert (found.score, found.outcome, found.rank) == (
        position.score,
        position.outcome,
        position["rank"],
    )
    history = expected.contributions.where("part = 'history'").orderBy("rank").collect()
    assert found.contributions == [(row.movieId, row.contribution) for row in history]
    assert sum(part for _, part in found.contributions) + found.rest == pytest.approx(
        found.score, abs=1e-4
    )


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no length": ({"k": 0}, "k must be"),
    "a fraction": ({"k": 2.5}, "k must be"),
    "an offset": ({"offset": -1}, "offset must be"),
    "diversity": ({"diversity": 1.5}, "diversity must be"),
    "a leg": ({"weights": {"nearest": 1.0}}, "weights name a leg"),
    "a weight": ({"weights": {"als": -1.0}}, "the weight of als"),
}


@pytest.mark.parametrize("case", WRONG)
def test_arguments_out_of_their_range_are_refused(case: str, scorer: gr.Scorer) -> None:
    arguments, message = WRONG[case]
    with pytest.raises(ParameterError, match=message):
        scorer.recommend([], **arguments)


def test_histories_items_and_measures_that_cannot_be_are_refused(scorer: gr.Scorer) -> None:
    for history, message in (("m260", "a list of items"), ([("m260", -2e9)], "the value")):
        with pytest.raises(ParameterError, match=message):
            scorer.recommend(history)
    with pytest.raises(ParameterError, match="does not know this item"):
        scorer.explain([], "m999")
    with pytest.raises(ParameterError, match="measure of association"):
        scorer.related("m260", measure="distance")


ALONE = """
import json, sys
import graphrec as gr
from graphrec.cli import main
scorer = gr.Scorer.open(sys.argv[1])
user = scorer.model.users[0]
listed = scorer.recommend(scorer.history(user), 3)
scorer.related(listed[0].item)
scorer.explain(scorer.history(user), listed[0].item)
assert main(["model", sys.argv[1]]) == 0
spark = [name for name in sys.modules if name.partition(".")[0] in ("pyspark", "py4j")]
print(json.dumps([[one.item for one in listed], spark]))
"""


def test_it_needs_no_spark(scorer: gr.Scorer, saved: Path) -> None:
    """A process of its own, in which Java cannot even be found."""
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(saved)],
        env={"PATH": "", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "HybridRecommenderModel" in done.stdout
    listed, spark = json.loads(done.stdout.splitlines()[-1])
    assert spark == []
    user = scorer.model.users[0]
    assert listed == [one.item for one in scorer.recommend(scorer.history(user), 3)]
