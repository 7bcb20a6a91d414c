"""The explanation of one item to one user, as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from graphrec.columns import (
    BOOST,
    DEMOTION,
    HISTORY_SIZE,
    INDEX,
    ITEM,
    RANK,
    SCORE,
    SOURCE,
    WEIGHT,
)
from graphrec.data.item_features import ItemFeatures
from graphrec.explanation.common_features import FEATURE, common_features
from graphrec.explanation.contributions import POPULARITY, Contributions, contributions
from graphrec.explanation.paths import HISTORY_ITEM, SHARE, STEP, strongest_paths
from graphrec.explanation.rank_position import Diversified, RankPosition, rank_position
from graphrec.explanation.user_context import UserContext

LEG: Final = "leg"
RAW: Final = "raw"
MEAN: Final = "mean"
DEVIATION: Final = "deviation"

PART: Final = "part"
CONTRIBUTION: Final = "contribution"
OF_HISTORY: Final = "history"
OF_MEAN: Final = "mean"
OF_USER_FACTOR: Final = "user factor"

OUTCOME: Final = "outcome"
FULL: Final = "full"
BLENDED_RANK: Final = "blended_rank"
LENGTH: Final = "length"
DIVERSITY: Final = "diversity"
RELEVANCE: Final = "relevance"
SIMILARITY: Final = "similarity"
SIMILAR_TO: Final = "similar_to"
PENALTY: Final = "penalty"
MMR: Final = "mmr"

COLUMNS: Final = (
    *(SCORE, SOURCE, HISTORY_SIZE, OUTCOME, FULL),
    *(RANK, BLENDED_RANK, LENGTH, DIVERSITY, BOOST, DEMOTION),
    *(RELEVANCE, SIMILARITY, SIMILAR_TO, PENALTY, MMR, PART, WEIGHT, CONTRIBUTION),
)
"""The columns that stand beside the user's or the item's, whose names are those of the input."""


@dataclass(frozen=True)
class Explanation:
    """Why a user is recommended an item, or is not.

    The user's and the item's column have the input's names and types.

    Attributes:
        position: one row, (user, item, score: double, source: "personal" or "popular",
            history_size: int, the interactions that the score rests on, outcome:
            "listed", "below the list", "outside MMR's pool", "outside calibration's pool",
            "not a candidate", "over quota",
            "disliked", "seen" or "denied", full: string, the category whose quota kept the item
            out, with the quota; null where none did, rank: int, in the list, or in a longer one;
            null without one, blended_rank: int, by the score alone, length: int, of the list,
            diversity: double, λ of MMR, boost: double, the item's factor, 1 without one, demotion:
            double, what the score counts because the item was shown to the user and not taken, 1
            where it was not; and where there is one, of the step at which MMR decided on the item:
            relevance: double, the score brought to 0..1 over MMR's pool, similarity: double and
            similar_to: the item listed before that is nearest, penalty: double, λ·similarity, mmr:
            double, (1 - λ)·relevance - penalty).
        shares: one row per leg, (leg: string, weight: double, in the blend, raw: double, the
            leg's own score, mean: double and deviation: double, of the user's scores over all
            items, share: double, weight·(raw - mean)/deviation, times boost and demotion). The
            shares sum to the score. Without a history the one leg is "popularity".
        contributions: (rank: int, part: string, item: null but for "history", weight: double, in
            the history, contribution: double, and one double column per leg that sums to it).
            The parts are "history", one row per item of it, the largest contribution first; then
            "mean", what standardising takes off; "user factor", where one was given, or
            "popularity". The contributions sum to the score, a leg's column to its share.
        paths: see `strongest_paths`: (rank: int, history_item, other_user, weight: double, share:
            double). Computed when it is read.
        features: see `common_features`: (history_item, feature: string, similarity: double), what
            the item has in common with those of the history; empty where no features are known.
    """

    position: DataFrame
    shares: DataFrame
    contributions: DataFrame
    paths: DataFrame
    features: DataFrame


@dataclass(frozen=True)
class Names:
    """The input's names and types of the ids."""

    user: str
    item: str
    user_type: T.DataType
    item_type: T.DataType


def explain(
    user: UserContext,
    item: int,
    *,
    user_id: Any,
    names: Names,
    histories: DataFrame,
    num_paths: int,
    features: ItemFeatures | None = None,
) -> Explanation:
    """Explain one item to one user.

    Args:
        user: whose list it is.
        item: index of the item.
        user_id: the user's id.
        names: of the columns of the result.
        histories: (user, items, weights), the histories that were learned from.
        num_paths: how many paths, at most.
        features: of the items, where they are known.
    """
    spark = histories.sparkSession
    parts, position = contributions(user, item), rank_position(user, item)
    common = common_features(features, user.history, item, user.tables.catalogue.ids)
    return Explanation(
        position=spark.createDataFrame(
            [_position_row(user, item, user_id, parts.score, position)], _position_schema(names)
        ),
        shares=_shares(spark, parts),
        contributions=_contributions(spark, user, parts, names),
        paths=strongest_paths(
            histories, _steps(spark, user), user=user_id, item=item, length=num_paths
        ),
        features=_feature_frame(spark, common, names.item_type),
    )


