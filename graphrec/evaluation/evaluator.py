"""An MLlib Evaluator of ranking metrics, for `CrossValidator` and `TrainValidationSplit`.

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
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.data.checks import require_columns
from graphrec.data.column_types import quoted
from graphrec.data.frames import require_frame
from graphrec.data.id_types import comparable
from graphrec.errors import ColumnError, EmptyInputError
from graphrec.evaluation.list_positions import is_id
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
    and do not count. The metrics are those of `ranking_metrics`, and larger is always better: an
    item that a list repeats counts at its first position, and null is no item in either column.

    Args:
        metricName: the metric.
        k: how many positions of the list count; the lists should be at least as long.
        predictionCol: name of the column of lists.
        labelCol: name of the column of held-out items.

    Raises:
        ParameterError: `metricName` or `k` is out of its range.

    Examples:
        >>> lists = spark.createDataFrame(
        ...     [(["tea", "milk"], ["milk"])], "prediction array<string>, label array<string>"
        ... )
        >>> gr.RankingEvaluator(metricName="recall", k=1).evaluate(lists)
        0.0
        >>> gr.RankingEvaluator(metricName="recall", k=2).evaluate(lists)
        1.0
    """

    metricName: Param[str] = Param(
        Params._dummy(), "metricName", f"metric ({_NAMES})", typeConverter=_metric_name
    )
    k: Param[int] = Param(
        Params._dummy(), "k", "positions of the list that count (>= 1)", typeConverter=_cutoff
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
        """Set how many positions of the list count."""
        return self._set(k=value)

    def getK(self) -> int:
        """Return how many positions of the list count."""
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


def _require_lists(dataset: DataFrame, *names: str) -> None:
    """Require two columns of arrays; a recommender that scores pairs gives numbers."""
    require_frame(dataset, "the dataset to evaluate")
    kinds = [dataset.schema[name].dataType for name in names if name in dataset.columns]
    arrays = [kind.elementType for kind in kinds if isinstance(kind, T.ArrayType)]
    some = [kind for kind in arrays if not isinstance(kind, T.NullType)]  # of empty arrays alone
    if len(arrays) < len(names) or (len(some) == len(names) and not comparable(*some)):
        raise ColumnError(
            f"a metric needs lists '{names[0]}' and held-out items '{names[1]}' of one type",
            found=dataset.schema.simpleString(),
            fix="set transformTopK of the recommender to the length of the lists, or name columns "
            "of arrays by predictionCol and labelCol",
        )
    require_columns(dataset, *names, of="the dataset to evaluate")


def _outcome(dataset: DataFrame, lists: str, held_out: str, k: int) -> Outcome:
    listed = F.coalesce(quoted(lists), F.array())
    relevant = F.array_distinct(_ids(dataset, held_out, quoted(held_out)))
    shown = F.slice(listed, 1, k)
    # In the order of the list, each item once: null and what is repeated stay behind.
    found = F.array_intersect(shown, relevant)
    hits = F.transform(found, lambda item: F.array_position(shown, item).cast("int"))
    is_listed = F.size(_ids(dataset, lists, listed)) > 0
    return Outcome(hits, F.size(relevant), is_listed, F.lit(k))


def _ids(dataset: DataFrame, name: str, cells: Column) -> Column:
    """The cells of a column of arrays that name an item."""
    kind = dataset.schema[name].dataType
    assert isinstance(kind, T.ArrayType)  # `_require_lists` has seen to it
    return F.filter(cells, lambda cell: is_id(cell, kind.elementType))
