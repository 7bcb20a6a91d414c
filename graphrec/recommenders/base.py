"""The base class of all recommenders: an Estimator that learns legs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Final, overload

import numpy as np
from pyspark.sql import DataFrame

from graphrec.cooccurrence.prune import prune_neighbours
from graphrec.cooccurrence.table import ITEM_PAIRS, PairTable, count_pairs
from graphrec.data.dataset import READING, Dataset
from graphrec.data.dataset_params import DatasetParams
from graphrec.errors import GraphrecError, ParameterError
from graphrec.kernels.types import Matrix
from graphrec.progress import planned, stage
from graphrec.recommenders.before import Before
from graphrec.recommenders.learning_estimator import LearningEstimator, ParamMap
from graphrec.recommenders.model import RecommenderModel
from graphrec.recommenders.result_columns import require_free_columns
from graphrec.recommenders.shared_params import PredictionParams, ServingParams, TrainingParams
from graphrec.serving.tables import FactorLeg, ItemTables, NeighbourLeg

Leg = NeighbourLeg | FactorLeg

MERGE_TABLES: Final = "merge tables"  # a stage
_MAX_SIMILAR_ITEMS = 512  # of an item: those that MMR knows a similarity to, the best by cosine


class Recommender(
    LearningEstimator[RecommenderModel], PredictionParams, ServingParams, TrainingParams
):
    """Learns one leg, or several, from interactions.

    A fit goes this way: the interactions become a `Dataset`, its item pairs are counted if a leg
    reads them, each leg is learned, and the legs are merged into the tables of the model.
    """

    transformTopK = RecommenderModel.transformTopK
    leg: ClassVar[str] = ""  # the name of what it learns, where that is one leg
    before: Before | None = None  # the model that an update learns on from
    _model: ClassVar[type[RecommenderModel]] = RecommenderModel

    @overload
    def fit(
        self, dataset: DataFrame | Dataset, params: ParamMap | None = ...
    ) -> RecommenderModel: ...

    @overload
    def fit(
        self, dataset: DataFrame | Dataset, params: list[ParamMap] | tuple[ParamMap, ...]
    ) -> list[RecommenderModel]: ...

    def fit(
        self,
        dataset: DataFrame | Dataset,
        params: ParamMap | list[ParamMap] | tuple[ParamMap, ...] | None = None,
    ) -> RecommenderModel | list[RecommenderModel]:
        """Learn a model, or one for each of several parameter maps.

        Args:
            dataset: interactions, any table with a user and an item column; or a `Dataset`, which
                is read once for all that are fitted to it. Params that are not set then have the
                values that it was made with.
            params: values for this fit by Param, of this Estimator or of those it is made of; or
                several such maps.

        Raises:
            ParameterError: a value is out of its range, a Param is of something else, or one is
                set to another value than the `Dataset` was made with.
            ColumnError: a column is not there or cannot be used, or its name is one of a result.
            EmptyInputError: no row is accepted.
        """
        return super().fit(dataset, params)  # type: ignore[arg-type] # theirs is a DataFrame

    def _fit(self, dataset: DataFrame | Dataset) -> RecommenderModel:
        self.check()
        columns = dataset.columns if isinstance(dataset, Dataset) else self.columns_in(dataset)
        require_free_columns(columns, self.leg_names)
        reading = () if isinstance(dataset, Dataset) else READING
        learning = self.stages()
        with planned(None if learning is None else [*reading, *learning]):
            known = dataset if isinstance(dataset, Dataset) else self.dataset_of(dataset)
            own = self._made_like(known)
            return own.fit_to(own.enrich(known))

    def dataset_of(self, interactions: DataFrame) -> Dataset:
        """The interactions as the Params of this recommender say that they are read.

        Raises:
            As `Dataset.from_interactions`.
        """
        return Dataset.from_interactions(interactions, **self.values_of(DatasetParams))

    def _made_like(self, dataset: Dataset) -> Recommender:
        """A copy with the Params of a dataset, which must not differ from those that are set."""
        for name, value in dataset.params.items():
            own = self.value(name)
            found = own is None and (name.endswith("Col") or name == "targetEvent")  # in the data
            if self.isSet(name) and own != value and not found:
                raise ParameterError(
                    f"the dataset was made with another {name} than the recommender is set to",
                    found=f"{value!r} and {own!r}",
                    fix=f"make the dataset with {name}={own!r}, or leave it unset here",
                )
        return self.copy().setParams(**dataset.params)

    def fit_to(self, dataset: Dataset) -> RecommenderModel:
        """Count the pairs, learn the legs, and make the model."""
        pairs = self.count_pairs(dataset)
        return self.fit_to_pairs(dataset, pairs)

    def fit_to_pairs(self, dataset: Dataset, pairs: PairTable | None) -> RecommenderModel:
        """Learn the legs, and make the model, where the pairs have been counted.

        Args:
            dataset: what is learned from.
            pairs: counted in it by this recommender's `pair_spec`; see `learn`.
        """
        return self.learned_model(dataset, pairs)

    # --- for subclasses ---------------------------------------------------------------------------

    @property
    def leg_names(self) -> tuple[str, ...]:
        """The names of the legs that it learns."""
        return (self.leg,) if self.leg else ()

    def stages(self) -> list[str] | None:
        """The stages of a fit to a `Dataset`, in their order; None if they depend on the data."""
        counting = [] if self.exponents() is None else [ITEM_PAIRS]
        return [*counting, *self.learning(), MERGE_TABLES]

    def learning(self) -> list[str]:
        """The stages of `learn`, in their order."""
        return []

    def alternatives(self, dataset: Dataset) -> list[dict[str, Any]]:
        """Values of Params that are worth trying where a hybrid learns its weights.

        Args:
            dataset: what is learned from in the end.
        """
        return []

    def learning_on(self, before: Before) -> Recommender:
        """A copy whose legs begin where those of a model stand, as far as they can.

        Args:
            before: the model, and what is new.
        """
        copied = self.copy()
        copied.before = before
        return copied

    def vectors_before(self) -> Matrix | None:
        """The item vectors of this leg to learn on from, (items, rank), 0 for a new item."""
        return None if self.before is None else self.before.vectors(self.leg)

    def check(self) -> None:
        """Raise a ParameterError if Params contradict each other, before anything is read."""

    def enrich(self, dataset: Dataset) -> Dataset:
        """Add to the histories what this recommender was given about users; by default nothing."""
        return dataset

    def exponents(self) -> frozenset[float] | None:
        """The exponents of the user's strength whose sums this recommender reads of item pairs.

        Returns:
            None if it reads no pairs at all.
        """
        return None

    @abstractmethod
    def learn(self, dataset: Dataset, pairs: PairTable | None) -> list[Leg]:
        """Learn the legs.

        Args:
            dataset: what they are learned from.
            pairs: counted in it; None only where `exponents` is.
        """

    def learned_model(self, dataset: Dataset, pairs: PairTable | None) -> RecommenderModel:
        """The model of the legs; what is known of items beside the interactions is not in it yet.

        Args:
            dataset: see `learn`.
            pairs: likewise.
        """
        return self.model_of_legs(dataset, pairs, self.learn(dataset, pairs))

    def learn_of_likely(self, dataset: Dataset, pairs: PairTable) -> list[Leg]:
        """Learn the legs from histories that likely items were added to; by default as others.

        Args:
            dataset: has these histories.
            pairs: counted in them.
        """
        return self.learn(dataset, pairs)

    # --- the steps of a fit -----------------------------------------------------------------------

    def count_pairs(self, dataset: Dataset) -> PairTable | None:
        """The item pairs that the legs read; None if they read none."""
        exponents = self.exponents()
        return None if exponents is None else count_pairs(dataset, self.pair_spec(exponents))

    def tables_of(self, dataset: Dataset, legs: list[Leg], pairs: PairTable | None) -> ItemTables:
        """The legs merged into the tables of a model.

        Args:
            dataset: what they were learned from.
            legs: see `learn`.
            pairs: as they read it; without it, MMR cannot compare items unless by factors.

        Raises:
            GraphrecError: a leg learned a number that is not finite.
        """
        _require_finite(legs)
        similarity = None
        if pairs is not None and not _compare_items(legs):
            near = prune_neighbours(pairs, _MAX_SIMILAR_ITEMS)
            similarity = near.with_data(near.cosine)
        with stage(MERGE_TABLES):
            return ItemTables.from_legs(dataset.catalogue, dataset.users, legs, similarity)

    def model_of_legs(
        self, dataset: Dataset, pairs: PairTable | None, legs: list[Leg]
    ) -> RecommenderModel:
        """The model of legs that were learned.

        Args:
            dataset: what they were learned from, and what is served.
            pairs: counted in it; None: the legs have not read any.
            legs: see `learn`.
        """
        if pairs is None and not _compare_items(legs):  # MMR compares items by the pairs
            pairs = count_pairs(dataset, self.pair_spec())
        return self.model_of(dataset, self.tables_of(dataset, legs, pairs), pairs)

    def model_of(
        self, dataset: Dataset, tables: ItemTables, pairs: PairTable | None
    ) -> RecommenderModel:
        """A model with this recommender's Params.

        Args:
            dataset: what it serves.
            tables: see `tables_of`.
            pairs: counted in the dataset; without neighbour legs the model counts its own when
                they are read.
        """
        kept = pairs if tables.neighbour_names else None
        model = self._copy_shared_values(self._model(dataset, tables, kept))
        model.learned_by = self
        return model


def _compare_items(legs: Sequence[Leg]) -> bool:
    """Whether MMR can compare items by the factors of a leg, or has no leg to re-rank for."""
    compared = (isinstance(leg, FactorLeg) and leg.factors.rank > 1 for leg in legs)
    return not legs or any(compared)


def _require_finite(legs: Iterable[Leg]) -> None:
    """A last guard: what is read has bounds that should keep all sums finite."""
    for leg in legs:
        learned = leg.weights.data if isinstance(leg, NeighbourLeg) else leg.factors.vector
        if not np.isfinite(learned).all():
            raise GraphrecError(
                f"the leg {leg.name!r} learned numbers that are not finite",
                found=f"{int((~np.isfinite(learned)).sum()):,} of {learned.size:,}",
                fix="give smaller ratings or factors, or more regularization",
            )
