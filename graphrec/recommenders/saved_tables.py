"""The item tables of a saved model, read by Spark or without it: Arrow tables become arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pyarrow as pa

from graphrec.columns import INDEX, INDICES, ITEM, RANK, SCORE, SOURCE, SUPPORT, VECTOR
from graphrec.data.catalogue import Catalogue
from graphrec.kernels.csr import csr
from graphrec.kernels.types import read_only
from graphrec.recommenders.als.fold_in import SolvedFoldIn
from graphrec.recommenders.constant_fold_in import ConstantFoldIn
from graphrec.recommenders.demographic.fold_in import ProfileFoldIn
from graphrec.recommenders.embedding.fold_in import MeanFoldIn
from graphrec.recommenders.neural.fold_in import TowerFoldIn
from graphrec.serving.item_factors import FoldIn, ItemFactors
from graphrec.serving.kernel_types import Fallback
from graphrec.serving.tables import FactorLeg, ItemTables
from graphrec.spark.arrow import arrays_of

ReadTable = Callable[[str], pa.Table]

SIMILARITY: Final = "similarity"
FOLD_INS: Final = (SolvedFoldIn, MeanFoldIn, ConstantFoldIn, ProfileFoldIn, TowerFoldIn)


def item_tables(read: ReadTable, described: dict[str, Any]) -> ItemTables:
    """The item tables of a saved model.

    Args:
        read: gives a table of the model's directory by its name.
        described: what the model's metadata say of it.
    """
    legs = tuple(described["neighbour_legs"])
    table = read("neighbours")
    columns = [name for name in (SIMILARITY, *legs) if name in table.column_names]
    indptr, arrays = arrays_of(table, {INDICES: "int32", **dict.fromkeys(columns, "float32")}, {})
    weights = np.empty((arrays[INDICES].size, len(legs)), np.float32)
    for column, leg in enumerate(legs):
        weights[:, column] = arrays[leg]
    return ItemTables(
        catalogue=Catalogue.from_table(read("items").select([ITEM, SUPPORT])),
        users=described["users"],
        neighbour_names=legs,
        neighbours=csr(indptr, arrays[INDICES], weights),
        similarity=arrays.get(SIMILARITY, np.empty(0, np.float32)),
        divide_by_strength=np.array(described["divide_by_strength"], np.bool_),
        factor_legs=_factor_legs(read, described["factor_legs"]),
        fallback=_fallback(read("fallback")) if described["fallback"] else None,
    )


def _fallback(table: pa.Table) -> Fallback:
    table = table.sort_by(INDEX).combine_chunks()
    rank, source, score = (table[name].to_numpy() for name in (RANK, SOURCE, SCORE))
    order = np.argsort(rank).astype(np.int32)
    return Fallback(*(read_only(array) for array in (order, source, score)))


def _factor_legs(read: ReadTable, described: list[dict[str, Any]]) -> tuple[FactorLeg, ...]:
    if not described:
        return ()
    _, arrays = arrays_of(read("factors"), {VECTOR: "float32"}, {})
    ranks = [len(leg["eigenvalue"]) for leg in described]
    vectors = np.split(arrays[VECTOR].reshape(-1, sum(ranks)), np.cumsum(ranks)[:-1], axis=1)
    return tuple(
        FactorLeg(
            leg["name"],
            ItemFactors(
                np.ascontiguousarray(vector),
                np.array(leg["eigenvalue"], np.float32),
                fold_in_of(leg["fold_in"]),
            ),
        )
        for leg, vector in zip(described, vectors, strict=True)
    )


def fold_in_of(described: dict[str, Any]) -> FoldIn:
    """A fold-in by the name of its class and the values of its fields."""
    kinds: dict[str, type[FoldIn]] = {kind.__name__: kind for kind in FOLD_INS}
    values = {name: value for name, value in described.items() if name != "kind"}
    return kinds[described["kind"]](**values)
