"""The search keeps what wins on the held-out part, and the default where nothing does."""

from __future__ import annotations

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from graphrec.errors import EmptyInputError, ParameterError
from graphrec.recommenders.hybrid.hold_out import CUTS
from graphrec.tuning.grid import GRID, Group, default_grid
from graphrec.tuning.search import Tuned, tune
from tests.persisted import persisted

WALK = frozenset({"walk"})


@pytest.fixture(scope="module")
def interactions(spark: SparkSession) -> DataFrame:
    """Five tastes of 12 items each, and two items that everybody has."""
    rng = np.random.default_rng(4)
    rows = []
    for user in range(120):
        own = rng.choice(12, 7, replace=False) + 12 * (user % 5)
        rows += [(f"u{user:03}", f"i{item:02}") for item in [*own.tolist(), 60, 61]]
    return spark.createDataFrame(rows, "user string, item string")


@pytest.fixture(scope="module")
def hybrid() -> gr.HybridRecommender:
    return gr.HybridRecommender(
        [gr.RandomWalkRecommender(), gr.ALSRecommender(rank=1, maxIter=3)],
        weights={"walk": 0.5, "als": 0.5},
        candidates=50,
    )


@pytest.fixture(scope="module")
def tuned(spark: SparkSession, interactions: DataFrame, hybrid: gr.HybridRecommender) -> Tuned:
    grid = [
        Group("pair table", WALK, [{"maxNeighbours": None}, {"maxNeighbours": 1}]),
        Group("factors", frozenset({"als"}), [{"als.rank": 1}, {"als.rank": 6}]),
        Group("ease", frozenset({"ease"}), [{"ease.neighbours": 1}]),
        Group("walk", WALK, [{"walk.popularityExponent": 0.0}, {"walk.popularityExponent": 2.0}]),
        Group("pseudo", frozenset(), [{"pseudoInteractions": 0.1}, {"pseudoInteractions": 1.0}]),
    ]
    before = persisted(spark)
    tuned = tune(hybrid, interactions, grid=grid, users=100, fraction=0.2)
    assert len(persisted(spark) - before) == 2  # of `tuned.interactions`
    return tuned


def test_a_choice_that_wins_is_kept_and_one_that_loses_is_not(tuned: Tuned) -> None:
    assert tuned.settings["als.rank"] == 6  # one dimension cannot separate five tastes
    assert "maxNeighbours" not in tuned.settings  # its own default is no change
    assert tuned.users == 100
    chosen = {(trial.group, str(trial.settings)): trial.chosen for trial in tuned.trials}
    assert not chosen["pair table", "{'maxNeighbours': 1}"]
    assert chosen["factors", "{'als.rank': 6}"]


def test_every_choice_of_the_legs_is_tried_once(tuned: Tuned) -> None:
    assert [trial.group for trial in tuned.trials] == [
        *("pair table",) * 2,
        *("factors",) * 2,
        *("walk",) * 2,
        *("pseudo",) * 2,
    ]
    assert all(0 < trial.ndcg <= 1 for trial in tuned.trials)
    assert set(tuned.weights) == {"walk", "als"}
    assert sum(tuned.weights.values()) == pytest.approx(1.0)


def test_pseudo_interactions_are_tried_on_lists_of_their_own(
    tuned: Tuned, interactions: DataFrame, hybrid: gr.HybridRecommender
) -> None:
    """After all that was tried before, a share is as good as where the search begins with it."""
    some, more = (trial for trial in tuned.trials if trial.group == "pseudo")
    begun = hybrid.with_settings(tuned.settings | more.settings)
    grid = [Group("pseudo", frozenset(), [more.settings])]
    [alone] = tune(begun, interactions, grid=grid, users=100, fraction=0.2, budget=0.0).trials
    assert (more.ndcg, more.low_similarity) == pytest.approx(
        (alone.ndcg, alone.low_similarity), rel=1e-12
    )
    # Twelve items of a taste are too few to gain by them, but lists change.
    assert (some.ndcg, some.low_similarity) != pytest.approx(
        (more.ndcg, more.low_similarity), rel=1e-6
    )


