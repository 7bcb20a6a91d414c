"""New items in a recommender: its Params, and factors that features predict as one of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

import pyarrow as pa
from pyspark.sql import DataFrame

from graphrec.cooccurrence.table import PairTable
from graphrec.data.dataset import Dataset
from graphrec.data.feature_encoding import parse_features
from graphrec.params import at_least, between, optional, param, positive
from graphrec.progress import stage
from graphrec.recommenders.als.estimator import ALSModel, ALSRecommender
from graphrec.recommenders.base import MERGE_TABLES, Recommender
from graphrec.recommenders.content.completion import Completion
from graphrec.recommenders.content.new_item_share import LIST_LENGTH, MAX_USERS, with_share
from graphrec.recommenders.content.reading import read_features
from graphrec.recommenders.learning_estimator import Given
from graphrec.recommenders.model import RecommenderModel

ITEM_FEATURES: Final = "item features"  # stages
NEW_ITEMS: Final = "new items"


def feature_names(value: Any) -> list[str]:
    """Check a list of names of features."""
    is_list = isinstance(value, Iterable) and not isinstance(value, str)
    names = list(value) if is_list else []
    if not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError('a list of columns, such as ["genres", "title:words"]')
    return names


class ItemFeaturesRecommender(Recommender):
    """A recommender that may be given features of items, so that its model has new ones, too.

    Args:
        itemFeatures: the input's item column, and a column for each feature: a number, text, or an
            array of either; one row per item. Items that nobody has become part of the catalogue.
            None: the model has the items of the interactions alone.
        **values: parameters by keyword.

    For what becomes of features see `graphrec.data.feature_encoding`, for what becomes of
    items `graphrec.recommenders.content.completion`.
    """

    features = param(
        None,
        "columns of itemFeatures that are used, each perhaps with its kind, as in title:words, and "
        "the kinds are number, category, list, words and vector; else the values decide. None: all",
        optional(feature_names),
    )
    featureRegParam = param(
        10.0, "λ of the regression that predicts an item's vector from its features", positive()
    )
    featureNeighbours = param(
        20, "items nearest by features whose places a new item gets an average of", at_least(1)
    )
    newItemShare = param(
        None,
        "share of all that is listed to users with a history, in lists of 10, that items shall "
        "have that nobody has, or as near as can be; None: as the best guesses of their scores "
        "have it, which list few of them",
        optional(between(0.0, 1.0, open_low=True, open_high=True)),
    )
    featurePrior = param(
        2.0,
        "number of users whose interactions with an item say as much of its place as its features",
        positive(),
    )

    def __init__(self, itemFeatures: DataFrame | None = None, **values: Any) -> None:
        super().__init__(**values)
        self.itemFeatures = itemFeatures

    def given(self) -> Given:
        """The frame, if there is one."""
        own = {} if self.itemFeatures is None else {"itemFeatures": self.itemFeatures}
        return {**super().given(), **own}

    def check(self) -> None:
        """Raise a ParameterError if features are of an unknown kind, or named twice."""
        super().check()
        parse_features(self.value("features") or [])

    def stages(self) -> list[str] | None:
        """Those of the recommender; with features these are read first and used last."""
        stages = super().stages()
        return stages if self.itemFeatures is None else self.with_features(stages)

    def with_features(self, stages: list[str] | None) -> list[str] | None:
        """The stages of a fit without features as they are with them."""
        if stages is None:
            return None
        learning = stages.index([*self.learning(), MERGE_TABLES][0])
        return [*stages[:learning], ITEM_FEATURES, *stages[learning:], NEW_ITEMS]

    def fit_to_pairs(self, dataset: Dataset, pairs: PairTable | None) -> RecommenderModel:
        """Learn the legs, make the model, and give new items a place in it."""
        if self.itemFeatures is None:
            return super().fit_to_pairs(dataset, pairs)
        with stage(ITEM_FEATURES) as counts:
            new, features = read_features(
                dataset, self.itemFeatures, self.value("features"), self.other_items(dataset)
            )
            counts.update({"features": len(features.kinds), "new items": len(new)})
        model = super().fit_to_pairs(dataset, pairs)
        with stage(NEW_ITEMS):
            tables = self._completion.complete(model.tables, new, features)
            completed = model.completed(tables, features)
            share = self.value("newItemShare")
            return completed if share is None else _with_share(completed, share)

    def other_items(self, dataset: Dataset) -> pa.Array:
        """Ids of items that the model has as well, whether their features are known or not."""
        return pa.array([], dataset.catalogue.ids.type)

    @property
    def _completion(self) -> Completion:
        return Completion(
            self.value("featureRegParam"),
            self.value("featureNeighbours"),
            self.value("featurePrior"),
        )


def _with_share(model: RecommenderModel, share: float) -> RecommenderModel:
    """A model whose lists have a share of new items."""
    request = replace(model.request(LIST_LENGTH), reasons=0)
    model.tables = with_share(model.tables, share, model.some_histories(MAX_USERS), request)
    return model


class ContentModel(ALSModel):
    """Scores are products of factors; those of new items are predicted from their features."""


class ContentRecommender(ItemFeaturesRecommender, ALSRecommender):
    """Factors of alternating least squares, predicted for items that hardly anybody has had.

    The features of items are mapped to the factors by ridge regression, see
    `graphrec.recommenders.content.vectors`. `HybridRecommender(itemFeatures=...)` gives new items a
    place in all of its legs by the same means.

    Args:
        itemFeatures: the input's item column and a column for each feature, one row per item.
        **values: parameters by keyword: `features`, those of `ALSRecommender`, and others.

    Raises:
        ColumnError: at fitting, when a column is not there or cannot be used, an item has several
            rows, or no feature says anything about the items.

    Examples:
        >>> ratings = spark.createDataFrame(
        ...     [("ann", "tea"), ("ann", "milk"), ("ben", "tea"), ("ben", "milk"), ("cas", "tea")]
        ...     + [("dan", "ham"), ("dan", "salt"), ("eve", "ham"), ("eve", "salt")],
        ...     "user string, item string",
        ... )
        >>> shelves = spark.createDataFrame(
        ...     [("tea", "drinks"), ("milk", "drinks"), ("ham", "food"), ("salt", "food")]
        ...     + [("juice", "drinks"), ("bread", "food")],
        ...     "item string, shelf string",
        ... )
        >>> model = gr.ContentRecommender(shelves, rank=2).fit(ratings)
        >>> ann = ratings.where("user = 'ann'")
        >>> model.rankedLists(1, users=ann).select("user", "item", "rank").show()
        +----+-----+----+
        |user| item|rank|
        +----+-----+----+
        | ann|juice|   1|
        +----+-----+----+
    """

    leg = "content"
    _model = ContentModel
