"""A fitted recommender: it makes lists, scores pairs, explains, and finds associated items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

import pyarrow as pa
from pyspark.ml.base import Model
from pyspark.ml.util import MLReadable, MLReader, MLWritable, MLWriter
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import (
    DISLIKED,
    INDEX,
    ITEM,
    ITEMS,
    LABEL,
    PREDICTION,
    RATING,
    RECOMMENDATIONS,
    SCORE,
    SEEN,
    USER,
    VECTOR,
    WEIGHTS,
)
from graphrec.cooccurrence.association import watched_together
from graphrec.cooccurrence.best_neighbours import (
    DEFAULT_MEASURE,
    DEFAULT_SHRINKAGE,
    DEFAULT_SUPPORT,
)
from graphrec.cooccurrence.table import PairTable, count_pairs
from graphrec.data.checks import require_free
from graphrec.data.dataset import Dataset
from graphrec.data.figures import InteractionFigures
from graphrec.data.frames import free_name, named_alike, require_frame
from graphrec.data.hashing import seeded_hash
from graphrec.data.histories import with_known_histories
from graphrec.data.id_types import as_id
from graphrec.data.interaction_columns import require_free_names
from graphrec.data.item_features import ItemFeatures
from graphrec.data.recency import seen_lately, weigh_by_recency
from graphrec.errors import ParameterError
from graphrec.explanation.explanation import Explanation, Names, explain
from graphrec.explanation.user_context import UserContext
from graphrec.graph.bipartite import UserItemGraph
from graphrec.params import at_least, checked, param, positive
from graphrec.recommenders.buy_again import COLUMNS, items_of_habit
from graphrec.recommenders.content.related import with_related_by_features
from graphrec.recommenders.learning_estimator import LearningEstimator
from graphrec.recommenders.model_card import Metric, ModelCard, Origin
from graphrec.recommenders.shared_params import PredictionParams, ServingParams, TrainingParams
from graphrec.recommenders.update_figures import UpdateFigures
from graphrec.serving.filters import Filtered, ListFilters, apply_filters
from graphrec.serving.list_rules import require_one_ranking
from graphrec.serving.lists import serve
from graphrec.serving.pair_scores import WANTED, score_pairs
from graphrec.serving.request import Request
from graphrec.serving.tables import ItemTables
from graphrec.spark.item_rows import vector_rows

if TYPE_CHECKING:
    from graphrec.recommenders.update_stream import UpdateStream

_MAX_PATHS = 100_000  # Spark allocates room for the number that is given


class RecommenderModel(
    Model, PredictionParams, ServingParams, TrainingParams, MLWritable, MLReadable["Any"]
):
    """A fitted recommender: tables of the catalogue, and the histories of the known users.

    User and item columns of all frames, in and out, have the names and types of the training
    data; whole numbers may be of any width, see `graphrec.data.id_types`. Lists are made for known
    users, for some of them, or for histories that nobody has seen before; a user without a history
    gets the most popular items, marked as such.

    Attributes:
        dataset: the histories it serves, the catalogue and the names of the columns.
        tables: the merged legs, from which scores are computed.
        counted_pairs: the pair table, if a leg needed it or `pairs` was read.
        features: what is known of the items, where the recommender was given it.
        origin: when and by what it was learned.
        metrics: what is known of its quality. Those that you measured may be added, and are saved:
            `model.metrics += (gr.Metric("NDCG@10", 0.21, split="the last week"),)`.
        learned_by: the recommender that learned it, with all settings that the fit chose; None
            where it is a part of another model, or was saved by an older version.
        likely: (user, likely: array<int>), the items that self-training has added to histories;
            None where it has not.
        update_figures: what the update that it comes from has taken in; None after a fit.
        streams: how far it has followed streams: the number of the last batch that it has taken
            in, by the id of the checkpoint.
    """

    transformTopK = param(
        0,
        "0: transform scores pairs; above: it gives each user's list of that length, for a "
        "RankingEvaluator",
        at_least(0),
    )

    def __init__(
        self, dataset: Dataset, tables: ItemTables, pairs: PairTable | None = None, **values: Any
    ) -> None:
        super().__init__(**values)
        self.dataset = dataset
        self.tables = tables
        self.counted_pairs = pairs
        self.features: ItemFeatures | None = None
        self.origin = Origin.now(dataset.spark.version)
        self.metrics: tuple[Metric, ...] = ()
        self.learned_by: LearningEstimator[Any] | None = None
        self.likely: DataFrame | None = None
        self.update_figures: UpdateFigures | None = None
        self.streams: Mapping[str, int] = {}
        self._graph: UserItemGraph | None = None

    # --- lists ------------------------------------------------------------------------------------

    def recommendForAllUsers(self, numItems: int, **filters: Unpack[ListFilters]) -> DataFrame:
        """Lists for all users of the training data, in the schema of `ALSModel`.

        Args:
            numItems: k, the length of the lists; at most the catalogue's.
            **filters: tables by which lists change, see `rankedLists`.

        Returns:
            (user, recommendations: array<struct<item, rating: float>>), best first.
        """
        return self._als_schema(
            self._lists(self.dataset.served, self.request(numItems), flat=False, **filters)
        )

    def recommendForUserSubset(
        self, dataset: DataFrame, numItems: int, **filters: Unpack[ListFilters]
    ) -> DataFrame:
        """Lists for the distinct users of a frame, in the schema of `ALSModel`.

        Args:
            dataset: has the user column; unknown users get the most popular items.
            numItems: k, the length of the lists.
            **filters: tables by which lists change, see `rankedLists`.
        """
        return self._als_schema(
            self._lists(
                self.dataset.histories_of(dataset), self.request(numItems), flat=False, **filters
            )
        )

    def recommendForHistories(
        self, dataset: DataFrame, numItems: int, **filters: Unpack[ListFilters]
    ) -> DataFrame:
        """Lists for histories that the model was not trained on: new users, anonymous baskets.

        Args:
            dataset: interactions with the user and item columns of the training data, and perhaps
                its ratings and times, by the same rules: duplicates, rows that are rejected, and
                decay, whose ages are counted back from the latest time that was learned from.
                What the model knows of these users is not used. Items that the model does not
                know are left out.
            numItems: k, the length of the lists.
            **filters: tables by which lists change, see `rankedLists`.

        Returns:
            As `recommendForAllUsers`; users none of whose items is known get the most popular.

        Examples:
            >>> ratings = spark.createDataFrame(
            ...     [("ann", "tea"), ("ann", "milk"), ("ben", "tea"), ("ben", "milk")]
            ...     + [("cas", "tea"), ("dan", "ham"), ("dan", "salt"), ("eve", "ham")]
            ...     + [("eve", "salt")],
            ...     "user string, item string",
            ... )
            >>> model = gr.ItemKNNRecommender().fit(ratings)
            >>> basket = spark.createDataFrame([("new", "milk")], "user string, item string")
            >>> [row] = model.recommendForHistories(basket, 1).collect()
            >>> row.user, row.recommendations[0].item
            ('new', 'tea')
        """
        return self._als_schema(
            self._lists(
                self.dataset.histories_in(dataset), self.request(numItems), flat=False, **filters
            )
        )

    def recommendForProfiles(
        self,
        profiles: DataFrame,
        numItems: int,
        *,
        histories: DataFrame | None = None,
        **filters: DataFrame | None,
    ) -> DataFrame:
        """Lists for people whom nobody knows, by what they are like and what is in their baskets.

        Args:
            profiles: the user column, whose ids are only names here, and the features that the
                model learned from, as far as they are known; one row per user.
            numItems: k, the length of the lists.
            histories: interactions of the same users, as `recommendForHistories` takes them; who
                is in it alone gets a list, too. None: there are none.
            **filters: `allow` and `deny`, see `rankedLists`.

        Returns:
            (user, recommendations), as `recommendForAllUsers`. In a model without a
            `DemographicRecommender` features say nothing.

        Raises:
            ColumnError: there is no user column, or a feature is of another kind.
            ParameterError: a table is none.

        Examples:
            >>> ratings = spark.createDataFrame(
            ...     [("ann", "tea"), ("ben", "tea"), ("cas", "ham"), ("dan", "ham")],
            ...     "user string, item string",
            ... )
            >>> people = spark.createDataFrame(
            ...     [("ann", "x"), ("ben", "x"), ("cas", "y"), ("dan", "y")],
            ...     "user string, town string",
            ... )
            >>> model = gr.DemographicRecommender(people, regParam=0.1).fit(ratings)
            >>> visitor = spark.createDataFrame([("?", "y")], "user string, town string")
            >>> [row] = model.recommendForProfiles(visitor, 1).collect()
            >>> row.recommendations[0].item
            'ham'
        """
        known = self.dataset.described_by(profiles, histories)
        return self._als_schema(self._lists(known, self.request(numItems), flat=False, **filters))

    def rankedLists(
        self,
        numItems: int,
        *,
        users: DataFrame | None = None,
        offset: int = 0,
        **filters: Unpack[ListFilters],
    ) -> DataFrame:
        """Lists with ranks, the shares of the legs and reasons, one row per listed item.

        Args:
            numItems: k, the length of the lists.
            users: has the user column; None serves all users of the training data.
            offset: how many of the best items are left out at the top of each list: the next page.
                With a diversity above 0, MMR chooses a list as a whole, so that pages need not make
                up a longer one.
            **filters: tables by which lists change, each of which may be left out:
                `allow` has the item column: nothing else is listed.
                `deny` has the item column, and perhaps the user column: never listed (to that
                user).
                `boosts` has the item column and `boost`, a factor within a millionth and a million:
                a score above 0 is multiplied by it, one below 0 divided.
                `quotas` has the item column, `category` and `quota`: a list has no more items of a
                category, and others in their place; see `graphrec.category_quotas`.
                `categories` has the item column and `category`: lists have the categories of the
                history in its shares, as far as `calibration` says; see `graphrec.item_categories`.
                `shown` has the user and item columns, and perhaps `count`: what was shown to a
                user, so often, and is not in the history, counts `shownFactor` for each time.

        Returns:
            (user, item, rank: int, 1..k beyond the offset, score: float, one float column per leg:
            its share of the score, because: array<item>, the history items that contributed most,
            source: on what ground it is listed, see `graphrec.serving.sources`, history_size: int,
            the interactions that the list rests on, 0 where it is not personal).
        """
        known = self.dataset
        histories = known.served if users is None else known.histories_of(users)
        rows = self._lists(histories, self.request(numItems, offset), flat=True, **filters)
        user, item = F.col(USER).alias(self._user), F.col(ITEM).alias(self._item)
        return rows.select(user, item, *rows.columns[2:])

    def watchedTogether(
        self,
        numItems: int,
        *,
        measure: str = DEFAULT_MEASURE,
        minSupport: int = DEFAULT_SUPPORT,
        shrinkage: float = DEFAULT_SHRINKAGE,
        ordered: bool = False,
    ) -> DataFrame:
        """The items associated with each item, with all measures of association.

        Args:
            numItems: how many neighbours each item gets at most.
            measure: by which they are ranked, see `graphrec.cooccurrence.measures`.
            minSupport: users that a pair needs in common.
            shrinkage: s; a pair is ranked by measure x n / (n + s), n being the users in common.
            ordered: rank by the same measure times the share of the common users who had the
                neighbour later.

        Returns:
            (item, neighbour, rank, together, after, support_item, support_neighbour, and one
            double column per measure). A new item, which nobody has, goes with those nearest by
            their features: together is 0, and the measures are null.

        Raises:
            ParameterError: an unknown measure, a count or shrinkage out of its range, or `ordered`
                without times.

        Examples:
            >>> ratings = spark.createDataFrame(
            ...     [("ann", "tea"), ("ann", "milk"), ("ben", "tea"), ("ben", "milk")]
            ...     + [("cas", "tea"), ("dan", "ham"), ("dan", "salt"), ("eve", "ham")]
            ...     + [("eve", "salt")],
            ...     "user string, item string",
            ... )
            >>> model = gr.ItemKNNRecommender().fit(ratings)
            >>> together = model.watchedTogether(1).orderBy("item")
            >>> together.select("item", "neighbour", "together").show()
            +----+---------+--------+
            |item|neighbour|together|
            +----+---------+--------+
            | ham|     salt|       2|
            |milk|      tea|       2|
            |salt|      ham|       2|
            | tea|     milk|       2|
            +----+---------+--------+
        """
        counted = watched_together(
            self.dataset,
            self.pairs,
            numItems,
            measure=measure,
            minSupport=minSupport,
            shrinkage=shrinkage,
            ordered=ordered,
        )
        if self.features is None:
            return counted
        return with_related_by_features(counted, self.dataset, self.features, numItems)

    def buyAgain(
        self, interactions: DataFrame, numItems: int, *, horizonDays: float = 30.0
    ) -> DataFrame:
        """Each user's own items that are likely to be taken again soon, for data with repeats.

        Lists of recommendations leave out what users have; here is nothing else, ranked by the
        repeat rate of item and user, and by the time since the last one held against the usual time
        between, see `graphrec.recommenders.buy_again`. What a user dislikes is not listed, and of
        kinds of events only those count that are at least the target.

        Args:
            interactions: what was learned from, with times and all repeats.
            numItems: how many items of each user are listed, at most.
            horizonDays: how soon, counted from the latest time of all.

        Returns:
            (user, item, rank: int, score: double, the probability that the item is taken again
            within the horizon, times: long, days on which the user took it, last: date, of these,
            interval: double, the usual days between).

        Raises:
            ParameterError: a number is out of its range, or there are no times.
            EmptyInputError: nobody has taken anything on two days.

        Examples:
            >>> rows = [("ann", "tea", f"2026-01-{day:02}") for day in (1, 8, 15, 22)]
            >>> rows += [("ann", "pan", "2026-01-21"), ("ben", "pan", "2026-01-02")]
            >>> bought = spark.createDataFrame(rows, "user string, item string, time string")
            >>> model = gr.PopularityRecommender().fit(bought)
            >>> again = model.buyAgain(bought, 1, horizonDays=7).where("user = 'ann'")
            >>> again.selectExpr("item", "times", "last", "round(interval, 1) AS days").show()
            +----+-----+----------+----+
            |item|times|      last|days|
            +----+-----+----------+----+
            | tea|    4|2026-01-22| 7.0|
            +----+-----+----------+----+
        """
        length = checked("numItems", numItems, at_least(1))
        horizon = checked("horizonDays", horizonDays, positive())
        require_free_names({"user": self._user, "item": self._item}, COLUMNS)
        again = items_of_habit(self.dataset.taken_in(interactions), length, horizon)
        user, item = F.col(USER).alias(self._user), F.col(ITEM).alias(self._item)
        return again.select(user, item, *COLUMNS)

    def explain(
        self,
        user: Any,
        item: Any,
        numItems: int = 10,
        *,
        histories: DataFrame | None = None,
        numPaths: int = 10,
        **filters: Unpack[ListFilters],
    ) -> Explanation:
        """Why a user is recommended an item, or is not.

        Args:
            user: the id of a user of the training data, or of `histories`.
            item: the id of an item of the training data.
            numItems: k, the length of the list in which the item is looked for.
            histories: interactions as `recommendForHistories` takes them; None takes what the
                model was trained on.
            numPaths: how many walks to the item are listed, the strongest; at most 100,000.
            **filters: tables by which lists change, see `rankedLists`.

        Returns:
            The rank of the item, the shares of the legs, the contributions of the items of the
            history, the strongest paths, and the features in common with the history, as tables.

        Raises:
            ParameterError: the user or the item is not known or of another type, or a count is
                below 1.

        Examples:
            >>> ratings = spark.createDataFrame(
            ...     [("ann", "tea"), ("ann", "milk"), ("ben", "tea"), ("ben", "milk")]
            ...     + [("cas", "tea"), ("dan", "ham"), ("dan", "salt"), ("eve", "ham")]
            ...     + [("eve", "salt")],
            ...     "user string, item string",
            ... )
            >>> model = gr.ItemKNNRecommender().fit(ratings)
            >>> why = model.explain("cas", "milk")
            >>> why.contributions.selectExpr("item", "round(contribution, 3) AS adds").show()
            +----+-----+
            |item| adds|
            +----+-----+
            | tea|0.816|
            +----+-----+
        """
        known = self.dataset
        chosen = known.served if histories is None else known.histories_in(histories)
        user_type = chosen.schema[USER].dataType
        user = as_id(user, "user", user_type)
        item = as_id(item, "item", known.item_type)
        index = known.catalogue.index_of(item)
        if index is None:
            raise ParameterError(
                "the model does not know this item",
                found=repr(item),
                fix="give an item of the interactions",
            )
        own = self._served(chosen.where(F.col(USER) == F.lit(user)))
        filtered = self._filtered(own, filters)
        row = filtered.histories.toArrow().combine_chunks()  # one user's
        if not row.num_rows:
            raise ParameterError(
                "the model does not know this user"
                if histories is None
                else "the histories do not hold this user",
                found=repr(user),
                fix="give a user of the interactions",
            )
        one = UserContext(
            row.drop_columns([USER]).to_batches()[0],
            self.tables,
            self.request(numItems),
            filtered.rules,
            filtered.categories,
        )
        return explain(
            one,
            index,
            user_id=row[USER][0].as_py(),
            names=Names(self._user, self._item, user_type, known.item_type),
            histories=known.histories,
            num_paths=min(checked("numPaths", numPaths, at_least(1)), _MAX_PATHS),
            features=self.features,
        )

    # --- scores -----------------------------------------------------------------------------------

    def _transform(self, dataset: DataFrame) -> DataFrame:
        """Score (user, item) pairs, or list for the users of held-out pairs (`transformTopK`).

        Returns:
            The dataset with `predictionCol`: float; null for an item that the model does not know
            and where an id is missing, the item's popularity for a user without a history. With
            `transformTopK` above 0 one row per user: (user, `predictionCol`: array<item>, best
            first, label: array<item>, without the items of the user's history if those are not
            listed).

        Raises:
            ColumnError: the user or the item column is missing, or a column of the name of a new
                one is there already.
        """
        require_frame(dataset, "the dataset")
        if self.value("transformTopK") > 0:
            return self._lists_and_labels(dataset, self.value("transformTopK"))
        prediction = self.value("predictionCol")
        require_free(dataset, prediction, fix="set another predictionCol")
        user, item = (free_name(f"{name}_key", dataset.columns) for name in (USER, ITEM))
        scored = self._scored(dataset).select(
            F.col(USER).alias(user), F.col(ITEM).alias(item), F.col(PREDICTION).alias(prediction)
        )
        keyed = dataset.select(
            "*",
            self.dataset.users_of(dataset).alias(user),
            self.dataset.items_of(dataset).alias(item),
        )
        return keyed.join(scored, [user, item], "left").drop(user, item)

    def pairScores(self, dataset: DataFrame) -> DataFrame:
        """Score the distinct known pairs of a frame, leg by leg.

        Returns:
            (user, item, `predictionCol`, one column per leg).

        Raises:
            ParameterError: `predictionCol` is the name of one of the others.
        """
        require_frame(dataset, "the dataset")
        user, item = F.col(USER).alias(self._user), F.col(ITEM).alias(self._item)
        name = self.value("predictionCol")
        if named_alike([self._user, self._item, *self.legs], name):
            raise ParameterError(
                "pairScores has another column of the name that predictionCol gives",
                found=repr(name),
                fix="set another predictionCol",
            )
        prediction = F.col(PREDICTION).alias(name)
        return self._scored(dataset).select(user, item, prediction, *self.legs)

    def _scored(self, dataset: DataFrame) -> DataFrame:
        """(user, item, prediction, one column per leg), under our own names."""
        legs = self.legs
        wanted = self.dataset.indexed(dataset).groupBy(USER).agg(F.collect_set(INDEX).alias(WANTED))
        histories = with_known_histories(wanted, self._served(self.dataset.served))
        scored = score_pairs(histories, self.tables, self.request(1))
        zipped = scored.select(USER, F.explode(F.arrays_zip(WANTED, PREDICTION, *legs)).alias("s"))
        flat = zipped.select(
            USER,
            F.col(f"s.{WANTED}").alias(INDEX),
            *(F.col(f"s.{name}").alias(name) for name in (PREDICTION, *legs)),
        )
        indexed = flat.join(F.broadcast(self.dataset.items), INDEX)
        return indexed.select(USER, ITEM, PREDICTION, *legs)

    # --- what was learned -------------------------------------------------------------------------

    @property
    def pairs(self) -> PairTable:
        """The pair table; counted now, and kept, if no leg of this model needed it."""
        if self.counted_pairs is None:
            self.counted_pairs = count_pairs(self.dataset, self.pair_spec())
        return self.counted_pairs

    @property
    def graph(self) -> UserItemGraph:
        """The users, items and interactions that were learned from, as a graph.

        Its tables are there in every session; its views are `GraphFrame`s and need GraphFrames in
        the session, see `graphrec.graph.bipartite`.
        """
        if self._graph is None:
            self._graph = UserItemGraph.from_histories(
                self.dataset.histories, self.dataset.catalogue
            )
        return self._graph

    def unpersist(self) -> None:
        """Free the memory that the dataset and the graph take.

        The dataset is also that of the copies and `baselines` of this model, and of whatever else
        was fitted to it. All of them still work: the input is read again where that is needed. A
        model that nobody refers to any more, nor to one that shares with it, frees all by itself.
        """
        self.dataset.unpersist()
        if self._graph is not None:
            self._graph.unpersist()

    @property
    def summary(self) -> ModelCard:
        """The card of this model: what it is, what it was learned from, and how good it is."""
        return ModelCard(
            type=type(self).__name__,
            origin=self.origin,
            parameters={own.name: self.getOrDefault(own) for own in self.params},
            columns=asdict(self.dataset.columns),
            users=self.dataset.users,
            items=self.dataset.catalogue.size,
            figures=self.figures,
            metrics=self.metrics,
        )

    @property
    def figures(self) -> InteractionFigures | None:
        """How many rows the fit read, rejected and combined, and what they are like."""
        return self.dataset.figures

    @property
    def rejected(self) -> DataFrame | None:
        """The rows that were not learned from, each with its `reason`; None in a loaded model."""
        return self.dataset.rejected

    @property
    def legs(self) -> tuple[str, ...]:
        """The names of the legs, as the columns of `rankedLists` have them."""
        return self.tables.legs

    @property
    def itemPopularity(self) -> DataFrame:
        """(item, support: long), users who have each item."""
        catalogue = self.dataset.catalogue.to_frame(self.dataset.spark)
        return catalogue.drop(INDEX).withColumnRenamed(ITEM, self._item)

    @property
    def itemFactors(self) -> DataFrame | None:
        """(item, vector: array<float>) of the first factor leg, rotated so that QᵀQ is diagonal.

        MMR compares items by them. None in a model without factors.
        """
        legs = self.tables.factor_legs
        if not legs:
            return None
        rows = vector_rows(self.dataset.spark, legs[0].factors.vector)
        rows = rows.join(F.broadcast(self.dataset.items), INDEX)
        return rows.select(F.col(ITEM).alias(self._item), VECTOR)

    def some_histories(self, users: int) -> pa.RecordBatch:
        """Histories as they are served, of as many users at most, drawn by their ids."""
        served = self._served(self.dataset.served).where(F.size(ITEMS) > 0)
        drawn = served.orderBy(seeded_hash(0, F.col(USER)), USER).limit(users).drop(USER)
        [batch] = drawn.toArrow().combine_chunks().to_batches()
        return batch

    def completed(self, tables: ItemTables, features: ItemFeatures | None) -> RecommenderModel:
        """This model with tables that have more items, see `graphrec.recommenders.content`.

        Args:
            tables: the items of this model, and others behind them.
            features: of all items; None: nothing is known of any.
        """
        dataset = self.dataset.with_catalogue(tables.catalogue)
        pairs = self.counted_pairs and self.counted_pairs.with_items(tables.catalogue.size)
        model = type(self)(dataset, tables, pairs)
        model.features = features
        model.metrics = self.metrics
        model.learned_by = self.learned_by
        model.likely = self.likely
        return self._copyValues(model._resetUid(self.uid))

    def update(
        self,
        interactions: DataFrame | None = None,
        *,
        forget: DataFrame | None = None,
        batch: str | None = None,
    ) -> RecommenderModel:
        """A model that has taken in new interactions, without a whole fit; this one stays as it is.

        Histories, popularity and item pairs become those of a fit to all interactions, to the bit,
        and so do the legs that are made of them; vectors are learned on from where they stand;
        weights and settings stay. See `graphrec.recommenders.update`.

        Args:
            interactions: with the columns of the training data, by the same rules; users and items
                may be new. None: there are none.
            forget: has the user column; of these users nothing remains, nor is anything of them
                taken in. All legs are then learned anew, for vectors keep traces.
            batch: a name for the interactions, such as the number of a stream's batch; None: a
                fingerprint of their accepted rows. A batch whose name is known is not taken in.

        Returns:
            The updated model, or this very one where nothing has changed.

        Raises:
            ColumnError: a column is not there, or of another type than it was.
            ParameterError: the model cannot be updated, or neither is given.
            EmptyInputError: nobody is left.

        Examples:
            >>> ratings = spark.createDataFrame(
            ...     [("ann", "tea"), ("ann", "milk"), ("ben", "tea"), ("ben", "milk")]
            ...     + [("cas", "ham"), ("dan", "ham"), ("dan", "salt")],
            ...     "user string, item string",
            ... )
            >>> model = gr.ItemKNNRecommender().fit(ratings)
            >>> today = spark.createDataFrame([("cas", "salt"), ("eve", "tea")], ratings.schema)
            >>> updated = model.update(today)
            >>> updated.dataset.users, updated.update_figures.accepted_rows
            (5, 2)
            >>> updated.update(today) is updated
            True
        """
        from graphrec.recommenders.update import update  # noqa: PLC0415 it needs this

        return update(self, interactions, forget, batch=batch).model

    def updateStream(
        self,
        events: DataFrame,
        versions: str,
        *,
        checkpoint: str,
        keep: int = 3,
        availableNow: bool = False,
        seconds: float = 0.0,
    ) -> UpdateStream:
        """Follow a stream of interactions: each batch is an update, written as a version.

        A batch is taken in once, whatever is killed in between, and in the order of the stream. The
        rules by which interactions are late, repeated or rejected are those of `update`; of
        rejected rows `checkpoint` has a folder, `_rejected/batch=7`.

        Args:
            events: a streaming DataFrame with the columns of the training data.
            versions: folder of the versions, on a disk of this machine. Where there are some, the
                current one is gone on with, which must come from this model.
            checkpoint: folder in which Spark notes how far the stream was read; of this model's
                versions alone.
            keep: how many versions stay, beside older ones that somebody reads.
            availableNow: take in what is there, and end.
            seconds: from the begin of one batch to that of the next; 0: as soon as there is
                something new.

        Returns:
            The running stream, to be waited for (`awaitTermination`) or stopped.

        Raises:
            ParameterError: the model cannot be updated, a value is out of its range, this is no
                stream, or the versions come from another model.
        """
        from graphrec.recommenders.update_stream import StreamSettings, start  # noqa: PLC0415 it needs this

        settings = StreamSettings(
            versions=versions,
            checkpoint=checkpoint,
            keep=keep,
            availableNow=availableNow,
            seconds=seconds,
        )
        return start(self, events, settings)

    def changedUsers(self, since: RecommenderModel) -> DataFrame:
        """The users of whom something new was taken in since a model that this one comes from.

        Their lists have to be made again. Those of the others may differ as well, for all items
        have moved a little; how many do is measured in `docs/decisions/updates.md`.

        Args:
            since: the model from which this one was made by updates, or an earlier one.

        Returns:
            (user), each once. Users who were forgotten are not among them.

        Raises:
            ParameterError: this model was not made from the other one, or its rows are not known.
        """
        from graphrec.recommenders.update import changed_users  # noqa: PLC0415 it needs this

        return changed_users(self, since)

    def write(self) -> MLWriter:
        """A writer: `model.write().overwrite().save(path)`."""
        from graphrec.recommenders.persistence import RecommenderWriter  # noqa: PLC0415 it needs this

        return RecommenderWriter(self)

    @classmethod
    def read(cls) -> MLReader[Any]:
        """A reader: `Model.load(path)`."""
        from graphrec.recommenders.persistence import RecommenderReader  # noqa: PLC0415 it needs this

        return RecommenderReader(cls)

    # --- for subclasses ---------------------------------------------------------------------------

    def _blend(self) -> tuple[float, ...]:
        """Weights of the legs; a single leg's score is taken as it is."""
        return (1.0,) * len(self.tables.legs)

    def _decay(self) -> tuple[float, ...]:
        """History lengths from which on the legs' weights fall, by leg; none as a rule."""
        return ()

    _standardise: ClassVar[bool] = False

    # --- inside -----------------------------------------------------------------------------------

    @property
    def _user(self) -> str:
        return self.dataset.columns.user

    @property
    def _item(self) -> str:
        return self.dataset.columns.item

    def request(self, length: int, offset: int = 0) -> Request:
        """What lists of a length are made by, with the parameters as they are now."""
        return Request(
            blend=self._blend(),
            standardise=self._standardise,
            length=checked("numItems", length, at_least(1)),
            offset=checked("offset", offset, at_least(0)),
            candidates=self.value("candidates"),
            reasons=self.value("numReasons"),
            diversity=self.value("diversity"),
            calibration=self.value("calibration"),
            filter_seen=self.value("filterSeen"),
            decay=self._decay(),
        )

    def _lists(
        self,
        histories: DataFrame,
        request: Request,
        *,
        flat: bool,
        **filters: Unpack[ListFilters],
    ) -> DataFrame:
        """Lists for histories, as `serve` gives them."""
        filtered = self._filtered(self._served(histories), filters)
        return serve(
            filtered.histories,
            self.tables,
            request,
            item_type=self.dataset.item_type,
            rules=filtered.rules,
            flat=flat,
        )

    def _filtered(self, histories: DataFrame, filters: ListFilters) -> Filtered:
        """A request's filters, applied to histories as `_served` gives them.

        Raises:
            ParameterError: lists would be re-ranked in two ways.
        """
        if filters.get("categories") is not None:
            require_one_ranking(self.value("diversity"))
        factor = self.value("shownFactor")
        return apply_filters(self.dataset, self.tables, histories, filters, shown_factor=factor)

    def _served(self, histories: DataFrame) -> DataFrame:
        """What serving reads of histories, weighed by recency; given user factors go with them.

        Returns:
            (user, items, weights), perhaps `disliked`, `seen` and `vector`.
        """
        half_life = self.value("recencyHalfLife")
        if half_life is not None:
            histories = weigh_by_recency(histories, half_life)
        histories = self._with_seen(histories)
        given = [name for name in (DISLIKED, SEEN, VECTOR) if name in histories.columns]
        return histories.select(USER, ITEMS, WEIGHTS, *given)

    def _with_seen(self, histories: DataFrame) -> DataFrame:
        """With `seen`, where not all items of the histories are hidden.

        Raises:
            ParameterError: `seenAgainAfter` is set, and there are no times.
        """
        days = self.value("seenAgainAfter")
        if days is None:
            return histories
        latest = self.dataset.latest
        if latest is None:
            raise ParameterError(
                "seenAgainAfter needs times",
                found="interactions without any",
                fix="name the column by timestampCol, or leave seenAgainAfter out",
            )
        return seen_lately(histories, days, latest=latest)

    def _als_schema(self, nested: DataFrame) -> DataFrame:
        entries = F.transform(
            RECOMMENDATIONS,
            lambda row: F.struct(row[ITEM].alias(self._item), row[SCORE].alias(RATING)),
        )
        return nested.select(F.col(USER).alias(self._user), entries.alias(RECOMMENDATIONS))

    def _lists_and_labels(self, dataset: DataFrame, length: int) -> DataFrame:
        """(user, `predictionCol`: array<item>, label: array<item>) for a RankingEvaluator."""
        prediction = self.value("predictionCol")
        if named_alike([LABEL], prediction):
            raise ParameterError(
                "transform puts the held-out items into the column label",
                found=f"predictionCol={prediction!r}",
                fix="set another predictionCol",
            )
        ids = dataset.select(self.dataset.users_of(dataset).alias(self._user))
        require_free(ids, prediction, fix="set another predictionCol")
        histories = self.dataset.histories_of(dataset)
        wanted = self._wanted(dataset, self._with_seen(histories))
        label = wanted.groupBy(USER).agg(F.collect_set(ITEM).alias(LABEL))
        nested = self._lists(histories, self.request(length), flat=False)
        lists = nested.select(USER, F.col(f"{RECOMMENDATIONS}.{ITEM}").alias(PREDICTION))
        return label.join(lists, USER).select(
            F.col(USER).alias(self._user), F.col(PREDICTION).alias(prediction), LABEL
        )

    def _wanted(self, dataset: DataFrame, histories: DataFrame) -> DataFrame:
        """(user, item) of held-out pairs, the item null where it was seen and is not listed again.

        Args:
            dataset: has the user and item columns.
            histories: (user, items), of its users.
        """
        user, item = self.dataset.users_of(dataset), self.dataset.items_of(dataset)
        pairs = dataset.select(user.alias(USER), item.alias(ITEM))
        if not self.value("filterSeen"):
            return pairs
        known = pairs.distinct().join(F.broadcast(self.dataset.items), ITEM, "left")
        items = SEEN if SEEN in histories.columns else ITEMS
        seen = F.array_contains(items, F.coalesce(INDEX, F.lit(-1)))
        judged = known.join(histories.select(USER, items), USER)
        return judged.select(USER, F.when(~seen, F.col(ITEM)).alias(ITEM))