def _position_schema(names: Names) -> T.StructType:
    kinds = {
        names.user: names.user_type,
        names.item: names.item_type,
        SCORE: T.DoubleType(),
        SOURCE: T.StringType(),
        HISTORY_SIZE: T.IntegerType(),
        OUTCOME: T.StringType(),
        FULL: T.StringType(),
        RANK: T.IntegerType(),
        BLENDED_RANK: T.IntegerType(),
        LENGTH: T.IntegerType(),
        DIVERSITY: T.DoubleType(),
        BOOST: T.DoubleType(),
        DEMOTION: T.DoubleType(),
        RELEVANCE: T.DoubleType(),
        SIMILARITY: T.DoubleType(),
        SIMILAR_TO: names.item_type,
        PENALTY: T.DoubleType(),
        MMR: T.DoubleType(),
    }
    return T.StructType([T.StructField(name, kind) for name, kind in kinds.items()])


def _position_row(
    user: UserContext, item: int, user_id: Any, score: float, position: RankPosition
) -> tuple[Any, ...]:
    ids, request = user.tables.catalogue.ids, user.request
    return (
        user_id,
        ids[item].as_py(),
        score,
        user.source(item),
        user.history.size if user.personal else 0,
        position.outcome,
        position.full,
        position.rank,
        position.blended_rank,
        user.settings.length,
        float(request.diversity),
        user.boost_of(item),
        user.demotion_of(item),
        *_mmr_values(ids, request.diversity, position.diversified),
    )


def _mmr_values(ids: pa.Array, diversity: float, found: Diversified | None) -> tuple[Any, ...]:
    """Relevance, similarity, the similar item, penalty and value."""
    if found is None:
        return (None,) * 5
    similar_to = None if found.similar_to is None else ids[found.similar_to].as_py()
    penalty = diversity * found.similarity
    value = (1.0 - diversity) * found.relevance - penalty
    return found.relevance, found.similarity, similar_to, penalty, value


def _shares(spark: SparkSession, parts: Contributions) -> DataFrame:
    columns = {
        LEG: list(parts.legs),
        WEIGHT: parts.weight,
        RAW: parts.raw,
        MEAN: parts.mean,
        DEVIATION: parts.deviation,
        SHARE: parts.share,
    }
    return spark.createDataFrame(pa.table(columns))


def _contributions(
    spark: SparkSession, user: UserContext, parts: Contributions, names: Names
) -> DataFrame:
    rows, items, weights, kinds = [], [], [], []
    if user.personal:
        order = np.argsort(-parts.parts.sum(axis=1), kind="stable")  # ties by popularity
        rows.append(parts.parts[order])
        items += user.history[order].tolist()
        weights += user.weight[order].tolist()
        kinds += [OF_HISTORY] * order.size
    for kind, row, is_there in (
        (OF_MEAN, parts.constant, user.request.standardise and user.personal),
        (OF_USER_FACTOR, parts.other, user.personal and user.has_given_factor),
        (POPULARITY, parts.other, not user.personal),
    ):
        if is_there:
            rows.append(row[np.newaxis])
            items.append(None)
            weights.append(None)
            kinds.append(kind)
    table = np.concatenate(rows)  # (rows, legs)
    columns = {
        RANK: pa.array(np.arange(1, len(kinds) + 1, dtype=np.int32)),
        PART: pa.array(kinds),
        names.item: user.tables.catalogue.ids.take(pa.array(items, pa.int32())),
        WEIGHT: pa.array(weights, pa.float64()),
        CONTRIBUTION: pa.array(table.sum(axis=1)),
    }
    columns |= {leg: pa.array(table[:, column]) for column, leg in enumerate(parts.legs)}
    return spark.createDataFrame(pa.table(columns))


def _feature_frame(spark: SparkSession, common: pa.Table, item_type: T.DataType) -> DataFrame:
    schema = T.StructType(
        [
            T.StructField(HISTORY_ITEM, item_type),
            T.StructField(FEATURE, T.StringType()),
            T.StructField(SIMILARITY, T.DoubleType()),
        ]
    )
    # Spark Connect does not take the schema of an empty table of Arrow's.
    return spark.createDataFrame(common) if common.num_rows else spark.createDataFrame([], schema)


def _steps(spark: SparkSession, user: UserContext) -> DataFrame:
    """(index, item, step): the first step of the walk."""
    total = user.weight.sum()
    step = user.weight / total if total > 0 else user.weight
    ids = user.tables.catalogue.ids.take(pa.array(user.history))
    return spark.createDataFrame(pa.table({INDEX: user.history, ITEM: ids, STEP: step}))
