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
    "ALSModel": "graphrec.models.als",
    "ALSRecommender": "graphrec.models.als",
    "CowatchModel": "graphrec.models.cowatch",
    "CowatchRecommender": "graphrec.models.cowatch",
    "EmbeddingModel": "graphrec.models.embedding",
    "EmbeddingRecommender": "graphrec.models.embedding",
    "GivenFactorsModel": "graphrec.models.given_factors",
    "GivenFactorsRecommender": "graphrec.models.given_factors",
    "HybridRecommender": "graphrec.models.hybrid",
    "HybridRecommenderModel": "graphrec.models.hybrid",
    "PageRankModel": "graphrec.models.pagerank",
    "PageRankRecommender": "graphrec.models.pagerank",
    "PopularityModel": "graphrec.models.popularity",
    "PopularityRecommender": "graphrec.models.popularity",
    "RankingEvaluator": "graphrec.evaluation.evaluator",
    "RatingPredictor": "graphrec.models.rating",
    "RatingPredictorModel": "graphrec.models.rating",
    "RidgeModel": "graphrec.models.ridge",
    "RidgeRecommender": "graphrec.models.ridge",
    "evaluate": "graphrec.evaluation.comparison",
    "spark_session": "graphrec.session",
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
    from graphrec.evaluation.comparison import evaluate as evaluate
    from graphrec.evaluation.evaluator import RankingEvaluator as RankingEvaluator
    from graphrec.models.als import ALSModel as ALSModel
    from graphrec.models.als import ALSRecommender as ALSRecommender
    from graphrec.models.cowatch import CowatchModel as CowatchModel
    from graphrec.models.cowatch import CowatchRecommender as CowatchRecommender
    from graphrec.models.embedding import EmbeddingModel as EmbeddingModel
    from graphrec.models.embedding import EmbeddingRecommender as EmbeddingRecommender
    from graphrec.models.given_factors import GivenFactorsModel as GivenFactorsModel
    from graphrec.models.given_factors import GivenFactorsRecommender as GivenFactorsRecommender
    from graphrec.models.hybrid import HybridRecommender as HybridRecommender
    from graphrec.models.hybrid import HybridRecommenderModel as HybridRecommenderModel
    from graphrec.models.pagerank import PageRankModel as PageRankModel
    from graphrec.models.pagerank import PageRankRecommender as PageRankRecommender
    from graphrec.models.popularity import PopularityModel as PopularityModel
    from graphrec.models.popularity import PopularityRecommender as PopularityRecommender
    from graphrec.models.rating import RatingPredictor as RatingPredictor
    from graphrec.models.rating import RatingPredictorModel as RatingPredictorModel
    from graphrec.models.ridge import RidgeModel as RidgeModel
    from graphrec.models.ridge import RidgeRecommender as RidgeRecommender
    from graphrec.session import spark_session as spark_session


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
