"""The histories as arrays on the driver, for what is learned there."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import ITEMS, USER, WEIGHTS
from graphrec.data.ids import id_bucket
from graphrec.kernels.csr import CSR
from graphrec.spark.arrow import one_array, rows_from_lists

_BUCKET = "bucket"


def histories_on_driver(histories: DataFrame) -> CSR:
    """All histories, (users, items), in the order of dense ids.

    It is also the order within blocks of rows: sums of floats depend on it.

    Args:
        histories: (user, items, weights); the caller bounds their number.
    """
    rows = histories.select(id_bucket(F.col(USER)).alias(_BUCKET), USER, ITEMS, WEIGHTS)
    table = rows.toArrow().sort_by([(_BUCKET, "ascending"), (USER, "ascending")])
    return rows_from_lists(one_array(table[ITEMS]), one_array(table[WEIGHTS]))
