"""The hybrid: several legs blended by user-wise standardised scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Self

import pyarrow as pa
from pyspark.ml import Pipeline
from pyspark.ml.param import Param
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import USER
from graphrec.cooccurrence.table import PairTable
from graphrec.data.dataset import Dataset
from graphrec.data.recency import weigh_by_recency
from graphrec.errors import ParameterError
from graphrec.params import at_least, flag, one_of, optional, param, positive
from graphrec.progress import stage
from graphrec.recommenders.als.estimator import ALSRecommender
from graphrec.recommenders.base import Leg, Recommender
from graphrec.recommenders.before import Before
from graphrec.recommenders.content.estimator import ItemFeaturesRecommender
from graphrec.recommenders.ease.estimator import EASERecommender
from graphrec.recommenders.embedding.estimator import EmbeddingRecommender
from graphrec.recommenders.fallbacks import picked_items, with_fallbacks
from graphrec.recommenders.hybrid.candidate_scores import CachedScores
from graphrec.recommenders.hybrid.choice import choose
from graphrec.recommenders.hybrid.hold_out import (
    CUTS,
    LAST,
    MIN_RETURNING,
    RANDOM,
    TIME,
    HoldOut,
    hold_out,
)
from graphrec.recommenders.hybrid.learned_weights import (
    MIN_USERS,
    HoldOutResult,
    normalised,
)
from graphrec.recommenders.hybrid.model import HybridRecommenderModel
from graphrec.recommenders.hybrid.self_training import add_pseudo_interactions, likely_items
from graphrec.recommenders.hybrid.weights import (
    DEFAULT,
    DEFAULT_WEIGHTS,
    LEARNED,
    UNSEARCHED,
    default_weights,
    in_order,
    is_word,
    require_known,
    weights_or_word,
    with_unsearched,
)
from graphrec.recommenders.learning_estimator import Given, ParamMap
from graphrec.recommenders.model import RecommenderModel
from graphrec.recommenders.shared_params import TrainingParams
from graphrec.recommenders.trend import TrendRecommender
from graphrec.recommenders.walks.estimator import RandomWalkRecommender
from graphrec.serving.lists import serve
from graphrec.serving.request import Request
from graphrec.serving.tables import ItemTables, NeighbourLeg
from graphrec.spark.checkpoints import checkpointed
from graphrec.spark.persisted import PersistedFrames

_SELF_TRAINING = "self-training"
_AGAIN = (
    "what reads pairs is learned again, with likely items added to each history, to find rare items"
)
_CHOICE = "choice"
_HELD_OUT: Final[dict[str | None, str]] = {
    None: "a tenth of all interactions, those after one moment where enough users return then",
    RANDOM: "a random tenth of each history",
    LAST: "the last tenth of each history",
    TIME: "a tenth of all interactions, those after one moment",
}
_CHOSEN = "weights and settings are chosen by how well they predict what is held out"
_SHARE = 0.1  # of each history, held out of everybody's to learn weights by
_TIME_SHARE = 0.1  # of all interactions, by time


class HybridRecommender(ItemFeaturesRecommender):
    """Retrieves candidates by the graph and ranks them by a blend of several recommenders.

    Args:
        legs: the base recommenders; their own parameters are used, but those that all
            recommenders share (columns, history, pair table, lists) are taken from the hybrid.
            Default: the walk, EASE, ALS, embeddings and the trend with their defaults. The trend is
            only learned where weights name it, or are learned from interactions with times.
        itemFeatures: the input's item column and a column for each feature, one row per item: all
            legs then have items that nobody has, see `graphrec.recommenders.content.completion`.
        defaultItems: the input's item column, the best first: what an editor picked for users of
            whom nothing is known, listed behind all that anybody has had.
        **values: parameters by keyword.

    Raises:
        ParameterError: the legs are no recommenders, or there are none.

    Examples:
        >>> ratings = spark.createDataFrame(
        ...     [("ann", "tea"), ("ann", "milk"), ("ben", "tea"), ("ben", "milk"), ("cas", "tea")]
        ...     + [("dan", "ham"), ("dan", "salt"), ("eve", "ham"), ("eve", "salt")],
        ...     "user string, item string",
        ... )
        >>> hybrid = gr.HybridRecommender(
        ...     legs=[gr.RandomWalkRecommender(), gr.EASERecommender()],
        ...     weights={"walk": 0.4, "ease": 0.6},
        ... )
        >>> model = hybrid.fit(ratings)
        >>> model.legs
        ('walk', 'ease')
        >>> cas = ratings.where("user = 'cas'")
        >>> model.rankedLists(1, users=cas).select("user", "item", "rank", "because").show()
        +----+----+----+-------+
        |user|item|rank|because|
        +----+----+----+-------+
        | cas|milk|   1|  [tea]|
        +----+----+----+-------+
    """

    weights = param(
        LEARNED,
        "weight of each leg's standardised score in the blend. learned: from 50 users on, those "
        "that predict held-out items best, and so the rank of ALS and whether self-training pays; "
        "default: the legs have those that are best on most data, any other leg their mean",
        weights_or_word,
    )
    decayBeyond = HybridRecommenderModel.decayBeyond
    allLegs = param(
        False,
        "whether legs that get no weight are learned, too: to be compared with the blend",
        flag(),
    )
    validationUsers = param(3000, "validation users of weights=learned, at most", at_least(2))
    validationCut = param(
        None,
        "what is held out to learn weights by: a random tenth of each history; the last tenth; or "
        "what came after one moment (time), a tenth of all interactions. The latter two need "
        "times. None: by time where enough users have interactions before and after, else random",
        optional(one_of(*CUTS)),
    )
    trendHalfLife = param(
        90.0,
        "age in days at which an interaction counts half where users of whom nothing is known get "
        "what is popular now; None, or without times: what has been popular all the time",
        optional(positive()),
    )
    seed = param(0, "of the draw for weights=learned", at_least(0))
    pseudoInteractions = HybridRecommenderModel.pseudoInteractions
    _model = HybridRecommenderModel

    def __init__(
        self,
        legs: Sequence[Recommender] | None = None,
        itemFeatures: DataFrame | None = None,
        defaultItems: DataFrame | None = None,
        **values: Any,
    ) -> None:
        super().__init__(itemFeatures, **values)
        self.defaultItems = defaultItems
        self.legs = (
            [
                RandomWalkRecommender(),
                EASERecommender(),
                ALSRecommender(),
                EmbeddingRecommender(),
                TrendRecommender(),
            ]
            if legs is None
            else _recommenders(legs)
        )

    @property
    def leg_names(self) -> tuple[str, ...]:
        """Those of all legs."""
        return tuple(name for leg in self.legs for name in leg.leg_names)

    def given(self) -> Given:
        """The legs, the features of items, and what an editor picked."""
        own = {} if self.defaultItems is None else {"defaultItems": self.defaultItems}
        return {**super().given(), **own, "legs": self.legs}

    def getStages(self) -> list[Recommender]:
        """The legs, by the name under which PySpark looks for the parts of an Estimator."""
        return self.legs

    def copy(self, extra: ParamMap | None = None) -> Self:
        """A copy, with copies of the legs.

        Args:
            extra: values by Param, of the hybrid and of its legs.

        Raises:
            ParameterError: a value is out of its range, or the parameter of a leg is one that is
                taken from the hybrid.
        """
        own_legs = {leg.uid for leg in self.legs}
        for parameter in extra or {}:
            if isinstance(parameter, Param) and parameter.parent in own_legs:
                _refuse_shared(parameter.name)
        copied = super().copy(extra)
        copied.legs = [leg.copy(extra) for leg in self.legs]
        return copied

    def check(self) -> None:
        """Raise a ParameterError if legs, or the names in weights, do not go together."""
        _check_distinct(self.leg_names)
        _check_one_gives_vectors(self.legs)
        if not is_word(self.value("weights")):
            require_known(self.value("weights"), self.leg_names)
        super().check()
        for leg in self.legs:
            leg.check()

    def exponents(self) -> frozenset[float] | None:
        """All that the legs read; None if none of them reads pairs."""
        read = [leg.exponents() for leg in self.legs]
        some = [exponents for exponents in read if exponents is not None]
        return frozenset().union(*some) if some else None

    def enrich(self, dataset: Dataset) -> Dataset:
        """What each leg adds."""
        for leg in self.legs:
            dataset = leg.enrich(dataset)
        return dataset

    def stages(self) -> list[str] | None:
        """A leg that gets no weight is left out in the end."""
        stages = super().stages()
        if stages is None or self.value("weights") != LEARNED:
            return stages
        return [_CHOICE, *stages]

    def learning(self) -> list[str]:
        """Those of all legs, and of learning again."""
        stages = [name for leg in self._wanted(timed=False) for name in leg.learning()]
        again = self._trains_itself(timed=False) and self.exponents() is not None
        return [*stages, _SELF_TRAINING] if again else stages

    def learners(self, dataset: Dataset) -> list[Recommender]:
        """Copies of the legs that are learned, with the hybrid's values of what all share."""
        shared = self.values_of(TrainingParams)
        return [leg.copy().setParams(**shared) for leg in self._wanted(timed=dataset.timed)]

    def _wanted(self, *, timed: bool) -> list[Recommender]:
        """The legs but those off by default, unless weights name them, or may find a use."""
        weights = self.value("weights")

        def is_wanted(leg: Recommender) -> bool:
            if DEFAULT_WEIGHTS.get(leg.leg) != 0.0:
                return True
            if is_word(weights):
                return timed and weights == LEARNED
            return weights.get(leg.leg, 0.0) > 0.0

        return [leg for leg in self.legs if is_wanted(leg)]

    def learning_on(self, before: Before) -> HybridRecommender:
        """A copy whose legs begin where those of a model stand."""
        copied = self.copy()
        copied.legs = [leg.learning_on(before) for leg in copied.legs]
        copied.before = before
        return copied

    def count_pairs(self, dataset: Dataset) -> PairTable | None:
        """The item pairs; None where an update learns legs of them from likely items alone."""
        readers = [leg for leg in self.learners(dataset) if leg.exponents() is not None]
        if self.before is not None and all(self._stood_in(leg, dataset) for leg in readers):
            return None
        return super().count_pairs(dataset)

    def learn(self, dataset: Dataset, pairs: PairTable | None) -> list[Leg]:
        """All legs; then those that read pairs again."""
        return self.learn_again(dataset, pairs, self.learn_once(dataset, pairs))

    def learn_once(self, dataset: Dataset, pairs: PairTable | None) -> list[Leg]:
        """All legs, on the same histories and the same pair table."""
        return [
            learned
            for leg in self.learners(dataset)
            for learned in self._stood_in(leg, dataset) or leg.learn(dataset, pairs)
        ]

    def _trains_itself(self, *, timed: bool) -> bool:
        """Whether there is self-training: one leg alone would only be confirmed."""
        names = [name for leg in self._wanted(timed=timed) for name in leg.leg_names]
        return self.value("pseudoInteractions") > 0 and len(names) > 1

    def _stood_in(self, leg: Recommender, dataset: Dataset) -> list[Leg]:
        """The weights of a leg before an update, where they only find likely items.

        They are learned from these; what they were serves for that, and costs little.
        """
        if self.before is None or leg.exponents() is None:
            return []
        if not self._trains_itself(timed=dataset.timed):
            return []
        stood = self.before.neighbour_legs.get(leg.leg)
        return [] if stood is None else [stood]

    def learned_model(self, dataset: Dataset, pairs: PairTable | None) -> RecommenderModel:
        """The model of all legs, which knows what self-training has added to histories."""
        once = self.learn_once(dataset, pairs)
        legs, likely = self._self_trained(dataset, pairs, once)
        model = self.model_of_legs(dataset, pairs, legs)
        model.likely = likely
        return model

    def learn_again(self, dataset: Dataset, pairs: PairTable | None, legs: list[Leg]) -> list[Leg]:
        """The legs, those that read pairs learned again from what the blend of all adds.

        Args:
            dataset: what the legs were learned from.
            pairs: counted in it.
            legs: each learned once; they make the lists that the pseudo-interactions are taken of.
        """
        return self._self_trained(dataset, pairs, legs)[0]

    def _self_trained(
        self, dataset: Dataset, pairs: PairTable | None, legs: list[Leg]
    ) -> tuple[list[Leg], DataFrame | None]:
        """See `learn_again`; and what was added to the histories, if anything.

        That is cut off from its plan: each update makes it of what the one before has added.
        """
        read = {leg.name for leg in legs if isinstance(leg, NeighbourLeg)}
        if not read or not self._trains_itself(timed=dataset.timed):
            return legs, None
        with stage(_SELF_TRAINING, _AGAIN), PersistedFrames() as persisted:
            tables = self.tables_of(dataset, legs, pairs)
            with stage("likely items") as counts:
                likely = checkpointed(self._likely_items(dataset, tables))
                lengthened = add_pseudo_interactions(dataset.histories, likely)
                richer = dataset.with_histories(persisted.persist(lengthened))
                counts["interactions"] = richer.sizes.interactions
            anew_pairs = super().count_pairs(richer)
            assert anew_pairs is not None  # some leg reads them
            again = [
                learned
                for leg in self.learners(richer)
                if leg.leg in read
                for learned in leg.learn_of_likely(richer, anew_pairs)
            ]
        anew = {leg.name: leg for leg in again}
        return [anew.get(leg.name, leg) for leg in legs], likely

    def _likely_items(self, dataset: Dataset, tables: ItemTables) -> DataFrame:
        """What the blend lists first; in an update, to users of whom something is new."""
        known = None if self.before is None else self.before.likely_now
        histories = dataset.histories
        if self.before is not None and known is not None:
            histories = histories.join(F.broadcast(self.before.changed), USER, "left_semi")
        listed = likely_items(
            histories,
            tables,
            blend=self.blend_of(tables.legs),
            decay=in_order(self.value("decayBeyond"), tables.legs),
            candidates=self.value("candidates"),
            share=self.value("pseudoInteractions"),
        )
        return listed if known is None else listed.unionByName(known)

    def blend_of(self, legs: Sequence[str]) -> tuple[float, ...]:
        """The weights as far as they are known before the legs are learned."""
        weights = self.value("weights")
        return normalised(default_weights(legs) if is_word(weights) else weights, legs)

    def other_items(self, dataset: Dataset) -> pa.Array:
        """What an editor picked."""
        return picked_items(dataset, self.defaultItems)

    def fit_to_pairs(self, dataset: Dataset, pairs: PairTable | None) -> RecommenderModel:
        """Learn the legs, make the model, and say what it lists to whom it knows nothing of."""
        model = super().fit_to_pairs(dataset, pairs)
        picked = self.other_items(dataset)
        return with_fallbacks(model, picked, half_life=self.value("trendHalfLife"))

    def fit_to(self, dataset: Dataset) -> RecommenderModel:
        """Learn the legs, and the weights unless they are given."""
        weights = self.value("weights")
        if not is_word(weights):
            complete = with_unsearched(weights, self.leg_names)
            if complete == weights:
                return super().fit_to(dataset)
            return self.with_settings({"weights": complete}).fit_to(dataset)
        if weights == DEFAULT:
            return self._fit_with(dataset, default_weights(self.leg_names))
        searched = self._of_legs([leg for leg in self.legs if leg.leg not in UNSEARCHED])
        chosen, result = searched._choose(dataset)
        others = [leg for leg in self.legs if leg.leg in UNSEARCHED]
        chosen = chosen._of_legs([*chosen.legs, *others])
        model = chosen._fit_with(
            dataset, with_unsearched(chosen.value("weights"), chosen.leg_names)
        )
        assert isinstance(model, HybridRecommenderModel)
        model.chosen_on = result
        if result is not None:
            model.metrics = (result.metric(_HELD_OUT[self.value("validationCut")]),)
        return model

    def _choose(self, dataset: Dataset) -> tuple[HybridRecommender, HoldOutResult | None]:
        """A copy with weights, and with what else held-out items decide."""
        possible = self._has_choice(dataset)
        with stage(_CHOICE, _CHOSEN if possible else ""), PersistedFrames() as persisted:
            if not possible:
                return self.with_settings({"weights": default_weights(self.leg_names)}), None
            training, validation = self._validation(dataset, persisted)
            part = dataset.with_histories(persisted.persist(training))
            return choose(self, dataset, part, validation)

    def _of_legs(self, legs: Sequence[Recommender]) -> HybridRecommender:
        """A copy with some legs of its own, or others beside them."""
        copied = self.copy()
        copied.legs = list(legs)
        return copied

    def _has_choice(self, dataset: Dataset) -> bool:
        """Whether there is anything to choose, and users enough to judge it by."""
        choices = len(self.leg_names) > 1 or any(leg.alternatives(dataset) for leg in self.legs)
        return choices and dataset.users >= MIN_USERS

    def _validation(
        self, dataset: Dataset, persisted: PersistedFrames
    ) -> tuple[DataFrame, DataFrame]:
        """What the weights are learned from, and what they are judged by, which is persisted."""
        wished = self.value("validationCut")
        if wished is None and dataset.timed:
            cut = self._held_out(dataset, TIME)
            validation = persisted.persist(cut.validation)
            if validation.count() >= MIN_RETURNING:
                return cut.training, validation
        cut = self._held_out(dataset, wished or RANDOM)
        return cut.training, persisted.persist(cut.validation)

    def _held_out(self, dataset: Dataset, cut: str) -> HoldOut:
        share = _TIME_SHARE if cut == TIME else _SHARE
        users, seed = self.value("validationUsers"), self.value("seed")
        return self.hold_out(dataset, cut, users=users, fraction=share, seed=seed)

    def _fit_with(self, dataset: Dataset, weights: Mapping[str, float]) -> RecommenderModel:
        """Learn the legs that have a weight, with weights that are known."""
        hybrid = self.with_settings({"weights": weights})
        hybrid = hybrid._of_legs(
            [
                leg
                for leg in hybrid.legs
                if self.value("allLegs")
                or any(weights.get(name, 0.0) > 0 for name in leg.leg_names)
            ]
        )
        hybrid.setParams(weights={leg: weights.get(leg, 0.0) for leg in hybrid.leg_names})
        model = hybrid.fit_to(dataset)
        known = dict(zip(model.legs, normalised(weights, model.legs), strict=True))
        return model.setParams(weights=known)

    def hold_out(
        self, dataset: Dataset, cut: str, *, users: int, fraction: float, seed: int
    ) -> HoldOut:
        """Take a part of all histories away.

        Args:
            dataset: has the histories.
            cut: random, last or time, see `graphrec.recommenders.hybrid.hold_out`, as the others.
            users: validation users, at most.
            fraction: share that is held out.
            seed: of the draws.

        Raises:
            ParameterError: the cut needs times, and there are none.
        """
        if cut != RANDOM and not dataset.timed:
            raise ParameterError(
                f"validationCut={cut} needs a timestamp column", fix="name it, or take random items"
            )
        return hold_out(dataset.histories, users=users, fraction=fraction, cut=cut, seed=seed)

    def cached_scores(
        self, dataset: Dataset, tables: ItemTables, validation: DataFrame
    ) -> CachedScores:
        """All legs' scores of the validation users' candidates, for a search.

        Args:
            dataset: has the items.
            tables: of the legs, see `tables_of`.
            validation: (user, items, weights, times, held_out: array<int>,
                low_similarity: array<int>), see `hold_out` and `mark_low_similarity`.
        """
        half_life = self.value("recencyHalfLife")
        if half_life is not None:
            validation = weigh_by_recency(validation, half_life)
        candidates = self.value("candidates")
        request = Request(
            (1.0,) * len(tables.legs),
            True,
            candidates,
            candidates,
            reasons=0,
            decay=in_order(self.value("decayBeyond"), tables.legs),
        )
        nested = serve(validation, tables, request, item_type=dataset.item_type)
        return CachedScores.collect(nested, validation, dataset.items, tables.legs)

    def with_settings(self, settings: Mapping[str, Any]) -> HybridRecommender:
        """A copy with other parameters.

        Args:
            settings: values by name: "maxNeighbours" is the hybrid's own, "walk.itemExponent" one
                of the leg "walk".

        Raises:
            ParameterError: an unknown name, a value out of its range, or a parameter of a leg that
                is taken from the hybrid.
        """
        changed = self.copy()
        for name, value in settings.items():
            owner, own_name = changed._owner(name)
            if owner is not changed:
                _refuse_shared(own_name)
            owner.setParams(**{own_name: value})
        return changed

    def setting(self, name: str) -> Any:
        """The value of a parameter, named as in `with_settings`."""
        owner, own_name = self._owner(name)
        return owner.value(own_name)

    def _owner(self, name: str) -> tuple[Recommender, str]:
        leg_name, dot, own_name = name.rpartition(".")
        if not dot:
            return self, name
        for leg in self.legs:
            if leg.leg == leg_name:
                return leg, own_name
        raise ParameterError(
            f"the hybrid has no leg {leg_name!r}",
            fix=f"it has {', '.join(leg.leg for leg in self.legs)}",
        )


