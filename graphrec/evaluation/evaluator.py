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
from pyspark.ml.param import Param, Params
from pyspark.ml.param.shared import HasLabelCol, HasPredictionCol
from pyspark.ml.util import DefaultParamsReadable, DefaultParamsWritable
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.data.checks import require_columns
from graphrec.data.frames import require_frame
from graphrec.data.id_types import comparable
from graphrec.errors import ColumnError, EmptyInputError
from graphrec.evaluation.metrics import FORMULAS, Outcome
from graphrec.params import at_least, checked, one_of

_NAMES: Final = "|".join(FORMULAS)


def _metric_name(value: Any) -> str:
    name: str = checked("metricName", value, one_of(*FORMULAS))
    return name


def _cutoff(value: Any) -> int:
    k: int = checked("k", value, at_least(1))
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
    and do not count. The metrics are those of `ranking_metrics`, and larger is always better.

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
            ColumnError: the column of lists or of held-out items is missing, or holds no arrays
                of ids of one kind.
            EmptyInputError: no user has a held-out item.
        """
        lists, held_out = self.getPredictionCol(), self.getLabelCol()
        _require_lists(dataset, lists, held_out)
        value = FORMULAS[self.getMetricName()](_outcome(lists, held_out, self.getK()))
        measured = dataset.filter(F.size(held_out) > 0).agg(F.avg(value))
        mean: float | None = measured.collect()[0][0]
        if mean is None:
            raise EmptyInputError(
                "no user has a held-out item",
                found=f"no filled array in '{held_out}'",
                fix="hold out more rows, or use fewer folds",
            )
        return mean


def _require_lists(dataset: DataFrame, *names: str) -> None:
    """Require two columns of arrays; a recommender that is told to score pairs gives numbers."""
    require_frame(dataset, "the dataset to evaluate")
    kinds = [dataset.schema[name].dataType for name in names if name in dataset.columns]
    arrays = [kind.elementType for kind in kinds if isinstance(kind, T.ArrayType)]
    if len(arrays) < len(names) or not comparable(*arrays):
        raise ColumnError(
            f"a metric needs lists '{names[0]}' and held-out items '{names[1]}' of one type",
            found=dataset.schema.simpleString(),
            fix="set transformTopK of the recommender to the length of the lists, or name columns "
            "of arrays by predictionCol and labelCol",
        )
    require_columns(dataset, *names, of="the dataset to evaluate")


def _outcome(lists: str, held_out: str, k: int) -> Outcome:
    listed = F.coalesce(F.col(lists), F.array())
    relevant = F.array_distinct(held_out)
    places = F.transform(
        F.slice(listed, 1, k),
        lambda item, before: F.when(F.array_contains(relevant, item), before + 1),
    )
    hits = F.array_compact(places)
    return Outcome(hits, F.size(relevant), F.size(listed) > 0, F.lit(k))
