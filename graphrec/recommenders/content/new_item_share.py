"""How many of the listed items are new.

What is predicted of new items is a best guess, and careful: few of them are listed. All of it times
a factor above 1 lists more, below 1 fewer. Which factor gives which share depends on all legs and
all items, so it is found by making the lists of some users, again and again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphrec.kernels.csr import csr
from graphrec.kernels.types import read_only
from graphrec.recommenders.constant_fold_in import ConstantFoldIn
from graphrec.serving.eigenbasis import rotate
from graphrec.serving.item_factors import ItemFactors
from graphrec.serving.list_rules import list_rules
from graphrec.serving.ranking import rank_batch
from graphrec.serving.request import Request
from graphrec.serving.tables import FactorLeg, ItemTables
from graphrec.spark.threads import one_thread

LIST_LENGTH: Final = 10  # of the lists that are made
MAX_USERS: Final = 1000  # whose lists are made
_LEAST, _MOST = 0.25, 8.0  # bounds of the factor
_STEPS: Final = 10  # of a bisection, to half a per cent


def with_share(
    tables: ItemTables, share: float, histories: pa.RecordBatch, request: Request
) -> ItemTables:
    """The tables by which new items have a share of all listed ones, or as near as can be.

    Args:
        tables: have new items, as they are predicted.
        share: above 0 and below 1.
        histories: of the users whose lists are made, as `serving.lists.serve` takes them.
        request: what their lists are made by.
    """
    if not (tables.catalogue.support == 0).any():
        return tables
    listed = partial(_share_of_new, tables, histories=histories, request=request)
    return weighted(tables, _bisected(listed, share))


def weighted(tables: ItemTables, factor: float) -> ItemTables:
    """The tables with all that is predicted of new items, times a factor."""
    new = tables.catalogue.support == 0
    data = tables.neighbours.data.copy()
    data[new[tables.neighbours.indices]] *= np.float32(factor)
    return replace(
        tables,
        neighbours=csr(tables.neighbours.indptr, tables.neighbours.indices, read_only(data)),
        factor_legs=tuple(_weighted_leg(leg, new, factor) for leg in tables.factor_legs),
    )


def _weighted_leg(leg: FactorLeg, new: npt.NDArray[np.bool_], factor: float) -> FactorLeg:
    if isinstance(leg.factors.fold_in, ConstantFoldIn):  # its score is a count, and not predicted
        return leg
    vectors = leg.factors.vector.copy()
    vectors[new] *= np.float32(factor)
    return FactorLeg(leg.name, ItemFactors(*rotate(vectors), leg.factors.fold_in))


def _bisected(listed: Callable[[float], float], share: float) -> float:
    """The factor within the bounds whose lists come nearest to a share, which grows with it."""
    low, high = np.log([_LEAST, _MOST])
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        if listed(float(np.exp(middle))) < share:
            low = middle
        else:
            high = middle
    return float(np.exp((low + high) / 2.0))


def _share_of_new(
    tables: ItemTables, factor: float, *, histories: pa.RecordBatch, request: Request
) -> float:
    """The share of new items in the lists that a factor leads to."""
    made = weighted(tables, factor)
    arrays = made.arrays(diversify=request.diversity > 0)
    with one_thread():
        lists = rank_batch(histories, arrays, list_rules(made.popularity), made.fold_ins, request)
    listed = lists.item[lists.item >= 0]
    return float((made.catalogue.support[listed] == 0).mean()) if listed.size else 0.0
