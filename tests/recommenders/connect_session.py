"""Fits and serves under Spark Connect: run by `test_connect.py` in a process of its own.

Prints one line of JSON: the lists, and whether a saved model gives the same ones.
"""

from __future__ import annotations

import json
import sys

from pyspark.sql import SparkSession
from pyspark.sql.utils import is_remote

import graphrec as gr
from tests.quick_spark import QUICK
from tests.recommenders.checkerboard import COLUMNS, frame, groups, legs, rows


def main(path: str) -> None:
    builder = SparkSession.builder.remote("local[2]")
    settings: dict[str, bool | float | int | str | None] = {
        **QUICK,
        "spark.sql.shuffle.partitions": "2",
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
    }
    spark = builder.config(map=settings).getOrCreate()
    assert is_remote()
    assert gr.spark_session() is spark
    hybrid = gr.HybridRecommender(legs(), groups(spark), **COLUMNS)
    model = hybrid.fit(frame(spark, rows()))
    lists = sorted(model.recommendForAllUsers(4).collect())
    model.write().save(path)
    loaded = gr.HybridRecommenderModel.load(path)
    hybrid.save(f"{path}-estimator")
    again = gr.HybridRecommender.load(f"{path}-estimator")
    model.unpersist()
    updated = loaded.update(frame(spark, [("v00", 23, 4.0, 1.1e9), ("v50-new", 100, 5.0, 1.1e9)]))
    updated.write().save(f"{path}-updated")
    kept = gr.HybridRecommenderModel.load(f"{path}-updated")
    found = {
        "updated": [
            sorted(row.viewer for row in kept.changedUsers(loaded).collect()),
            kept.dataset.users,
            kept.dataset.catalogue.size - loaded.dataset.catalogue.size,
        ],
        "lists": {row.viewer: [entry.film for entry in row.recommendations] for row in lists},
        "same": sorted(loaded.recommendForAllUsers(4).collect()) == lists,
        "legs": [leg.uid for leg in again.legs] == [leg.uid for leg in hybrid.legs],
        "together": model.watchedTogether(3).count(),
        "explained": [frame.count() > 0 for frame in vars(model.explain("v03", 3)).values()],
        "scored": model.transform(frame(spark, rows())).where("prediction IS NOT NULL").count(),
    }
    print(json.dumps(found))
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1])