@pytest.fixture(scope="module")
def fashions(spark: SparkSession) -> DataFrame:
    """Every ten days a base item goes with others: who has it wants what goes with it now."""
    rng = np.random.default_rng(7)
    rows = []
    for user in range(400):
        season = user // 100
        for base in rng.choice(6, 3, replace=False).tolist():
            companion = 6 + (base + season) % 6
            day = 10.0 * season + 10 * rng.random()
            # The last season's come back for the companion when all else is over.
            later = 41.0 + rng.random() if user >= 340 else day
            rows += [(user, base, 86_400 * (1 + day)), (user, companion, 86_400 * (1 + later))]
    return spark.createDataFrame(rows, "user int, item int, timestamp double").coalesce(2)


def test_a_half_life_is_chosen_where_the_future_follows_what_is_new(fashions: DataFrame) -> None:
    hybrid = gr.HybridRecommender(
        [gr.RandomWalkRecommender()], validationCut="time", candidates=12, pseudoInteractions=0.0
    )
    grid = [Group("half-life", WALK, [{"halfLife": None}, {"halfLife": 3.0}])]
    tuned = tune(hybrid, fashions, grid=grid, users=100, fraction=0.06, budget=0.0)
    assert tuned.settings == {"halfLife": 3.0}
    without, chosen = tuned.trials
    assert chosen.ndcg > without.ndcg
    # A half-life that is there from the start is what the first choice must beat.
    grid = [Group("half-life", WALK, [{"halfLife": 3.0}, {"halfLife": None}])]
    again = tune(hybrid, fashions, grid=grid, users=100, fraction=0.06, budget=0.0)
    assert [trial.ndcg for trial in again.trials] == [chosen.ndcg, without.ndcg]
    assert not again.trials[1].chosen


def test_half_lives_need_times(interactions: DataFrame, hybrid: gr.HybridRecommender) -> None:
    grid = [group for group in GRID if group.name == "half-life"]
    with pytest.raises(ParameterError, match="halfLife needs a timestamp column"):
        tune(hybrid, interactions, grid=grid)
    for wrong in ({"users": True}, {"users": 1}, {"fraction": 1.0}, {"budget": "1"}):
        with pytest.raises(ParameterError, match=f"{next(iter(wrong))} must be a"):
            tune(hybrid, interactions, **wrong)  # type: ignore[arg-type]


def test_by_time_somebody_must_have_come_back(spark: SparkSession) -> None:
    rows = [(user, item, 86_400 * (1 + user)) for user in range(10) for item in range(6)]
    visitors = spark.createDataFrame(rows, "user int, item int, timestamp long")
    hybrid = gr.HybridRecommender([gr.RandomWalkRecommender()], validationCut="time")
    with pytest.raises(EmptyInputError, match=r"there are no validation users; .*the last items"):
        tune(hybrid, visitors)


def test_settings_make_a_copy(hybrid: gr.HybridRecommender) -> None:
    changed = hybrid.with_settings({"walk.itemExponent": 0.5, "maxNeighbours": 7})
    assert (changed.setting("walk.itemExponent"), changed.setting("maxNeighbours")) == (0.5, 7)
    assert (hybrid.setting("walk.itemExponent"), hybrid.setting("maxNeighbours")) == (1.0, None)
    with pytest.raises(ParameterError, match=r"no leg 'ease'; .*walk, als"):
        hybrid.with_settings({"ease.neighbours": 3})


def test_the_grid_starts_with_the_defaults() -> None:
    default = gr.HybridRecommender()
    for group in GRID:
        first = group.choices[0]
        assert {name: default.setting(name) for name in first} == dict(first)


def test_how_old_things_are_is_tried_where_the_future_is_wanted() -> None:
    by_cut = {cut: {group.name for group in default_grid(cut)} for cut in CUTS}
    timed = {"half-life", "order", "recency"}
    assert not timed & by_cut["random"]
    assert by_cut["time"] == by_cut["last"] == by_cut["random"] | timed
