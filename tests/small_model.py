"""A model of the sample data with a neighbour and a factor leg, learned in a few seconds."""

from __future__ import annotations

from pyspark.sql import SparkSession

import graphrec as gr
from graphrec.recommenders.base import RecommenderModel


def small_model(spark: SparkSession) -> RecommenderModel:
    legs = [gr.RandomWalkRecommender(), gr.ALSRecommender(rank=8, maxIter=2)]
    hybrid = gr.HybridRecommender(legs, weights="default", pseudoInteractions=0.0, diversity=0.2)
    return hybrid.fit(gr.samples.ratings(spark))
