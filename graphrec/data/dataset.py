"""Interactions in the form that recommenders learn from: one history per user, items numbered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, Literal, Self

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.columns import (
    DISLIKED,
    INDEX,
    ITEM,
    ITEMS,
    REASON,
    STARS,
    TIMES,
    TIMESTAMP,
    USER,
    VECTOR,
    WEIGHT,
)
from graphrec.data.catalogue import Catalogue
from graphrec.data.contract import (
    Interactions,
    accepted_rows,
    judge_rows,
    take_judged,
    validate_interactions,
)
from graphrec.data.dataset_params import DatasetParams
from graphrec.data.duplicates import DuplicateRule, decayed
from graphrec.data.event_kinds import EventKinds
from graphrec.data.figures import InteractionFigures
from graphrec.data.frames import require_frame
from graphrec.data.histories import (
    ALIGNED,
    HistorySizes,
    build_histories,
    build_rated_histories,
    history_sizes,
    or_empty,
    with_known_histories,
)
from graphrec.data.id_types import id_column
from graphrec.data.interaction_columns import UNUSED, InteractionColumns, has_column
from graphrec.data.liked import (
    GRADED,
    LikedFrom,
    LikedRule,
    RatingRange,
    highest_on_scale,
    liked_rule,
)
from graphrec.data.profile_frames import OF_USERS, profile_vectors
from graphrec.data.profiles import Profiles
from graphrec.data.rejections import Reason
from graphrec.errors import ColumnError, ParameterError
from graphrec.kernels.exact_sums import MAX_SUM
from graphrec.progress import stage
from graphrec.spark.persisted import PersistedFrames

READ: Final = "read"  # stages
HISTORIES: Final = "histories"
READING: Final = (READ, HISTORIES)
"""The stages of `Dataset.from_interactions`, in their order."""

Preference = Literal["binary", "weight", "graded"]


@dataclass(frozen=True)
class HistoryRules:
    """How accepted rows become histories; each field is the value of a Param of `DatasetParams`."""

    duplicates: DuplicateRule = "last"
    preference: Preference | None = None
    half_life: float | None = None  # halfLife, in days
    max_history: int = 2000  # maxHistory, interactions
    liked_from: LikedFrom | None = None  # likedFrom
    ratings: RatingRange | None = None  # what is learned from; None: there are none
    events: EventKinds | None = None  # eventWeights and targetEvent

    @staticmethod
    def from_described(described: Mapping[str, Any]) -> HistoryRules:
        """The inverse of `dataclasses.asdict`."""
        ratings, events = described["ratings"], described["events"]
        return HistoryRules(
            **{
                **described,
                "ratings": None if ratings is None else RatingRange(**ratings),
                "events": None if events is None else EventKinds(**events),
            }
        )

    @property
    def liked(self) -> LikedRule | None:
        """By which items are disliked that are not rated below 0; None: all of them are liked."""
        return liked_rule(self.liked_from, self.ratings)

    @property
    def in_force(self) -> dict[str, Any]:
        """`likedFrom` and `preference` as they are followed, given or not."""
        liked, graded = self.liked, highest_on_scale(self.preference, self.ratings)
        given = isinstance(self.liked_from, str)
        return {
            "liked_from": self.liked_from if given else 0.0 if liked is None else liked.threshold,
            "preference": self.preference
            or ("weight" if self.events else "binary" if graded is None else GRADED),
        }

    def gather(self, pairs: DataFrame, catalogue: Catalogue) -> DataFrame:
        """Histories of weighed pairs; with what is disliked, where pairs have stars."""
        if STARS in pairs.columns:
            seen_from = None if self.events is None else self.events.least_target
            return build_rated_histories(pairs, catalogue, self.liked, seen_from=seen_from)
        return build_histories(pairs, catalogue)

    def weigh(self, accepted: DataFrame, *, latest: float | None) -> DataFrame:
        """(user, item, weight, timestamp[, stars]) with the weights to learn and to serve from.

        Args:
            accepted: see `accepted_rows`.
            latest: the time from which ages are counted back; None: there are no times.
        """
        if self.in_force["preference"] == "weight":
            return accepted
        weight = F.lit(1.0)
        highest = highest_on_scale(self.preference, self.ratings)
        if highest is not None and STARS in accepted.columns:
            weight = F.least(F.col(STARS) / highest, F.lit(1.0))
        if self.half_life is not None and latest is not None:
            weight = decayed(weight, latest=latest, half_life_days=self.half_life)
        return accepted.withColumn(WEIGHT, weight)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Validated interactions as histories, the one input of every recommender.

    It is read once and may be fitted to as often as you like::

        with gr.Dataset.from_interactions(ratings, halfLife=365.0) as dataset:
            walk = gr.RandomWalkRecommender().fit(dataset)
            ease = gr.EASERecommender().fit(dataset)
            dataset.figures.rejected  # {"rating is missing": 3}

    The histories and the rejected rows are kept in memory or on disk until `unpersist`, until the
    end of a `with` block, or for as long as this object, or a model that was fitted to it, is
    referred to; after that all of them still work, and read the source again.

    Attributes:
        columns: the names of the input's columns.
        rules: how its rows became histories.
        catalogue: the items, numbered by descending popularity.
        item_type: the type of the item ids.
        histories: (user, items: array<int>, weights: array<float>, times: array<double>), one row
            per user, the arrays ascending by item index; times hold null where there is none. Where
            users may dislike what they rated, also stars: array<double>, the ratings without decay,
            aligned with items, and disliked: array<int>, of the items and of others. With kinds of
            events also seen: array<int>, those of the items that are not listed again.
        without_history: (user, and perhaps disliked: array<int> and vector: array<float>), of
            whom something else is known: what they dislike, or a profile; None where nobody may
            be of this kind.
        profiles: how features of users become the vectors beside the histories; None: there are
            none.
        users: number of users.
        interactions: what was read; None in a model that was loaded.
        saved_figures: the figures of what was read, in a model that was loaded.
        rows: the accepted rows, see `graphrec.data.contract.Interactions`, from which it can be
            made again with others; None where they were not kept.
        batches: the names of the batches that the rows came in, see `graphrec.data.batches`; those
            of later numbers are named when they are needed.
    """

    columns: InteractionColumns
    rules: HistoryRules
    catalogue: Catalogue
    item_type: T.DataType
    histories: DataFrame
    users: int
    without_history: DataFrame | None = None
    profiles: Profiles | None = None
    interactions: Interactions | None = None
    saved_figures: InteractionFigures | None = None
    rows: DataFrame | None = None
    batches: tuple[str, ...] = ()
    persisted: PersistedFrames = field(default_factory=PersistedFrames, repr=False)  # the histories
    known_sizes: HistorySizes | None = field(default=None, repr=False)  # else counted, see `sizes`

    @staticmethod
    def from_interactions(
        interactions: DataFrame,
        *,
        userCol: str | None = None,
        itemCol: str | None = None,
        ratingCol: str | None = None,
        timestampCol: str | None = None,
        eventCol: str | None = None,
        eventWeights: Mapping[str, float] | None = None,
        targetEvent: str | None = None,
        duplicates: DuplicateRule = "last",
        preference: Preference | None = None,
        likedFrom: LikedFrom | None = None,
        halfLife: float | None = None,
        maxHistory: int = 2000,
    ) -> Dataset:
        """Check the interactions, number the items and gather the histories.

        The arguments are the Params of the same names of every recommender.

        Args:
            interactions: any table with a row per interaction, such as `gr.samples.ratings`.
            userCol: column of user ids, string or whole number; None finds a usual name.
            itemCol: column of item ids, likewise.
            ratingCol: column of ratings or weights; None finds a usual name, "" ignores it.
            timestampCol: column of times, likewise.
            eventCol: column of kinds of events, instead of ratings.
            eventWeights: the weight of each kind, below 0 a dislike; other kinds are rejected.
            targetEvent: the kind that lists should lead to: what a user has by a weaker kind alone
                may be listed; None: the kind of the largest weight.
            duplicates: what several rows of a user and an item become: "last", "sum", "mean" or
                "max", see `validate_interactions`.
            preference: "binary": an interaction counts 1; "weight": it counts its rating; "graded":
                its share of the highest; None: "graded" where ratings are a scale, else "binary".
            likedFrom: the least rating of an item that a user likes, or "mean", "mean-1" ...: the
                user's own mean; None: the middle of the
                ratings where they are a scale, else 0.
            halfLife: age in days at which an interaction counts half; None: no decay.
            maxHistory: latest interactions of a user that item pairs are counted in.

        Raises:
            ColumnError: a column is not there or cannot be used, or ratings are too large as
                weights.
            ParameterError: a value out of its range, no table, or a halfLife without times.
            EmptyInputError: no row is accepted.
            UnreadableInputError: a file that is read is damaged.
        """
        params = DatasetParams(
            userCol=userCol,
            itemCol=itemCol,
            ratingCol=ratingCol,
            timestampCol=timestampCol,
            eventCol=eventCol,
            eventWeights=eventWeights,
            targetEvent=targetEvent,
            duplicates=duplicates,
            preference=preference,
            likedFrom=likedFrom,
            halfLife=halfLife,
            maxHistory=maxHistory,
        )
        rules = HistoryRules(
            params.value("duplicates"),
            params.value("preference"),
            params.value("halfLife"),
            params.value("maxHistory"),
            params.value("likedFrom"),
            events=params.events,
        )
        columns = params.columns_in(interactions)
        with stage(READ) as counts:
            read = validate_interactions(
                interactions,
                columns,
                duplicates=rules.duplicates,
                half_life_days=rules.half_life,
                events=rules.events,
            )
            counts.update(_read_counts(read.figures))
        return Dataset._of_read(read, columns, rules)

    @staticmethod
    def _of_read(read: Interactions, columns: InteractionColumns, rules: HistoryRules) -> Dataset:
        """Number the items and gather the histories of what was read."""
        if rules.preference == "weight":
            _require_summable(read)
        rules = replace(rules, ratings=read.figures.ratings)
        dislikes = read.figures.dislikes > 0
        told = (
            columns.event
            or rules.liked is not None
            or highest_on_scale(rules.preference, rules.ratings)
        )
        pairs = read.pairs if dislikes or told else read.accepted
        pairs = rules.weigh(pairs, latest=read.figures.latest)
        persisted = PersistedFrames()
        with stage(HISTORIES) as counts:
            catalogue = Catalogue.from_interactions(read.accepted)
            histories = persisted.persist(rules.gather(pairs, catalogue))
            without_history = None
            if dislikes:
                without_history = histories.where(F.size(ITEMS) == 0).select(USER, DISLIKED)
                histories = histories.where(F.size(ITEMS) > 0)
            sizes = history_sizes(histories, rules.max_history)
            counts.update({"users": sizes.users, "items": catalogue.size})
        read = replace(read, figures=replace(read.figures, capped=sizes.capped))
        return Dataset(
            columns=columns,
            rules=rules,
            catalogue=catalogue,
            item_type=pairs.schema[ITEM].dataType,
            histories=histories,
            users=sizes.users,
            without_history=without_history,
            interactions=read,
            rows=read.rows,
            persisted=persisted,
            known_sizes=sizes,
        )

    # --- what it is of ----------------------------------------------------------------------------

    @property
    def spark(self) -> SparkSession:
        """The session that the histories are in."""
        return self.histories.sparkSession

    @property
    def figures(self) -> InteractionFigures | None:
        """How many rows were read, rejected and combined, and what they are like."""
        return self.interactions.figures if self.interactions else self.saved_figures

    @property
    def rejected(self) -> DataFrame | None:
        """The rows in no history, each with its `reason`; None in a model that was loaded."""
        return self.interactions.rejected if self.interactions else None

    @property
    def timed(self) -> bool:
        """Whether the interactions have times."""
        return self.columns.timestamp is not None

    @property
    def served(self) -> DataFrame:
        """The histories, and empty ones of those of whom something else is known."""
        if self.without_history is None:
            return self.histories
        names = [name for name in ALIGNED if name in self.histories.columns]
        empty = self.without_history.withColumns(
            {name: F.array().cast(ALIGNED[name]) for name in names}
        )
        return self.histories.unionByName(empty, allowMissingColumns=True)

    @property
    def params(self) -> Mapping[str, Any]:
        """The values of `DatasetParams` that it was made with; "" for a column that is not used."""
        return {
            "userCol": self.columns.user,
            "itemCol": self.columns.item,
            "ratingCol": self.columns.rating or UNUSED,
            "timestampCol": self.columns.timestamp or UNUSED,
            "eventCol": self.columns.event,
            "eventWeights": None if self.rules.events is None else dict(self.rules.events.weights),
            "targetEvent": None if self.rules.events is None else self.rules.events.target,
            "duplicates": self.rules.duplicates,
            "preference": self.rules.preference,
            "likedFrom": self.rules.liked_from,
            "halfLife": self.rules.half_life,
            "maxHistory": self.rules.max_history,
        }

    @cached_property
    def sizes(self) -> HistorySizes:
        """Users and interactions of the histories; of users only those who have a history."""
        return self.known_sizes or history_sizes(self.histories, self.rules.max_history)

    @cached_property
    def latest(self) -> float | None:
        """The latest time of the histories, from which ages are counted; None without times."""
        latest = self.histories.agg(F.max(F.array_max(TIMES))).first()
        assert latest is not None  # an aggregate without groups has one row
        return latest[0]

    # --- ids --------------------------------------------------------------------------------------

    @property
    def user_type(self) -> T.DataType:
        """The type of the user ids."""
        return self.histories.schema[USER].dataType

    @property
    def id_types(self) -> dict[str, T.DataType]:
        """The types of the user and the item column, by the input's names."""
        return {self.columns.user: self.user_type, self.columns.item: self.item_type}

    @property
    def items(self) -> DataFrame:
        """(item, index: int), to go from ids to indices and back."""
        return self.catalogue.indices(self.spark)

    def users_of(self, frame: DataFrame) -> Column:
        """The user ids of a frame that has the input's user column, see `id_column`."""
        return id_column(frame, "user", self.columns.user, self.user_type)

    def items_of(self, frame: DataFrame) -> Column:
        """The item ids of a frame that has the input's item column, see `id_column`."""
        return id_column(frame, "item", self.columns.item, self.item_type)

    def indexed(self, frame: DataFrame) -> DataFrame:
        """(user, index: int) of the distinct pairs of a frame whose item is known."""
        return self.indexed_rows(frame).distinct()

    def indexed_rows(self, frame: DataFrame, **values: Column) -> DataFrame:
        """(user, index: int, and the given values) of the rows of a frame whose item is known."""
        user, item = self.users_of(frame).alias(USER), self.items_of(frame).alias(ITEM)
        named = (value.alias(name) for name, value in values.items())
        rows = frame.select(user, item, *named)
        return rows.join(F.broadcast(self.items), ITEM).select(USER, INDEX, *values)

    # --- more interactions ------------------------------------------------------------------------

    def judged(self, interactions: DataFrame) -> DataFrame:
        """New rows, judged as those that the dataset was made of, see `judge_rows`.

        Raises:
            ColumnError: a column that the dataset was made of is not there, or of another type.
        """
        require_frame(interactions, "the table of new interactions")
        return self._judged(interactions, self.columns)

    def empty_interactions(self) -> DataFrame:
        """A table with the columns that the dataset was made of, and no rows."""
        columns, text = self.columns, T.StringType()
        kinds = dict.fromkeys(
            filter(None, (columns.rating, columns.timestamp, columns.event)), text
        )
        named = [T.StructField(name, kind) for name, kind in (self.id_types | kinds).items()]
        return self.spark.createDataFrame([], T.StructType(named))

    def made_again(self, judged: DataFrame) -> Dataset:
        """The dataset of other judged rows, by the same rules.

        Args:
            judged: see `judge_rows`, with batch: int.

        Raises:
            As `from_interactions`.
        """
        rules = replace(self.rules, ratings=None)
        with stage(READ) as counts:
            read = take_judged(
                judged,
                self.columns,
                duplicates=rules.duplicates,
                half_life_days=rules.half_life,
            )
            counts.update(_read_counts(read.figures))
        return Dataset._of_read(read, self.columns, rules)

    # --- other histories --------------------------------------------------------------------------

    def with_histories(self, histories: DataFrame) -> Dataset:
        """The same users, items and rules with other histories, which `unpersist` does not free.

        Args:
            histories: (user, items, weights, times), perhaps more columns.
        """
        return replace(self, histories=histories, known_sizes=None)

    def with_profiles(self, profiles: Profiles, vectors: DataFrame) -> Dataset:
        """The same histories with profiles beside them, and the users who have nothing else.

        Args:
            profiles: how the vectors are made.
            vectors: (user, vector), one row per user.
        """
        others = vectors.join(self.histories, USER, "left_anti")
        if self.without_history is not None:
            others = self.without_history.join(others, USER, "full_outer")
            others = others.withColumn(DISLIKED, or_empty(F.col(DISLIKED), "array<int>"))
        return replace(
            self.with_histories(self.histories.join(vectors, USER, "left")),
            without_history=others,
            profiles=profiles,
        )

    def with_catalogue(self, catalogue: Catalogue) -> Dataset:
        """The same histories in a catalogue that has more items, behind those of this one."""
        return replace(self, catalogue=catalogue)

    def histories_of(self, users: DataFrame) -> DataFrame:
        """The histories of the distinct users of a frame, empty for those without one.

        Args:
            users: has the input's user column.
        """
        require_frame(users, "the frame of users")
        ids = users.select(self.users_of(users).alias(USER))
        return with_known_histories(ids.distinct().where(f"{USER} IS NOT NULL"), self.served)

    def taken_in(self, interactions: DataFrame) -> DataFrame:
        """(user, item, timestamp) of all rows by which users took known items that they like.

        Args:
            interactions: what the dataset was made of, with its times; read once, and kept until
                `unpersist`.

        Raises:
            ParameterError: there are no times.
        """
        require_frame(interactions, "the table of interactions")
        if self.columns.timestamp is None:
            raise ParameterError(
                "what is taken again is told by times",
                found="interactions without any",
                fix="name the column by timestampCol (--timestamp)",
            )
        judged = self._judged(interactions, self.columns)
        # persisted, for Spark would put the long expressions of the contract into all that follows
        rows = self.persisted.persist(judged.select(USER, ITEM, WEIGHT, TIMESTAMP, REASON))
        least = 0.0 if self.rules.events is None else self.rules.events.least_target
        accepted = rows.where(F.col(REASON).isNull() & (F.col(WEIGHT) >= least))
        taken = accepted.join(F.broadcast(self.items), ITEM)
        if DISLIKED in self.served.columns:
            disliked = self.served.select(USER, F.explode(DISLIKED).alias(INDEX))
            taken = taken.join(disliked, [USER, INDEX], "left_anti")
        return taken.select(USER, ITEM, TIMESTAMP)

    def histories_in(self, interactions: DataFrame) -> DataFrame:
        """The histories of other interactions, by the same rules.

        A row that would be rejected adds nothing to a history; its user is there all the same.
        Where interactions decay, their age is counted back from `latest`, as in the dataset's own
        histories: a user's history does not depend on the other users.

        Args:
            interactions: has the input's user and item columns; ratings and times count where it
                has them, items that are not in the catalogue are left out.
        """
        require_frame(interactions, "the table of histories")
        columns = self._columns_in(interactions)
        judged = self._judged(interactions, columns)
        decay = columns.timestamp is not None and self.rules.half_life is not None
        latest = self.latest if decay else None
        accepted = self._accepted(judged, columns, latest)
        known = self.rules.gather(self.rules.weigh(accepted, latest=latest), self.catalogue)
        read = F.col(REASON).isNull() | (F.col(REASON) != str(Reason.MALFORMED))
        users = judged.where(read).select(USER).where(f"{USER} IS NOT NULL").distinct()
        return with_known_histories(users, known)

    def accepted_in(self, interactions: DataFrame) -> DataFrame:
        """The accepted pairs of other interactions, by the same rules and without decay.

        Args:
            interactions: as for `histories_in`; also of items that are not in the catalogue.

        Returns:
            (user, item, weight, timestamp), perhaps stars, one row per pair; see `accepted_rows`.
        """
        require_frame(interactions, "the table of interactions")
        columns = self._columns_in(interactions)
        judged = self._judged(interactions, columns)
        return self._accepted(judged, columns, latest=None)

    def _accepted(
        self, judged: DataFrame, columns: InteractionColumns, latest: float | None
    ) -> DataFrame:
        return accepted_rows(
            judged,
            columns,
            duplicates=self.rules.duplicates,
            half_life_days=self.rules.half_life,
            latest=latest,
        )

    def described_by(self, profiles: DataFrame, interactions: DataFrame | None) -> DataFrame:
        """The histories of users whom nobody knows, with the vectors of their profiles.

        Args:
            profiles: has the input's user column and features.
            interactions: as `histories_in` takes them; None: there are none.
        """
        require_frame(profiles, OF_USERS)
        ids = self.users_of(profiles)
        users = profiles.select(ids.alias(USER)).where(f"{USER} IS NOT NULL").distinct()
        none = self.histories.drop(VECTOR).limit(0)
        known = none if interactions is None else self.histories_in(interactions)
        described = with_known_histories(users.union(known.select(USER)).distinct(), known)
        if self.profiles is None:
            return described
        vectors = profile_vectors(self.profiles, profiles, ids, self.user_type)
        return described.join(vectors, USER, "left")

    def _judged(self, interactions: DataFrame, columns: InteractionColumns) -> DataFrame:
        """Rows of other interactions, by the same contract, with ids of the dataset's types."""
        ids = {columns.user: self.users_of(interactions), columns.item: self.items_of(interactions)}
        return judge_rows(interactions.withColumns(ids), columns, events=self.rules.events)

    def _columns_in(self, frame: DataFrame) -> InteractionColumns:
        """The dataset's columns that a frame has; those of users and items it must have."""
        optional = {
            "rating": self.columns.rating,
            "timestamp": self.columns.timestamp,
            "event": self.columns.event,
        }
        has = {
            role: name for role, name in optional.items() if name and has_column(frame, role, name)
        }
        return InteractionColumns(self.columns.user, self.columns.item, **has)

    # --- memory -----------------------------------------------------------------------------------

    def unpersist(self) -> None:
        """Free the memory that the histories and the rejected rows take."""
        self.persisted.unpersist()
        if self.interactions is not None:
            self.interactions.unpersist()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unpersist()


def _read_counts(figures: InteractionFigures) -> dict[str, int]:
    """What the stage "read" counts."""
    return {
        "rows": figures.rows_read,
        "accepted": figures.accepted_rows,
        "rejected": figures.rejected_rows,
    }


def _require_summable(read: Interactions) -> None:
    """Raise a ColumnError where the weights' squares cannot be summed up exactly."""
    row = read.accepted.agg(F.max(WEIGHT)).first()
    assert row is not None  # an aggregate without groups has one row
    largest, number = row[0], read.figures.interactions
    if largest * largest * number > MAX_SUM:
        raise ColumnError(
            "ratings are too large to be weights",
            found=f"{largest:g} among {number:,} interactions",
            fix='divide them, take their logarithm, or leave preference at "binary"',
        )
