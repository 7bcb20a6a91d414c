"""graphrec: graph-based hybrid recommendations on Spark.

    import graphrec as gr

    spark = gr.spark_session()
    ratings = gr.samples.ratings(spark)
    model = gr.HybridRecommender().fit(ratings)
    model.recommendForAllUsers(10)

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "ALSModel": "graphrec.recommenders.als.estimator",
    "ALSRecommender": "graphrec.recommenders.als.estimator",
    "ItemKNNModel": "graphrec.recommenders.item_knn",
    "ItemKNNRecommender": "graphrec.recommenders.item_knn",
    "EmbeddingModel": "graphrec.recommenders.embedding.estimator",
    "EmbeddingRecommender": "graphrec.recommenders.embedding.estimator",
    "PretrainedFactorsModel": "graphrec.recommenders.pretrained",
    "PretrainedFactorsRecommender": "graphrec.recommenders.pretrained",
    "Dataset": "graphrec.data.dataset",
    "HybridRecommender": "graphrec.recommenders.hybrid.estimator",
    "HybridRecommenderModel": "graphrec.recommenders.hybrid.estimator",
    "RandomWalkModel": "graphrec.recommenders.walks.estimator",
    "RandomWalkRecommender": "graphrec.recommenders.walks.estimator",
    "PopularityModel": "graphrec.recommenders.popularity",
    "PopularityRecommender": "graphrec.recommenders.popularity",
    "RankingEvaluator": "graphrec.evaluation.evaluator",
    "RatingPredictor": "graphrec.recommenders.rating",
    "RatingPredictorModel": "graphrec.recommenders.rating",
    "EASEModel": "graphrec.recommenders.ease.estimator",
    "EASERecommender": "graphrec.recommenders.ease.estimator",
    "evaluate": "graphrec.evaluation.comparison",
    "spark_session": "graphrec.spark.session",
}
_MODULES = {
    "errors": "graphrec.errors",
    "samples": "graphrec.data.samples",
    "splits": "graphrec.data.splits",
}

__all__ = sorted([*_HOMES, *_MODULES])  # noqa: PLE0605 sorted for the reader

if TYPE_CHECKING:
    from graphrec import errors as errors
    from graphrec.data import samples as samples
    from graphrec.data import splits as splits
    from graphrec.data.dataset import Dataset as Dataset
    from graphrec.evaluation.comparison import evaluate as evaluate
    from graphrec.evaluation.evaluator import RankingEvaluator as RankingEvaluator
    from graphrec.recommenders.als.estimator import ALSModel as ALSModel
    from graphrec.recommenders.als.estimator import ALSRecommender as ALSRecommender
    from graphrec.recommenders.ease.estimator import EASEModel as EASEModel
    from graphrec.recommenders.ease.estimator import EASERecommender as EASERecommender
    from graphrec.recommenders.embedding.estimator import EmbeddingModel as EmbeddingModel
    from graphrec.recommenders.embedding.estimator import (
        EmbeddingRecommender as EmbeddingRecommender,
    )
    from graphrec.recommenders.hybrid.estimator import HybridRecommender as HybridRecommender
    from graphrec.recommenders.hybrid.estimator import (
        HybridRecommenderModel as HybridRecommenderModel,
    )
    from graphrec.recommenders.item_knn import ItemKNNModel as ItemKNNModel
    from graphrec.recommenders.item_knn import ItemKNNRecommender as ItemKNNRecommender
    from graphrec.recommenders.popularity import PopularityModel as PopularityModel
    from graphrec.recommenders.popularity import PopularityRecommender as PopularityRecommender
    from graphrec.recommenders.pretrained import PretrainedFactorsModel as PretrainedFactorsModel
    from graphrec.recommenders.pretrained import (
        PretrainedFactorsRecommender as PretrainedFactorsRecommender,
    )
    from graphrec.recommenders.rating import RatingPredictor as RatingPredictor
    from graphrec.recommenders.rating import RatingPredictorModel as RatingPredictorModel
    from graphrec.recommenders.walks.estimator import RandomWalkModel as RandomWalkModel
    from graphrec.recommenders.walks.estimator import RandomWalkRecommender as RandomWalkRecommender
    from graphrec.spark.session import spark_session as spark_session


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
