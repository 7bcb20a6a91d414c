"""MLlib's ALS as the second engine: the same objective in MLlib's terms.

MLlib weighs an interaction `1 + alpha·r` and an absent pair 1; divided by alpha, that is `a0 + r`
and `a0` with `a0 = 1 / alpha`, and its regParam is then `λ / a0`.
"""

from __future__ import annotations

import numpy as np
from pyspark.ml.recommendation import ALS
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import INDEX, ITEM, ITEMS, USER, WEIGHT, WEIGHTS
from graphrec.data.ids import dense_ids
from graphrec.recommenders.als.fold_in import SolvedFoldIn
from graphrec.serving.eigenbasis import rotate
from graphrec.serving.item_factors import ItemFactors
from graphrec.spark.arrow import values


def fit_mllib_als(
    histories: DataFrame,
    items: int,
    *,
    rank: int,
    iterations: int = 8,
    unobserved: float = 0.05,
    regularization: float = 0.05,
    seed: int = 0,
) -> ItemFactors:
    """Factorise implicit feedback with `pyspark.ml.recommendation.ALS`.

    The arguments are those of `fit_als`. The lineage of many iterations is cut where the
    session has a checkpoint directory (`spark.checkpoint.dir`; `graphrec.spark_session` sets one).
    """
    als = ALS(
        rank=rank,
        maxIter=iterations,
        implicitPrefs=True,
        alpha=1.0 / unobserved,
        regParam=regularization / unobserved,
        userCol=USER,
        itemCol=ITEM,
        ratingCol=WEIGHT,
        seed=seed,
        checkpointInterval=5,
    )
    with dense_ids(histories, USER) as ids:
        entries = histories.join(ids.frame, USER).select(
            F.col(INDEX).cast("int").alias(USER),
            F.explode(F.arrays_zip(ITEMS, WEIGHTS)).alias("entry"),
        )
        ratings = entries.select(
            USER,
            F.col(f"entry.{ITEMS}").alias(ITEM),
            F.col(f"entry.{WEIGHTS}").alias(WEIGHT),
        )
        table = als.fit(ratings).itemFactors.toArrow()
    fitted = np.zeros((items, rank), np.float32)
    for batch in table.to_batches():
        index = batch["id"].to_numpy()
        fitted[index] = values(batch["features"], np.float32).reshape(index.size, rank)
    vector, eigenvalue = rotate(fitted)
    return ItemFactors(vector, eigenvalue, SolvedFoldIn(unobserved, regularization))
