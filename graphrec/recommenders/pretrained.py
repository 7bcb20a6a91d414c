"""Factors that were learned elsewhere, as a recommender."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.columns import INDEX, ITEM, USER, VECTOR
from graphrec.cooccurrence.table import PairTable
from graphrec.data.dataset import Dataset
from graphrec.data.frames import require_frame
from graphrec.data.id_types import id_column
from graphrec.errors import ColumnError
from graphrec.kernels.types import Matrix
from graphrec.params import param, positive
from graphrec.progress import stage
from graphrec.recommenders.als.fold_in import SolvedFoldIn
from graphrec.recommenders.als.sweep import Objective
from graphrec.recommenders.base import Leg, Recommender
from graphrec.recommenders.learning_estimator import Given
from graphrec.recommenders.model import RecommenderModel
from graphrec.serving.eigenbasis import eigenbasis
from graphrec.serving.item_factors import ItemFactors
from graphrec.serving.tables import FactorLeg
from graphrec.spark.arrow import list_column, values
from graphrec.spark.shared_arrays import SharedArrays, share_arrays
from graphrec.spark.threads import one_thread


class PretrainedFactorsModel(RecommenderModel):
    """Scores are products of the given factors; users without one are folded in."""


class PretrainedFactorsRecommender(Recommender):
    """Takes factors from any DataFrame of ids and vectors, such as `ALSModel.itemFactors`.

    Args:
        itemFactors: (id, vector: array of numbers), in this order whatever the names; one row per
            item. An item without a row scores 0 by this leg.
        userFactors: the same for users. Users without a row, or all where it is None, are folded
            in from their histories with `alpha` and `regParam`.
        **values: parameters by keyword.

    Raises:
        ParameterError: at fitting, when a frame is no DataFrame.
        ColumnError: at fitting, when a frame has another shape, ids of another type than those of
            the interactions, several rows of one id, or vectors of several lengths or of numbers
            that are not finite.

    Examples:
        >>> ratings = spark.createDataFrame(
        ...     [("ann", "tea"), ("ann", "milk"), ("ben", "tea"), ("ben", "milk"), ("cas", "tea")]
        ...     + [("dan", "ham"), ("dan", "salt"), ("eve", "ham"), ("eve", "salt")],
        ...     "user string, item string",
        ... )
        >>> factors = spark.createDataFrame(
        ...     [("tea", [1.0, 0.2]), ("milk", [0.9, 0.1]), ("ham", [0.1, 1.0])],
        ...     "item string, vector array<double>",
        ... )
        >>> model = gr.PretrainedFactorsRecommender(factors).fit(ratings)
        >>> cas = ratings.where("user = 'cas'")
        >>> model.rankedLists(1, users=cas).select("user", "item", "rank").show()
        +----+----+----+
        |user|item|rank|
        +----+----+----+
        | cas|milk|   1|
        +----+----+----+
    """

    alpha = param(
        20.0,
        "in the fold-in, a weight r has the confidence 1 + alpha·r, an absent pair 1",
        positive(),
    )
    regParam = param(1.0, "λ of the fold-in, per interaction of the user", positive())

    leg = "factors"
    _model = PretrainedFactorsModel

    def __init__(
        self, itemFactors: DataFrame, userFactors: DataFrame | None = None, **values: Any
    ) -> None:
        super().__init__(**values)
        self.itemFactors = itemFactors
        self.userFactors = userFactors

    def given(self) -> Given:
        """The frames."""
        given = {"itemFactors": self.itemFactors}
        return given if self.userFactors is None else given | {"userFactors": self.userFactors}

    def enrich(self, dataset: Dataset) -> Dataset:
        """Join the users' factors to their histories, in the basis of the items' factors."""
        _require_factors(self.itemFactors)
        if self.userFactors is None:
            return dataset
        _require_factors(self.userFactors)
        basis, _ = eigenbasis(self._items(dataset))
        given = _id_and_vector(self.userFactors, USER, dataset.histories.schema[USER].dataType)
        rank = _require_one_length(given, USER)
        if rank not in (None, basis.shape[0]):
            raise ColumnError(
                "the vectors of users and items must be of one length",
                found=f"{rank} and {basis.shape[0]}",
                fix="give the factors of one model",
            )
        shared = share_arrays(dataset.spark, {"basis": basis})
        rotated = given.mapInArrow(partial(_rotate_batches, shared=shared), given.schema)
        return dataset.with_histories(dataset.histories.join(rotated, USER, "left"))

    def learning(self) -> list[str]:
        """The factors are read."""
        return [self.leg]

    def learn(self, dataset: Dataset, pairs: PairTable | None) -> list[Leg]:
        """The leg "factors"."""
        objective = Objective.implicit(self.value("alpha"), self.value("regParam"))
        with stage(self.leg):
            given = self._items(dataset)
            basis, eigenvalue = eigenbasis(given)
            factors = ItemFactors(
                np.ascontiguousarray(given @ basis),
                eigenvalue,
                SolvedFoldIn(objective.unobserved, objective.regularization, takes_given=True),
            )
        return [FactorLeg(self.leg, factors)]

    def _items(self, dataset: Dataset) -> npt.NDArray[np.float32]:
        """The given item factors by item index, (items, rank); catalogue-sized."""
        given = _id_and_vector(self.itemFactors, ITEM, dataset.item_type)
        rank = _require_one_length(given, ITEM)
        table = given.join(dataset.items, ITEM).select(INDEX, VECTOR).toArrow()
        if not rank or not table.num_rows:
            raise ColumnError(
                "no item of the interactions has factors",
                found="vectors of length 0" if table.num_rows else "no known item",
                fix="give (id, vector) rows for the items of the interactions",
            )
        vectors = [_matrix(batch[VECTOR]) for batch in table.to_batches()]
        factors = np.zeros((dataset.catalogue.size, rank), np.float32)
        factors[table[INDEX].to_numpy()] = np.concatenate(vectors)
        return factors


def _require_factors(frame: DataFrame) -> None:
    """Require an id and a vector."""
    require_frame(frame, "the table of factors")
    kinds = [field.dataType for field in frame.schema.fields]
    vectors = kinds[1] if len(kinds) == 2 else None
    if not (isinstance(vectors, T.ArrayType) and isinstance(vectors.elementType, T.NumericType)):
        raise ColumnError(
            "factors must have two columns, the id and an array of numbers",
            found=", ".join(f"{f.name}: {f.dataType.simpleString()}" for f in frame.schema.fields),
            fix="select them in this order",
        )


def _id_and_vector(frame: DataFrame, name: str, kind: T.DataType) -> DataFrame:
    """A frame's two columns under our names, with ids of the type of the interactions.

    Raises:
        ColumnError: a vector holds what is no finite number.
    """
    vector = F.col(VECTOR).cast("array<float>").alias(VECTOR)
    named = frame.toDF(name, VECTOR)
    given = named.select(id_column(named, name, name, kind).alias(name), vector)
    found = given.where(F.col(VECTOR).isNull() | F.exists(VECTOR, _not_finite)).first()
    if found is not None:
        raise ColumnError(
            "the vectors of the factors must hold finite numbers",
            found=f"{found[VECTOR]} of {found[name]!r}",
            fix="leave such rows out, or mend them",
        )
    return given


def _require_one_length(given: DataFrame, name: str) -> int | None:
    """The length of all vectors; None where there are none.

    Raises:
        ColumnError: vectors are of several lengths, or an id has several rows.
    """
    length = F.size(VECTOR)
    rows = given.where(F.col(name).isNotNull()).groupBy(name)
    by_id = rows.agg(F.count(F.lit(1)).alias("rows"), F.min(length), F.max(length))
    most, shortest, longest = (
        by_id.toDF(name, "rows", "low", "high")
        .agg(F.max("rows"), F.min("low"), F.max("high"))
        .collect()[0]
    )
    if shortest != longest:
        raise ColumnError(
            "the vectors of the factors must be of one length",
            found=f"lengths from {shortest} to {longest}",
        )
    if most is not None and most > 1:
        raise ColumnError(
            "factors must have one row per id",
            found=f"{most} rows of one {name}",
            fix="leave all but one out",
        )
    return None if most is None else int(shortest)


def _not_finite(value: Column) -> Column:
    return value.isNull() | F.isnan(value) | (F.abs(value) == float("inf"))


def _matrix(column: pa.ListArray) -> Matrix:
    return values(column, np.float32).reshape(len(column), -1)


def _rotate_batches(
    batches: Iterable[pa.RecordBatch], *, shared: SharedArrays
) -> Iterator[pa.RecordBatch]:
    """Turn user factors into the basis of the items'."""
    basis = shared.open()["basis"]
    for batch in batches:
        with one_thread():
            rotated = _matrix(batch[VECTOR]) @ basis
        indptr = np.arange(batch.num_rows + 1, dtype=np.int64) * basis.shape[0]
        vectors = list_column(indptr, np.ascontiguousarray(rotated).reshape(-1))
        yield pa.RecordBatch.from_pydict({USER: batch[USER], VECTOR: vectors})
