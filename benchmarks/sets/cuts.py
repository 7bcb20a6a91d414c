"""The sets: what is learned from and what is tested on, by folder or by recipe.

A folder DATA/NAME with `train.parquet` and `test.parquet` is taken as it is; their columns are
`user` and `item`, or `user_id` and `item_id`, perhaps with `rating` and `timestamp`. The MovieLens
sets are cut here, by `RECIPES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import graphrec as gr
from benchmarks.time_options import of_known_users

Kind: TypeAlias = Literal["random", "last", "time"]
KINDS: Final[tuple[Kind, ...]] = ("random", "last", "time")

_FRACTION: Final = 0.2
_LAST: Final = 5
_NAMES: Final = {
    "user_id": "user",
    "item_id": "item",
    "userId": "user",
    "movieId": "item",
}
_COLUMNS: Final = ("user", "item", "rating", "timestamp")


@dataclass(frozen=True)
class Cut:
    """What is learned from, and what is tested on; both kept in memory."""

    train: DataFrame  # (user, item, perhaps rating and timestamp)
    test: DataFrame  # the same

    @staticmethod
    def of(train: DataFrame, test: DataFrame) -> Cut:
        """Of the test set, what can be asked for: known users, and no pair that is in training."""
        known, asked = of_known_users(train, test)
        return Cut(known, asked.join(known.select("user", "item"), ["user", "item"], "left_anti"))

    def validation(self, kind: Kind, seed: int) -> Cut:
        """Another cut, inside of the training set alone.

        Args:
            kind: a random fifth of each user's items, each user's last five, or all that came in
                the last fifth of the interactions.
            seed: of the random one.
        """
        if kind == "random":
            return Cut.of(*gr.splits.random_per_user(self.train, _FRACTION, seed=seed))
        if kind == "last":
            return Cut.of(*gr.splits.last_n(self.train, _LAST))
        return Cut.of(*gr.splits.by_time(self.train, _FRACTION))

    def unpersist(self) -> None:
        """Free the memory."""
        self.train.unpersist()
        self.test.unpersist()


@dataclass(frozen=True)
class Recipe:
    """A set that is cut here.

    Attributes:
        cuts: of the folder of the set; the figures of a user are averaged over them.
        cutoff: of the table.
        protocol: in words.
    """

    cuts: Callable[[SparkSession, Path], list[Cut]]
    cutoff: int
    protocol: str


def _given(spark: SparkSession, folder: Path) -> list[Cut]:
    train, test = (
        _named(spark.read.parquet(str(folder / f"{part}.parquet"))) for part in ("train", "test")
    )
    return [Cut.of(train, test)]


def _named(frame: DataFrame) -> DataFrame:
    renamed = frame.withColumnsRenamed(_NAMES)
    return renamed.select(*(name for name in _COLUMNS if name in renamed.columns))


def _three_random_cuts(spark: SparkSession, folder: Path) -> list[Cut]:
    rows = spark.read.csv(str(folder / "ratings.csv"), header=True, inferSchema=True)
    ratings = _named(rows)
    return [Cut.of(*gr.splits.random_per_user(ratings, _FRACTION, seed=seed)) for seed in range(3)]


def _of_recommenders(spark: SparkSession, folder: Path) -> list[Cut]:
    ratings = pd.read_csv(folder / "u.data", sep="\t", header=None, names=list(_COLUMNS))
    train, test = stratified_by_item(ratings)
    return [Cut.of(spark.createDataFrame(train), spark.createDataFrame(test))]


def stratified_by_item(
    ratings: pd.DataFrame, share: float = 0.75, seed: int = 42
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The split of the benchmarks of Microsoft's Recommenders, row by row.

    Their `python_stratified_split(ratio=0.75, filter_by="item", seed=42)` as it is in version
    1.2: every row draws a number, and of each item the rows with the smallest numbers are learned
    from.

    Args:
        ratings: (user, item, ...), in the order of the file.
        share: of the rows of an item that are learned from, rounded to a whole number of them.
        seed: of NumPy's legacy generator.
    """
    drawn = ratings.assign(drawn=np.random.RandomState(seed).rand(len(ratings)))
    drawn = drawn.sort_values(["item", "drawn"])
    of_item = drawn.groupby("item")["drawn"]
    in_train = of_item.cumcount() < (share * of_item.transform("size")).round()
    rows = drawn.drop(columns="drawn")
    return rows[in_train], rows[~in_train]


_AS_GIVEN: Final = Recipe(_given, 20, "as given")
RECIPES: Final[dict[str, Recipe]] = {
    "ml-latest-small": Recipe(
        _three_random_cuts, 20, "80/20 per user at random, three cuts, seeds 0 to 2"
    ),
    "ml-100k": Recipe(
        _of_recommenders, 10, "75/25 per item at random, seed 42, as Microsoft's Recommenders"
    ),
}


def recipe_of(name: str) -> Recipe:
    """The recipe of a set; without one it is taken as it is given."""
    return RECIPES.get(name, _AS_GIVEN)


def history_lengths(cut: Cut) -> DataFrame:
    """(user, history: int), how many items each test user has in training."""
    counted = cut.train.groupBy("user").agg(F.count_distinct("item").cast("int").alias("history"))
    return cut.test.select("user").distinct().join(counted, "user")
