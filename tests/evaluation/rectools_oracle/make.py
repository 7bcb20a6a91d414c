"""Make small lists and the figures that RecTools gives for them.

    python -m venv oracle && oracle/bin/pip install rectools==0.19.0
    oracle/bin/python tests/evaluation/rectools_oracle/make.py

RecTools 0.19 wants numpy < 2 on Python 3.11 and 3.12, which graphrec does not run on: it has an
environment of its own, and the tests read the tables that this script leaves beside it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from rectools.metrics import (
    MAP,
    MRR,
    NDCG,
    CatalogCoverage,
    HitRate,
    IntraListDiversity,
    MeanInvUserFreq,
    Precision,
    Recall,
)
from rectools.metrics.distances import PairwiseHammingDistanceCalculator

HERE = Path(__file__).resolve().parent
USERS, ITEMS, LONGEST, CUTOFFS = 60, 40, 12, (1, 3, 5, 10)


def lists(draw: np.random.RandomState) -> pd.DataFrame:
    """Lists of 1 to 12 items, of users 0-54 only; items 36-39 are new since training."""
    rows = [
        (user, item, place)
        for user in range(USERS - 5)
        for place, item in enumerate(draw.permutation(ITEMS)[: draw.randint(1, LONGEST + 1)], 1)
    ]
    return pd.DataFrame(rows, columns=["user_id", "item_id", "rank"])


def interactions(draw: np.random.RandomState, users: range, items: int) -> pd.DataFrame:
    """Between 1 and 15 items per user, the first items rather than the last."""
    chance = 1 / np.arange(2, items + 2)
    rows = [
        (user, item)
        for user in users
        for item in draw.choice(items, draw.randint(1, 16), replace=False, p=chance / chance.sum())
    ]
    return pd.DataFrame(rows, columns=["user_id", "item_id"])


def per_user(
    recommendations: pd.DataFrame, test: pd.DataFrame, train: pd.DataFrame, k: int
) -> pd.DataFrame:
    """One row per user; RecTools' own choices where it has several are the columns' names."""
    figures = {
        "precision": Precision(k).calc_per_user(recommendations, test),
        "recall": Recall(k).calc_per_user(recommendations, test),
        "ndcg_achievable": NDCG(k, divide_by_achievable=True).calc_per_user(recommendations, test),
        "ndcg_of_k": NDCG(k).calc_per_user(recommendations, test),
        "map_by_relevant": MAP(k).calc_per_user(recommendations, test),
        "mrr": MRR(k).calc_per_user(recommendations, test),
        "hit_rate": HitRate(k).calc_per_user(recommendations, test),
        "novelty": MeanInvUserFreq(k).calc_per_user(recommendations, train),
        "diversity": IntraListDiversity(
            k, PairwiseHammingDistanceCalculator(features())
        ).calc_per_user(recommendations),
    }
    return pd.DataFrame(figures).rename_axis("user").reset_index().assign(k=k)


def features() -> pd.DataFrame:
    """Four flags per item: the distance of two items is the number of flags that differ."""
    items = np.arange(ITEMS)
    flags = {f"flag_{bit}": (items * 7 // (bit + 2)) % 2 for bit in range(4)}
    return pd.DataFrame(flags, index=pd.Index(items, name="item_id"))


def similarity() -> pd.DataFrame:
    """1 - distance of every pair, each pair once."""
    flags = features().to_numpy()
    first, second = np.triu_indices(ITEMS, 1)
    distance = (flags[first] != flags[second]).sum(axis=1)
    return pd.DataFrame({"item": first, "neighbour": second, "similarity": 1.0 - distance})


def main() -> None:
    draw = np.random.RandomState(5)
    recommendations = lists(draw)
    train = interactions(draw, range(USERS), ITEMS - 4)
    test = interactions(draw, range(5, USERS), ITEMS)
    coverage = [
        (k, CatalogCoverage(k, normalize=True).calc(recommendations, range(ITEMS))) for k in CUTOFFS
    ]
    names = {"user_id": "user", "item_id": "item"}
    tables = {
        "recommendations": recommendations.rename(columns=names),
        "train": train.rename(columns=names),
        "test": test.rename(columns=names),
        "similarity": similarity(),
        "per_user": pd.concat([per_user(recommendations, test, train, k) for k in CUTOFFS]),
        "coverage": pd.DataFrame(coverage, columns=["k", "catalogue_coverage"]),
    }
    for name, table in tables.items():
        table.to_csv(HERE / f"{name}.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
