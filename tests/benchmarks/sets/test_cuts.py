"""The cuts of the sets, and those inside of a training set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession

from benchmarks.sets.cuts import Cut, history_lengths, recipe_of, stratified_by_item

Pairs = set[tuple[int, int]]


def pairs(frame: DataFrame | pd.DataFrame) -> Pairs:
    rows = frame if isinstance(frame, pd.DataFrame) else frame.toPandas()
    return set(zip(rows["user"], rows["item"], strict=True))


@pytest.fixture(scope="module")
def ratings() -> pd.DataFrame:
    """Item i has i + 1 users; the times are in the order of the rows."""
    rows = [
        (user, item, 3, 1000 + 20 * item + user) for item in range(12) for user in range(item + 1)
    ]
    return pd.DataFrame(rows, columns=["user", "item", "rating", "timestamp"])


def test_an_items_smallest_draws_are_learned_from(ratings: pd.DataFrame) -> None:
    """As Microsoft's Recommenders do: three quarters of an item's rows, .5 to the even number."""
    kept = {1: 1, 2: 2, 3: 2, 4: 3, 5: 4, 6: 4, 7: 5, 8: 6, 9: 7, 10: 8, 11: 8, 12: 9}
    draws = np.random.RandomState(42).rand(len(ratings))
    wanted = set()
    for item in range(12):
        rows = [row for row in range(len(ratings)) if ratings["item"][row] == item]
        first = sorted(rows, key=lambda row: draws[row])[: kept[len(rows)]]
        wanted |= {(ratings["user"][row], item) for row in first}
    train, test = stratified_by_item(ratings)
    assert pairs(train) == wanted
    assert pairs(train) | pairs(test) == pairs(ratings)
    assert len(train) + len(test) == len(ratings)


def test_movielens_100k_is_cut_by_item(
    spark: SparkSession, ratings: pd.DataFrame, tmp_path: Path
) -> None:
    folder = tmp_path / "ml-100k"
    folder.mkdir()
    ratings.to_csv(folder / "u.data", sep="\t", header=False, index=False)
    recipe = recipe_of("ml-100k")
    [cut] = recipe.cuts(spark, folder)
    train, test = stratified_by_item(ratings)
    assert pairs(cut.train) == pairs(train)
    known = set(train["user"])
    assert pairs(cut.test) == {pair for pair in pairs(test) if pair[0] in known}
    assert recipe.cutoff == 10


def test_the_small_movielens_is_cut_three_times(
    spark: SparkSession, ratings: pd.DataFrame, tmp_path: Path
) -> None:
    folder = tmp_path / "ml-latest-small"
    folder.mkdir()
    renamed = ratings.rename(columns={"user": "userId", "item": "movieId"})
    renamed.to_csv(folder / "ratings.csv", index=False)
    cuts = recipe_of("ml-latest-small").cuts(spark, folder)
    tested = [pairs(cut.test) for cut in cuts]
    assert all(
        pairs(cut.train) | test == pairs(ratings) for cut, test in zip(cuts, tested, strict=True)
    )
    assert len({frozenset(test) for test in tested}) == 3
    assert cuts[0].train.columns == ["user", "item", "rating", "timestamp"]


def test_a_given_split_is_taken_as_it_is_but_for_what_nobody_can_list(
    spark: SparkSession, tmp_path: Path
) -> None:
    """Neither a user without history nor a pair that is known is asked for."""
    train = pd.DataFrame({"user_id": ["a", "a", "b"], "item_id": ["x", "y", "x"], "price": 1.0})
    test = pd.DataFrame(
        {"user_id": ["a", "b", "b", "c"], "item_id": ["z", "x", "y", "x"], "price": 1.0}
    )
    train.to_parquet(tmp_path / "train.parquet")
    test.to_parquet(tmp_path / "test.parquet")
    [cut] = recipe_of(tmp_path.name).cuts(spark, tmp_path)
    assert cut.train.columns == ["user", "item"]
    assert pairs(cut.train) == {("a", "x"), ("a", "y"), ("b", "x")}  # type: ignore[comparison-overlap]
    assert pairs(cut.test) == {("a", "z"), ("b", "y")}  # type: ignore[comparison-overlap]
    lengths = {row.user: row.history for row in history_lengths(cut).collect()}
    assert lengths == {"a": 2, "b": 1}


def test_validation_is_cut_out_of_train_alone(spark: SparkSession, ratings: pd.DataFrame) -> None:
    frame = spark.createDataFrame(ratings)
    cut = Cut.of(frame.where("item < 11"), frame.where("item = 11"))
    for kind in ("random", "last", "time"):
        inner = cut.validation(kind, seed=4)  # type: ignore[arg-type]
        assert pairs(inner.test)
        assert not pairs(inner.train) & pairs(inner.test)
        assert pairs(inner.train) | pairs(inner.test) <= pairs(cut.train)
    times = {
        part: getattr(inner, part).agg({"timestamp": "max"}).first()[0]
        for part in ("train", "test")
    }
    assert times["train"] < times["test"]  # of the last kind, by time
    random = [pairs(cut.validation("random", seed=seed).test) for seed in (4, 4, 5)]
    assert random[0] == random[1] != random[2]
