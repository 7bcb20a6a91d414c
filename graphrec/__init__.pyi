__version__: str

from . import errors as errors
from .data import datasets as datasets
from .data import samples as samples
from .data import splits as splits
from .data.dataset import Dataset as Dataset
from .data.text_vectors import text_vectors as text_vectors
from .evaluation.comparison import evaluate as evaluate
from .evaluation.drift import drift as drift
from .evaluation.evaluator import RankingEvaluator as RankingEvaluator
from .recommenders.als.estimator import ALSModel as ALSModel
from .recommenders.als.estimator import ALSRecommender as ALSRecommender
from .recommenders.content.estimator import ContentModel as ContentModel
from .recommenders.content.estimator import ContentRecommender as ContentRecommender
from .recommenders.criteria.estimator import (
    MultiCriteriaPredictor as MultiCriteriaPredictor,
)
from .recommenders.criteria.model import MultiCriteriaModel as MultiCriteriaModel
from .recommenders.demographic.estimator import DemographicModel as DemographicModel
from .recommenders.demographic.estimator import (
    DemographicRecommender as DemographicRecommender,
)
from .recommenders.ease.estimator import EASEModel as EASEModel
from .recommenders.ease.estimator import EASERecommender as EASERecommender
from .recommenders.embedding.estimator import EmbeddingModel as EmbeddingModel
from .recommenders.embedding.estimator import (
    EmbeddingRecommender as EmbeddingRecommender,
)
from .recommenders.hybrid.estimator import HybridRecommender as HybridRecommender
from .recommenders.hybrid.model import HybridRecommenderModel as HybridRecommenderModel
from .recommenders.item_knn import ItemKNNModel as ItemKNNModel
from .recommenders.item_knn import ItemKNNRecommender as ItemKNNRecommender
from .recommenders.model_card import Metric as Metric
from .recommenders.model_card import ModelCard as ModelCard
from .recommenders.neural.estimator import NeuralModel as NeuralModel
from .recommenders.neural.estimator import NeuralRecommender as NeuralRecommender
from .recommenders.neural.torch_distributor import TrainedModule as TrainedModule
from .recommenders.neural.torch_distributor import (
    torch_distributor as torch_distributor,
)
from .recommenders.neural.torch_training import HistoryBatch as HistoryBatch
from .recommenders.neural.torch_training import TorchTraining as TorchTraining
from .recommenders.popularity import PopularityModel as PopularityModel
from .recommenders.popularity import PopularityRecommender as PopularityRecommender
from .recommenders.pretrained import PretrainedFactorsModel as PretrainedFactorsModel
from .recommenders.pretrained import (
    PretrainedFactorsRecommender as PretrainedFactorsRecommender,
)
from .recommenders.rating.estimator import RatingPredictor as RatingPredictor
from .recommenders.rating.model import RatingPredictorModel as RatingPredictorModel
from .recommenders.rating.streaming.predictor import (
    StreamingRatingPredictor as StreamingRatingPredictor,
)
from .recommenders.trend import TrendModel as TrendModel
from .recommenders.trend import TrendRecommender as TrendRecommender
from .recommenders.walks.estimator import RandomWalkModel as RandomWalkModel
from .recommenders.walks.estimator import RandomWalkRecommender as RandomWalkRecommender
from .scorer.history import Interaction as Interaction
from .scorer.scorer import Scorer as Scorer
from .serving.item_limits import category_quotas as category_quotas
from .serving.item_limits import item_categories as item_categories
from .spark.session import spark_session as spark_session
