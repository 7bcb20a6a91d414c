"""What features of items say about what users take, as a table of `explore`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from pyspark.sql import DataFrame

from graphrec.data.dataset import Dataset
from graphrec.graph.exploration import Keep
from graphrec.graph.feature_information import FeatureInformation
from graphrec.progress import stage
from graphrec.recommenders.content.estimator import ITEM_FEATURES
from graphrec.recommenders.content.reading import judge_features

FEATURES: Final = "features"  # the name of the table
_SCHEMA: Final = (
    "feature string, kind string, bits double, ci_low double, ci_high double, users long, "
    "tells boolean"
)


def judged(
    dataset: Dataset, features: tuple[DataFrame, list[str] | None] | None, keep: Keep
) -> list[FeatureInformation]:
    """Judge the features, if there are some, the most telling first, and keep the table.

    Args:
        dataset: has the items and the histories.
        features: as `open_features` gives them.
        keep: writes a table.
    """
    if features is None:
        return []
    with stage(ITEM_FEATURES):
        found = judge_features(dataset, *features)
        found.sort(key=lambda one: -(one.bits or 0.0))
        rows = [tuple({**asdict(one), "tells": one.tells}.values()) for one in found]
        keep(FEATURES, dataset.spark.createDataFrame(rows, _SCHEMA).coalesce(1))
    return found
