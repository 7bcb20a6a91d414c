"""Random users and models for explanations, without Spark."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from graphrec.data.catalogue import Catalogue
from graphrec.explanation.user_context import UserContext
from graphrec.recommenders.als.fold_in import SolvedFoldIn
from graphrec.recommenders.embedding.fold_in import MeanFoldIn
from graphrec.serving.eigenbasis import rotate
from graphrec.serving.item_factors import FoldIn, ItemFactors
from graphrec.serving.tables import FactorLeg, ItemTables, NeighbourLeg
from tests.serving.reference import Case, sparse_rows

A0, REGULARIZATION = 0.05, 0.1


def tables_of(case: Case) -> ItemTables:
    items = case.has.shape[1]
    legs: list[NeighbourLeg | FactorLeg] = [
        NeighbourLeg(
            f"leg{n}", sparse_rows(leg), divide_by_strength=bool(case.divide_by_strength[n])
        )
        for n, leg in enumerate(case.legs)
    ]
    fold_ins: list[FoldIn] = [SolvedFoldIn(A0, REGULARIZATION, takes_given=True), MeanFoldIn()]
    for name, (_, items_), fold_in in zip(
        ("factors", "means"), case.factor_legs, fold_ins, strict=False
    ):
        vector, eigenvalue = rotate(items_.astype(np.float32))
        legs.append(FactorLeg(name, ItemFactors(vector, eigenvalue, fold_in)))
    catalogue = Catalogue(pa.array(range(items)), np.arange(items, 0, -1))
    return ItemTables.from_legs(catalogue, items, legs, sparse_rows(case.similarity))


def one_user(case: Case, user: int, **columns: Any) -> UserContext:
    items = np.flatnonzero(case.has[user]).tolist()
    weights = case.weight[user][case.has[user]].tolist()
    history = {
        "items": pa.array([items], pa.list_(pa.int32())),
        "weights": pa.array([weights], pa.list_(pa.float32())),
    }
    batch = pa.RecordBatch.from_pydict(history | columns)
    return UserContext(batch, tables_of(case), case.request, case.rules)
