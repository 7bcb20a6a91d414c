"""What users are like, as a recommender: its Params, and item vectors for profiles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame

from graphrec.columns import ITEMS, USER
from graphrec.cooccurrence.table import PairTable
from graphrec.data.dataset import Dataset
from graphrec.data.feature_encoding import parse_features
from graphrec.data.frames import require_frame
from graphrec.data.profile_frames import OF_USERS, learn_profiles, profile_vectors
from graphrec.data.profiles import Profiles
from graphrec.errors import EmptyInputError
from graphrec.params import at_least, optional, param, positive
from graphrec.progress import stage
from graphrec.recommenders.base import Leg, Recommender
from graphrec.recommenders.content.estimator import feature_names
from graphrec.recommenders.demographic.fold_in import ProfileFoldIn
from graphrec.recommenders.demographic.regression import MAX_ITEMS, count_profiles, regress
from graphrec.recommenders.learning_estimator import Given
from graphrec.recommenders.model import RecommenderModel
from graphrec.serving.eigenbasis import eigenbasis
from graphrec.serving.item_factors import ItemFactors
from graphrec.serving.request import Request
from graphrec.serving.tables import FactorLeg

DEMOGRAPHIC_LEG: Final = "demographic"


class DemographicModel(RecommenderModel):
    """Scores are an item's share of the users, and what the user's profile adds to it."""

    def request(self, length: int, offset: int = 0) -> Request:
        """Without reasons: no item of a history makes a score."""
        return replace(super().request(length, offset), reasons=0)


class DemographicRecommender(Recommender):
    """What users like this one take, by age, occupation, or whatever else is known of them.

    It needs no history: whoever has a profile gets a list of their own, with the source
    "demographic". As a leg of the hybrid it serves users without a history alone, and those with a
    short one together with the other legs: its weight there falls from 2 items on. Users without a
    profile get what they would get without this recommender.

    For the method see `graphrec.recommenders.demographic.regression`, for what becomes of
    features `graphrec.data.feature_encoding`.

    Args:
        userFeatures: the input's user column, and a column for each feature: a number, text, or an
            array of either; one row per user. Users who have no history get lists, too.
        **values: parameters by keyword.

    Raises:
        ColumnError: at fitting, when a column is not there or cannot be used, a user has several
            rows, or no feature says anything about the users.
        EmptyInputError: at fitting, when no user of the table has a history.

    Examples:
        >>> ratings = spark.createDataFrame(
        ...     [("ann", "tea"), ("ben", "tea"), ("cas", "ham"), ("dan", "ham")],
        ...     "user string, item string",
        ... )
        >>> people = spark.createDataFrame(
        ...     [("ann", "x"), ("ben", "x"), ("cas", "y"), ("dan", "y"), ("new", "x")],
        ...     "user string, town string",
        ... )
        >>> model = gr.DemographicRecommender(people, regParam=0.1).fit(ratings)
        >>> new = people.where("user = 'new'")
        >>> model.rankedLists(1, users=new).select("user", "item", "source").show()
        +----+----+-----------+
        |user|item|     source|
        +----+----+-----------+
        | new| tea|demographic|
        +----+----+-----------+
    """

    features = param(
        None,
        "columns of userFeatures that are used, each perhaps with its kind, as in zip:category; "
        "the kinds are number, category, list, words and vector; else the values decide. None: all",
        optional(feature_names),
    )
    regParam = param(
        100.0, "λ of the regression: the larger, the less a feature of few users adds", positive()
    )
    rank = param(64, "dimensions of the map from profiles to items, at most", at_least(1))

    leg = DEMOGRAPHIC_LEG
    _model = DemographicModel

    def __init__(self, userFeatures: DataFrame | None = None, **values: Any) -> None:
        super().__init__(**values)
        self.userFeatures = userFeatures

    def given(self) -> Given:
        """The frame, if there is one."""
        own = {} if self.userFeatures is None else {"userFeatures": self.userFeatures}
        return {**super().given(), **own}

    def check(self) -> None:
        """Raise a ParameterError if features are of an unknown kind, or named twice."""
        super().check()
        parse_features(self.value("features") or [])

    def learning(self) -> list[str]:
        """The regression."""
        return [self.leg]

    def enrich(self, dataset: Dataset) -> Dataset:
        """Give each user the vector of the profile."""
        require_frame(self.userFeatures, OF_USERS)
        assert self.userFeatures is not None
        ids = dataset.users_of(self.userFeatures)
        profiles = learn_profiles(
            self.userFeatures, self.value("features"), user=dataset.columns.user, ids=ids
        )
        return dataset.with_profiles(profiles, self._vectors(profiles, dataset))

    def learn(self, dataset: Dataset, pairs: PairTable | None) -> list[Leg]:
        """The leg "demographic"."""
        profiles, items = dataset.profiles, min(dataset.catalogue.size, MAX_ITEMS)
        assert profiles is not None  # see `enrich`
        with stage(self.leg) as counts:
            known = dataset.histories.select(USER, ITEMS)
            sums = count_profiles(
                known.join(self._vectors(profiles, dataset), USER), profiles.width, items
            )
            counts.update({"users": sums.users, "features": len(profiles.encoding.coders)})
            if not sums.users:
                raise EmptyInputError(
                    "no user of the table of user features has a history",
                    fix=f"give the features of users by the ids of the column {profiles.user}",
                )
            scores = regress(sums, reg_param=self.value("regParam"))
            return [FactorLeg(self.leg, self._factors(dataset, scores))]

    def _vectors(self, profiles: Profiles, dataset: Dataset) -> DataFrame:
        assert self.userFeatures is not None  # see `enrich`
        ids = dataset.users_of(self.userFeatures)
        return profile_vectors(profiles, self.userFeatures, ids, dataset.user_type)

    def _factors(self, dataset: Dataset, scores: npt.NDArray[np.float64]) -> ItemFactors:
        """Item vectors of the best approximation of a rank, of a map (profile, items)."""
        head = np.ascontiguousarray(scores.T, np.float32)
        best = eigenbasis(head)[0][:, -self.value("rank") :]
        rest = dataset.catalogue.support[head.shape[0] :] / dataset.users
        vectors = np.concatenate((head @ best, np.outer(rest, best[-1]).astype(np.float32)))
        basis, eigenvalue = eigenbasis(vectors)
        return ItemFactors(
            np.ascontiguousarray(vectors @ basis),
            eigenvalue,
            ProfileFoldIn((best @ basis).tolist()),
        )
