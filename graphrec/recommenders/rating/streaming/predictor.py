"""A rating predictor that learns from each batch of a stream, and needs no fit for it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

import numpy as np
from pyspark.ml.base import Model
from pyspark.ml.util import MLReadable, MLReader, MLWritable, MLWriter
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from graphrec.columns import (
    INDEX,
    ITEM,
    ITEMS,
    RATING,
    REASON,
    TIMES,
    TIMESTAMP,
    USER,
    VECTOR,
    WEIGHT,
    WEIGHTS,
)
from graphrec.data.checks import require_free
from graphrec.data.contract import judge_rows
from graphrec.data.frames import free_name, require_frame
from graphrec.data.id_types import id_column
from graphrec.data.interaction_columns import InteractionColumns, has_column, require_column
from graphrec.errors import ParameterError
from graphrec.kernels.types import Vector
from graphrec.params import between, flag, param
from graphrec.progress import stage
from graphrec.recommenders.rating.fitted import Ratings, Scale
from graphrec.recommenders.rating.model import RatingPredictorModel
from graphrec.recommenders.rating.streaming.sides import (
    STATE,
    States,
    changed,
    numbers,
    replaced,
    score,
)
from graphrec.recommenders.saved_directory import (
    LOAD_MODEL,
    SAVE_MODEL,
    DirectoryReader,
    DirectoryWriter,
    read_directory,
    restore_params,
    write_directory,
)
from graphrec.recommenders.shared_params import PredictionParams
from graphrec.spark.checkpoints import checkpointed
from graphrec.spark.item_rows import vector_rows
from graphrec.spark.persisted import PersistedFrames

_STEP: Final = between(0.0, 1.0, open_low=True)
_SHARE: Final = between(0.0, 1.0)


class StreamingParams(PredictionParams):
    """Parameters of the descent."""

    stepSize = param(
        0.08, "share of an error by which the biases of users and items follow it", _STEP
    )
    factorStepSize = param(0.1, "the same of factors; 0: they stay as they are", _SHARE)
    regularization = param(
        0.02, "by how much biases and factors are drawn to 0 in each step", _SHARE
    )
    allowNegative = param(False, "ratings below 0 are part of the scale, and not rejected", flag())


class StreamingRatingPredictor(Model, StreamingParams, MLWritable, MLReadable[Any]):
    """Predicts ratings, and learns from batches of new ones by stochastic gradient descent.

    It starts from a `RatingPredictorModel`: its items, and its users as their ratings leave them
    when they are taken one after the other. With each batch the biases and factors of the users
    and the items in it move, see `graphrec.recommenders.rating.streaming.recursion`; older ratings
    are forgotten, as moods and tastes are. New users and items are taken in. The initial model
    itself is not changed.

    `update` is what a stream calls for each batch, with the number that Spark gives it:
    `stream.writeStream.foreachBatch(lambda batch, number: predictor.update(batch, number))`. A
    batch that is delivered again, as after a failure, then changes nothing. To measure it, predict
    a batch first (`transform`), then learn from it.

    Examples:
        >>> ratings = spark.createDataFrame(
        ...     [("ann", "tea", 5.0), ("ann", "milk", 1.0), ("ben", "tea", 5.0)],
        ...     "user string, item string, rating double",
        ... )
        >>> model = gr.RatingPredictor(rank=2, maxIter=2).fit(ratings)
        >>> stream = gr.StreamingRatingPredictor(model)
        >>> pair = spark.createDataFrame([("cas", "milk")], "user string, item string")
        >>> [before] = stream.transform(pair).collect()
        >>> rated = pair.selectExpr("*", "5.0 AS rating")
        >>> stream.update(rated, batchId=0)
        {}
        >>> [after] = stream.transform(pair).collect()
        >>> after.prediction > before.prediction
        True
        >>> stream.update(rated, batchId=0)  # delivered again: nothing is learned
        {}
        >>> stream.lastBatch
        0
    """

    def __init__(
        self,
        initialModel: RatingPredictorModel | None = None,
        *,
        states: States | None = None,
        columns: InteractionColumns | None = None,
        scale: Scale | None = None,
        lastBatch: int | None = None,
        **values: Any,
    ) -> None:
        """Start from a model.

        Args:
            initialModel: see the class.
            states: where there is no initial model, what is known of users and items.
            columns: likewise, the names of the columns.
            scale: likewise, the figures of the ratings.
            lastBatch: number of the last batch that was learned from; None: none had a number.
            **values: of parameters.

        Raises:
            ParameterError: there is no initial model, or a value is out of its range.
        """
        super().__init__(**values)
        if isinstance(initialModel, RatingPredictorModel):
            ratings = initialModel.ratings
            columns, scale = ratings.columns, ratings.scale
            states = _initial(ratings, self.settings)
        if states is None or columns is None or scale is None:
            raise ParameterError(
                "a stream of ratings starts from a fitted RatingPredictor",
                found=type(initialModel).__name__,
                fix="give initialModel=gr.RatingPredictor().fit(ratings)",
            )
        self.states, self.columns, self.scale = states, columns, scale
        self.lastBatch = lastBatch

    def update(self, dataset: DataFrame, batchId: int | None = None) -> dict[str, int]:
        """Learn from a batch of ratings.

        A batch whose number is not above `lastBatch` has been learned from, and is not read. The
        number is kept where the model is saved, so a model that is saved after each batch, and
        loaded to go on, learns from each one once, whatever failed in between. Numbers begin anew
        with a new checkpoint of the stream: set `lastBatch = None` then.

        Args:
            dataset: ratings, in columns named as those of the initial model; times may be left
                out. Within the batch they are taken in the order of their times, and those of
                equal times in the order of ids. All rows count, repeats too. An empty batch
                changes nothing.
            batchId: number of the batch, as `foreachBatch` gives it; None: it is always learned
                from.

        Returns:
            How many rows were rejected, by reason; nothing was learned from these.

        Raises:
            ColumnError: a column is missing, or cannot be what it should.
            ParameterError: the number is no whole number of at least 0.
        """
        require_frame(dataset, "the batch")
        if batchId is not None and self._is_known(batchId):
            return {}
        with PersistedFrames() as persisted:
            judged = persisted.persist(self._judged(dataset))
            counts = judged.groupBy(REASON).count().collect()  # a row per reason
            rejected = {row[REASON]: row["count"] for row in counts if row[REASON] is not None}
            if sum(rejected.values()) < sum(row["count"] for row in counts):
                self._learn(judged.where(F.col(REASON).isNull()), persisted)
        if batchId is not None:
            self.lastBatch = batchId
        return rejected

    def _is_known(self, number: int) -> bool:
        if not isinstance(number, int) or number < 0:
            raise ParameterError(
                "batchId must be a whole number of at least 0",
                found=repr(number),
                fix="give the number that foreachBatch gives beside each batch",
            )
        return self.lastBatch is not None and number <= self.lastBatch

    def _learn(self, accepted: DataFrame, persisted: PersistedFrames) -> None:
        rating = _scaled(F.col(WEIGHT), self.scale)
        events = accepted.select(USER, ITEM, TIMESTAMP, rating.alias(RATING))
        rated = persisted.persist(self.states.beside(events))
        users, items = (changed(rated, side, self.settings) for side in (USER, ITEM))
        self.states = self.states._replace(
            users=checkpointed(replaced(self.states.users, users, USER)),
            items=checkpointed(replaced(self.states.items, items, ITEM)),
        )

    def _judged(self, dataset: DataFrame) -> DataFrame:
        known = self.columns
        for role, name in (("user", known.user), ("item", known.item), ("rating", known.rating)):
            require_column(dataset, role, str(name))
        when = known.timestamp
        timed = when is not None and has_column(dataset, "timestamp", when)
        columns = InteractionColumns(known.user, known.item, known.rating, when if timed else None)
        ids = {known.user: self._id(dataset, USER), known.item: self._id(dataset, ITEM)}
        below_zero = self.value("allowNegative")
        return judge_rows(
            dataset.withColumns(ids), columns, below_zero="rating" if below_zero else "rejected"
        )

    def _transform(self, dataset: DataFrame) -> DataFrame:
        """Add `predictionCol`: float, within the range of the ratings, never null.

        Raises:
            ColumnError: the user or the item column is missing, or the new one is there already.
        """
        require_frame(dataset, "the dataset")
        prediction = self.value("predictionCol")
        require_free(dataset, prediction, fix="set another predictionCol")
        inside = free_name("given", [USER, ITEM])
        pairs = dataset.select(
            F.struct("*").alias(inside),
            self._id(dataset, USER).alias(USER),
            self._id(dataset, ITEM).alias(ITEM),
        )
        scale = self.scale
        mean = F.lit(scale.mean) + F.lit(scale.deviation) * score()
        clipped = F.greatest(F.lit(scale.lowest), F.least(F.lit(scale.highest), mean))
        known = self.states.beside(pairs)
        return known.select(f"{inside}.*", clipped.cast("float").alias(prediction))

    def _id(self, frame: DataFrame, role: str) -> Column:
        """The ids of a frame, of the type that the states have."""
        name = self.columns.user if role == USER else self.columns.item
        states = self.states.users if role == USER else self.states.items
        return id_column(frame, role, name, states.schema[role].dataType)

    @property
    def settings(self) -> Vector:
        """The parameters of the descent, as `descend` takes them."""
        names = ("stepSize", "factorStepSize", "regularization")
        return np.array([self.value(name) for name in names])

    def write(self) -> MLWriter:
        """A writer: `predictor.write().overwrite().save(path)`."""
        return _Writer(self)

    @classmethod
    def read(cls) -> MLReader[Any]:
        """A reader: `StreamingRatingPredictor.load(path)`."""
        return _Reader(cls)


def _scaled(rating: Column, scale: Scale) -> Column:
    return (rating - F.lit(scale.mean)) / F.lit(scale.deviation)


def _initial(ratings: Ratings, settings: Vector) -> States:
    """The items of a model, and its users as their histories leave them: items stay meanwhile."""
    spark, catalogue = ratings.histories.sparkSession, ratings.catalogue
    size = ratings.factors.unknown.size // 2
    rows = vector_rows(spark, np.ascontiguousarray(ratings.factors.items[:, :size]))
    items = rows.join(catalogue.indices(spark), INDEX).select(
        ITEM, F.col(VECTOR).cast("array<double>").alias(STATE)
    )
    nothing = tuple(float(number) for number in ratings.factors.unknown[:size])
    nobody = (0.0,) * size
    none = ratings.histories.select(USER, numbers(nobody).alias(STATE)).limit(0)
    states = States(none, checkpointed(items), nobody, nothing)
    zipped = F.explode(F.arrays_zip(ITEMS, WEIGHTS, TIMES)).alias("one")
    flat = ratings.histories.select(USER, zipped).select(
        USER,
        F.col(f"one.{ITEMS}").alias(INDEX),
        F.col(f"one.{TIMES}").alias(TIMESTAMP),
        _scaled(F.col(f"one.{WEIGHTS}").cast("double"), ratings.scale).alias(RATING),
    )
    history = flat.join(F.broadcast(catalogue.indices(spark)), INDEX)
    rated = states.beside(history.select(USER, ITEM, TIMESTAMP, RATING))
    return states._replace(users=checkpointed(changed(rated, USER, settings)))


class _Writer(DirectoryWriter):
    @stage(SAVE_MODEL)
    def saveImpl(self, path: str) -> None:
        written = self._written
        described = {
            "columns": asdict(written.columns),
            "scale": written.scale._asdict(),
            "nobody": written.states.nobody,
            "nothing": written.states.nothing,
            "lastBatch": written.lastBatch,
        }
        tables = {"users": written.states.users, "items": written.states.items}
        overwrite = self.shouldOverwrite
        write_directory(self.sparkSession, path, written, tables, described, overwrite=overwrite)


class _Reader(DirectoryReader):
    @stage(LOAD_MODEL)
    def load(self, path: str) -> Any:
        spark = self.sparkSession
        cls, metadata, described = read_directory(spark, path, self._expected)
        users, items = (spark.read.parquet(f"{path}/{name}") for name in ("users", "items"))
        states = States(users, items, tuple(described["nobody"]), tuple(described["nothing"]))
        columns = InteractionColumns(**described["columns"])
        predictor = cls(
            states=states,
            columns=columns,
            scale=Scale(**described["scale"]),
            lastBatch=described["lastBatch"],
        )
        restore_params(predictor, metadata)
        return predictor
