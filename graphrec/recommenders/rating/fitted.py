"""What a fitted rating model consists of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from pyspark.sql import DataFrame

from graphrec.data.catalogue import Catalogue
from graphrec.data.interaction_columns import InteractionColumns
from graphrec.recommenders.rating.learning import Factors
from graphrec.spark.persisted import PersistedFrames


class Scale(NamedTuple):
    """The ratings' figures."""

    mean: float
    deviation: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Ratings:
    """The ratings, and what was learned from them."""

    columns: InteractionColumns
    catalogue: Catalogue
    histories: DataFrame  # (user, items, weights, times): the ratings
    scale: Scale
    factors: Factors
    persisted: PersistedFrames = field(
        default_factory=PersistedFrames, repr=False
    )  # owns the ratings, where persisted
