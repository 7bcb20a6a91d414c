"""Tuning a recommender on a ranking metric with MLlib's own tools.

`CrossValidator` and `TrainValidationSplit` hold rows out, call `model.transform(held_out)` and
hand the result to `evaluator.evaluate`. Scores of the held-out pairs alone say nothing of the
items that a list would show instead, so for this evaluator a model's `transform` returns one row
per user of the held-out rows: his list and his held-out items.
"""

from __future__ import annotations

from typing import Any, Final

from pyspark import keyword_only
from pyspark.ml.evaluation import Evaluator
from pyspark.ml.param import Param, Params, TypeConverters
from pyspark.ml.param.shared import HasLabelCol, HasPredictionCol
from pyspark.ml.util import DefaultParamsReadable, DefaultParamsWritable
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.data.checks import require_columns, require_same_ids
from graphrec.data.column_types import quoted
from graphrec.errors import ColumnError, EmptyInputError, ParameterError
from graphrec.evaluation.metrics import FORMULAS, Outcome
from graphrec.evaluation.places import is_id

_NAMES: Final = "|".join(FORMULAS)


def _metric_name(value: Any) -> str:
    name = TypeConverters.toString(value)
    if name not in FORMULAS:
        raise ParameterError("metricName must be a ranking metric", found=name, fix=_NAMES)
    return name


def _cutoff(value: Any) -> int:
    k = TypeConverters.toInt(value)
    if k < 1:
        raise ParameterError("k must be at least 1", found=str(k))
    return k


class RankingEvaluator(
    Evaluator,
    HasPredictionCol,
    HasLabelCol,
    DefaultParamsReadable["RankingEvaluator"],
    DefaultParamsWritable,
):
    """Average a ranking metric at k over users.

    The dataset has one row per user: (prediction array<id>, label array<id>), the ranked list,
    best first, and the held-out items in any order, of one type of id. A null or short list is
    allowed and counts as far as it goes; rows without a held-out item have nothing to measure
    and do not count. The metrics are those of `ranking_metrics`, and larger is always better: an
    item that a list repeats counts at its first place, and null is no item in either column.

    Args:
        metricName: the metric.
        k: how many places of the list count; the lists should be at least as long.
        predictionCol: name of the column of lists.
        labelCol: name of the column of held-out items.

    Raises:
        ParameterError: `metricName` or `k` is out of its range.
    """

    metricName: Param[str] = Param(
        Params._dummy(), "metricName", f"metric ({_NAMES})", typeConverter=_metric_name
    )
    k: Param[int] = Param(
        Params._dummy(), "k", "places of the list that count (>= 1)", typeConverter=_cutoff
    )

    _input_kwargs: dict[str, Any]

    @keyword_only
    def __init__(
        self,
        *,
        metricName: str = "ndcg",
        k: int = 10,
        predictionCol: str = "prediction",
        labelCol: str = "label",
    ) -> None:
        super().__init__()
        self._setDefault(metricName="ndcg", k=10)
        self._set(**self._input_kwargs)

    @keyword_only
    def setParams(
        self,
        *,
        metricName: str = "ndcg",
        k: int = 10,
        predictionCol: str = "prediction",
        labelCol: str = "label",
    ) -> RankingEvaluator:
        """Set the given Params."""
        return self._set(**self._input_kwargs)

    def setMetricName(self, value: str) -> RankingEvaluator:
        """Set the metric."""
        return self._set(metricName=value)

    def getMetricName(self) -> str:
        """Return the metric."""
        return self.getOrDefault(self.metricName)

    def setK(self, value: int) -> RankingEvaluator:
        """Set how many places of the list count."""
        return self._set(k=value)

    def getK(self) -> int:
        """Return how many places of the list count."""
        return self.getOrDefault(self.k)

    def setPredictionCol(self, value: str) -> RankingEvaluator:
        """Set the name of the column of lists."""
        return self._set(predictionCol=value)

    def setLabelCol(self, value: str) -> RankingEvaluator:
        """Set the name of the column of held-out items."""
        return self._set(labelCol=value)

    def isLargerBetter(self) -> bool:
        """Return True: all ranking metrics are gains."""
        return True

    def _evaluate(self, dataset: DataFrame) -> float:
        """Return the mean of the metric over the users with held-out items.

        Raises:
            ColumnError: the column of lists or of held-out items is missing, or they are no arrays
                of ids of one type.
            EmptyInputError: no user has a held-out item.
        """
        lists, held_out = self.getPredictionCol(), self.getLabelCol()
        require_columns(dataset, lists, held_out, of="the dataset to evaluate")
        outcome = _outcome(dataset, lists, held_out, self.getK())
        value = FORMULAS[self.getMetricName()](outcome)
        measured = dataset.filter(outcome.relevant > 0).agg(F.avg(value))
        mean: float | None = measured.collect()[0][0]
        if mean is None:
            raise EmptyInputError(
                "no user has a held-out item",
                found=f"no filled array in '{held_out}'",
                fix="hold out more rows, or use fewer folds",
            )
        return mean


def _outcome(dataset: DataFrame, lists: str, held_out: str, k: int) -> Outcome:
    kinds = {name: _id_type(dataset, name) for name in (lists, held_out)}
    if not any(isinstance(kind, T.NullType) for kind in kinds.values()):
        one, other = (
            dataset.select(F.get(quoted(name), F.lit(0)).alias("id")) for name in (lists, held_out)
        )
        require_same_ids(one, other, "id")
    listed = F.coalesce(quoted(lists), F.array())
    relevant = F.array_distinct(_ids(quoted(held_out), kinds[held_out]))
    shown = F.slice(listed, 1, k)
    # In the order of the list, each item once: null and what is repeated stay behind.
    found = F.array_intersect(shown, relevant)
    hits = F.transform(found, lambda item: F.array_position(shown, item).cast("int"))
    is_listed = F.size(_ids(listed, kinds[lists])) > 0
    return Outcome(hits, F.size(relevant), is_listed, F.lit(k))


def _id_type(dataset: DataFrame, name: str) -> T.DataType:
    kind = dataset.schema[name].dataType
    if not isinstance(kind, T.ArrayType):
        raise ColumnError(
            f"'{name}' must hold arrays of ids",
            found=kind.simpleString(),
            fix="gather each user's items into one row",
        )
    return kind.elementType


def _ids(cells: Column, kind: T.DataType) -> Column:
    return F.filter(cells, lambda cell: is_id(cell, kind))