def _recommenders(legs: Any) -> list[Recommender]:
    """The legs, checked."""
    given = list(legs) if isinstance(legs, Iterable) and not isinstance(legs, str) else [legs]
    strangers = [leg for leg in given if not isinstance(leg, Recommender)]
    if strangers or not given or given[0] is legs:
        raise ParameterError(
            "legs must be a list of recommenders",
            found=", ".join(map(repr, strangers)) or ("a single one" if given else "none"),
            fix="give some, as in legs=[RandomWalkRecommender(), EASERecommender()]",
        )
    for leg in given:
        if isinstance(leg, ItemFeaturesRecommender) and leg.itemFeatures is not None:
            raise ParameterError(
                "a leg cannot have item features of its own",
                found=type(leg).__name__,
                fix="give them to the hybrid, whose legs all use them: itemFeatures=...",
            )
        if not leg.leg_names:
            raise ParameterError(
                "the legs must learn something to be blended",
                found=type(leg).__name__,
                fix="leave it out: model.baselines() has it beside the blend",
            )
    return given


# PySpark looks for the parts of a Pipeline alone, by `getStages`. Were the hybrid none, a
# CrossValidator with a grid over the parameters of legs could not be saved.
Pipeline.register(HybridRecommender)


def _refuse_shared(name: str) -> None:
    """Refuse to set a parameter on a leg that all recommenders have, for the leg's is not used."""
    if isinstance(getattr(Recommender, name, None), Param):
        raise ParameterError(
            f"{name} of a leg has no effect: it is taken from the hybrid",
            fix=f"set the hybrid's own {name}",
        )


def _check_one_gives_vectors(legs: Sequence[Recommender]) -> None:
    """Refuse two legs that each give users a vector: a history has room for one."""
    giving = [leg.leg for leg in legs if {"userFactors", "userFeatures"} & leg.given().keys()]
    if len(giving) > 1:
        raise ParameterError(
            "two legs are given vectors or features of users",
            found=", ".join(giving),
            fix="leave userFactors out: users are then folded in from their histories",
        )


def _check_distinct(legs: Sequence[str]) -> None:
    twice = sorted({leg for leg in legs if legs.count(leg) > 1})
    if twice:
        raise ParameterError(
            "two legs have the same name", found=", ".join(twice), fix="leave one of them out"
        )
