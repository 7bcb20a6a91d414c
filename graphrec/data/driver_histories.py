"""The histories on the driver, for what it learns by itself."""

from __future__ import annotations

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import ITEMS, USER, WEIGHTS
from graphrec.data.ids import id_bucket
from graphrec.kernels.csr import Side
from graphrec.spark.arrow import offsets, one_array, values

_BUCKET = "bucket"


def histories_on_driver(histories: DataFrame) -> Side:
    """All histories, in the order of dense ids, which blocks of rows are in, too.

    Sums of floats depend on the order.

    Args:
        histories: (user, items, weights); whoever asks bounds their number.
    """
    rows = histories.select(id_bucket(F.col(USER)).alias(_BUCKET), USER, ITEMS, WEIGHTS)
    table = rows.toArrow().sort_by([(_BUCKET, "ascending"), (USER, "ascending")])
    return Side(
        offsets(one_array(table[ITEMS])),
        values(one_array(table[ITEMS]), np.int32),
        values(one_array(table[WEIGHTS]), np.float32),
    )
