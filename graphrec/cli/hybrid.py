"""The hybrid that the options describe."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from pyspark.sql import SparkSession

from graphrec.cli.io.inputs import open_features, open_named
from graphrec.cli.io.model_source import SavedModel, Source
from graphrec.cli.named_values import named_numbers, named_values
from graphrec.cli.options import (
    ColdStartOptions,
    FeatureOptions,
    HybridOptions,
    LearningOptions,
    ModelOptions,
)
from graphrec.cli.runtime.progress_lines import Report
from graphrec.data.interaction_columns import InteractionColumns
from graphrec.errors import ParameterError
from graphrec.recommenders.als.estimator import ALSRecommender
from graphrec.recommenders.base import Recommender
from graphrec.recommenders.demographic.estimator import DEMOGRAPHIC_LEG, DemographicRecommender
from graphrec.recommenders.ease.estimator import EASERecommender
from graphrec.recommenders.embedding.estimator import EmbeddingRecommender
from graphrec.recommenders.hybrid.estimator import HybridRecommender
from graphrec.recommenders.hybrid.learned_weights import HoldOutResult
from graphrec.recommenders.hybrid.model import HybridRecommenderModel
from graphrec.recommenders.hybrid.weights import LEARNED, is_word, with_unsearched
from graphrec.recommenders.model import RecommenderModel
from graphrec.recommenders.neural.estimator import NeuralRecommender
from graphrec.recommenders.trend import TrendRecommender
from graphrec.recommenders.walks.estimator import RandomWalkRecommender

LEARNING: Final = (
    "rank",
    "liked_from",
    "half_life",
    "order",
    "settings",
    "features",
    "text_vectors",
    "user_features",
    "user_columns",
    "trend_half_life",
    "default",
    "new_item_share",
)  # the options that a saved model has behind it


def hybrid_of(options: LearningOptions, **values: Any) -> HybridRecommender:
    """The recommender to be fitted; legs without weight are left out.

    Args:
        options: what it is made of.
        **values: other parameters of it, such as the columns.

    Raises:
        ParameterError: an option is out of its range, or weights name an unknown leg.
    """
    order = _given(orderExponent=options.order)
    legs: dict[str, Recommender] = {
        "walk": RandomWalkRecommender(**order),
        "ease": EASERecommender(**order),
        "als": ALSRecommender(**_given(rank=options.rank)),
        "embedding": EmbeddingRecommender(),
        "trend": TrendRecommender(),
        **_demographic(options),
    }
    weights = parse_weights(options.weights or LEARNED)
    if isinstance(weights, dict):
        legs[NeuralRecommender.leg] = NeuralRecommender()  # only where it is named
        if unknown := sorted(set(weights) - set(legs)):
            raise ParameterError(
                "--weights names an unknown leg",
                found=", ".join(unknown),
                fix=f"the legs are {', '.join(legs)}",
            )
        weights = {name: weight for name, weight in weights.items() if weight != 0}
        weights = with_unsearched(weights, list(legs))
        legs = {name: leg for name, leg in legs.items() if name in weights}
    hybrid = HybridRecommender(
        list(legs.values()),
        weights=weights,
        **_given(
            halfLife=options.half_life,
            likedFrom=parse_liked_from(options.liked_from),
            trendHalfLife=getattr(options, "trend_half_life", None),
            newItemShare=getattr(options, "new_item_share", None),
        ),
        **_retrieval(options),
        **values,
    )
    return hybrid.with_settings(parse_settings(options.settings or ""))


def _demographic(options: LearningOptions) -> dict[str, Recommender]:
    """The leg of what users are like, whose table is given to it later.

    Raises:
        ParameterError: columns are named, and no file.
    """
    path, columns = (getattr(options, f"user_{name}", None) for name in ("features", "columns"))
    if path is None:
        if columns is not None:
            raise ParameterError(
                "--user-columns names columns of --user-features", fix="give that file, too"
            )
        return {}
    names = None if columns is None else [name.strip() for name in columns.split(",")]
    return {DEMOGRAPHIC_LEG: DemographicRecommender(features=names)}


def give_tables(
    recommender: HybridRecommender,
    spark: SparkSession,
    options: ColdStartOptions,
    columns: InteractionColumns,
) -> None:
    """Give a recommender the tables that options name, if they name some.

    Args:
        recommender: gets them.
        spark: reads them.
        options: name features of items and of users, and an editor's picks.
        columns: of the interactions.

    Raises:
        UnreadableInputError: a file cannot be read.
        ColumnError: it has no column of ids, or none of a feature.
        ParameterError: no file is named, a feature is of an unknown kind, or new items shall have a
            share without any.
    """
    opened = open_features(spark, options, item=columns.item)
    if opened is None and options.new_item_share is not None:
        raise ParameterError(
            "--new-item-share has no effect without features of items",
            fix="name columns of --items, as in --features genres,year",
        )
    if opened is not None:
        recommender.itemFeatures, names = opened
        recommender.setParams(features=names)
    if options.default is not None:
        recommender.defaultItems = open_named(
            spark, options.default, options, role="item", name=columns.item
        )
    for leg in recommender.legs:
        if isinstance(leg, DemographicRecommender):
            assert options.user_features is not None  # or there is no such leg
            leg.userFeatures = open_named(
                spark, options.user_features, options, role="user", name=columns.user
            )


def stages_of(recommender: HybridRecommender, options: FeatureOptions) -> list[str] | None:
    """The stages of learning from a dataset, of which features that are not open yet are a part."""
    stages = recommender.stages()
    return recommender.with_features(stages) if options.has_features else stages


def needs_times(options: LearningOptions) -> str | None:
    """The given option that needs times, if there is one."""
    weights = parse_weights(options.weights) if options.weights else {}
    given = {
        "the weight of trend": isinstance(weights, dict) and weights.get(TrendRecommender.leg),
        "--half-life": options.half_life,
        "--order": options.order,
        "--recency": options.recency,
        "--again-after": getattr(options, "again_after", None),
        "--buy-again": getattr(options, "buy_again", None),
    }
    return next((name for name, value in given.items() if value), None)


def model_of(
    origin: Source, recommender: HybridRecommender, spark: SparkSession, options: ModelOptions
) -> RecommenderModel:
    """The saved model with the options that have an effect on it, or one that is learned.

    Raises:
        ParameterError: see `apply_serving_options`.
        GraphrecError: the interactions or the features cannot be used.
    """
    if isinstance(origin, SavedModel):
        return apply_serving_options(origin.model, options)
    give_tables(recommender, spark, options, origin.columns)
    return recommender.fit(recommender.dataset_of(origin.frame))


def apply_serving_options(model: RecommenderModel, options: HybridOptions) -> RecommenderModel:
    """A saved model with the options that have an effect on it: weights, candidates and lists.

    Raises:
        ParameterError: an option is out of its range, or the model has no weights.
    """
    weights = parse_weights(options.weights) if options.weights else None
    if is_word(weights):
        raise ParameterError(f"--weights {weights} needs IN", fix="leave it out beside --model")
    values = _retrieval(options) | list_params(options) | _given(weights=weights)
    return model.setParams(**values)


def parameters_of(model: RecommenderModel) -> dict[str, Any]:
    """The values of the options that a model is served with, given or default."""
    chosen_on = _chosen_on(model)
    ranks = {leg.name: leg.factors.rank for leg in model.tables.factor_legs}
    profiles = model.dataset.profiles

    def of_blend(name: str) -> Any:
        return model.value(name) if model.hasParam(name) else None

    return {
        "weights": of_blend("weights"),
        "weights_chosen_on": None if chosen_on is None else asdict(chosen_on),
        "pseudo_interactions": of_blend("pseudoInteractions"),
        "features": None if model.features is None else dict(model.features.kinds),
        "user_features": None if profiles is None else profiles.encoding.kinds,
        "rank": ranks.get(ALSRecommender.leg),
        "half_life": model.value("halfLife"),
        "recency": model.value("recencyHalfLife"),
        "candidates": model.value("candidates"),
        "diversity": model.value("diversity"),
        "calibration": model.value("calibration"),
        "keep_seen": not model.value("filterSeen"),
        "again_after": model.value("seenAgainAfter"),
        "shown_factor": model.value("shownFactor"),
        **model.dataset.rules.in_force,
    }


def print_choice(report: Report, model: RecommenderModel) -> None:
    """One line about the weights, where they were chosen by what was held out."""
    chosen_on = _chosen_on(model)
    if chosen_on is not None:
        weights = ", ".join(f"{leg} {weight:g}" for leg, weight in model.value("weights").items())
        report.line(
            f"weights {weights}: NDCG@20 {chosen_on.ndcg:.3f} on what {chosen_on.users:,} users "
            f"held out, {chosen_on.default_ndcg:.3f} by default"
        )


def _chosen_on(model: RecommenderModel) -> HoldOutResult | None:
    return model.chosen_on if isinstance(model, HybridRecommenderModel) else None


def parse_liked_from(text: str | None) -> float | str | None:
    """`3.5` as a number; `mean-1` as it is; None as None."""
    return None if text is None else _literal(text.strip())


def parse_weights(text: str) -> dict[str, float] | str:
    """`walk=0.1,als=0.9` as numbers by leg; `learned` and `default` as they are.

    Raises:
        ParameterError: it is of neither form.
    """
    if is_word(text):
        return text
    return named_numbers("--weights", text, "walk=0.1,ease=0.3,als=0.6, learned or default")


def parse_settings(text: str) -> dict[str, Any]:
    """`maxNeighbours=200,walk.itemExponent=0.75` as values by name.

    Raises:
        ParameterError: it is of another form.
    """
    if not text.strip():
        return {}
    given = named_values("--settings", text, "maxNeighbours=200,walk.itemExponent=0.75")
    return {name: _literal(value) for name, value in given.items()}


def _literal(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def list_params(options: HybridOptions) -> dict[str, Any]:
    """The options about lists, as Params of a recommender or a model."""
    return _given(
        diversity=options.diversity,
        calibration=getattr(options, "calibration", None),
        seenAgainAfter=options.again_after,
        shownFactor=getattr(options, "shown_factor", None),
        filterSeen=None if options.keep_seen is None else not options.keep_seen,
    )


def _retrieval(options: LearningOptions) -> dict[str, Any]:
    """The options about candidates, as Params; a saved model can be served with others."""
    return _given(recencyHalfLife=options.recency, candidates=options.candidates)


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
