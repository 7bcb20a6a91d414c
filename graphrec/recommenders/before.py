"""A model before an update, from which its legs are learned on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import INDEX, LIKELY, USER
from graphrec.data.catalogue import Catalogue
from graphrec.kernels.csr import CSR, csr, keep_entries, take_rows, transpose
from graphrec.kernels.types import Matrix
from graphrec.serving.tables import ItemTables, NeighbourLeg


@dataclass(frozen=True)
class Before:
    """The tables of a model, whose items have other numbers now.

    Attributes:
        tables: as they were.
        catalogue: the items as they are numbered now, all of the tables' that anybody still has
            among them.
        likely: (user, likely: array<int>, as the items were numbered), what self-training has added
            to the histories of those of whom nothing is new; None: it has not.
        changed: (user), the others.
    """

    tables: ItemTables
    catalogue: Catalogue
    likely: DataFrame | None
    changed: DataFrame

    @cached_property
    def old_index(self) -> npt.NDArray[np.int64]:
        """(items,), the number that each item had, -1 for a new one."""
        known = self.tables.catalogue.ids.cast(self.catalogue.ids.type)
        found = pc.fill_null(pc.index_in(self.catalogue.ids, value_set=known), -1)
        return np.asarray(found.to_numpy(zero_copy_only=False)).astype(np.int64)

    @cached_property
    def touched(self) -> npt.NDArray[np.bool_]:
        """(items,), which items are new, or others have than before."""
        old_support = np.append(self.tables.catalogue.support, -1)
        touched: npt.NDArray[np.bool_] = old_support[self.old_index] != self.catalogue.support
        return touched

    @property
    def likely_now(self) -> DataFrame | None:
        """`likely` as items are numbered now."""
        if self.likely is None:
            return None
        known = self.old_index >= 0
        numbers = pa.table(
            {
                LIKELY: self.old_index[known].astype(np.int32),
                INDEX: np.flatnonzero(known).astype(np.int32),
            }
        )
        renumbered = self.likely.sparkSession.createDataFrame(numbers)
        single = self.likely.select(USER, F.explode(LIKELY).alias(LIKELY))
        gathered = single.join(F.broadcast(renumbered), LIKELY).groupBy(USER)
        return gathered.agg(F.sort_array(F.collect_list(INDEX)).alias(LIKELY))

    def vectors(self, leg: str) -> Matrix | None:
        """The vectors of a factor leg, (items, rank), 0 for new items; None without such a leg."""
        for own in self.tables.factor_legs:
            if own.name == leg:
                vectors = own.factors.vector[self.old_index]
                vectors[self.old_index < 0] = 0.0
                return vectors
        return None

    @cached_property
    def neighbour_legs(self) -> Mapping[str, NeighbourLeg]:
        """The weights of each neighbour leg, none for new items."""
        return {leg: self._neighbour_leg(leg) for leg in self.tables.neighbour_names}

    def _neighbour_leg(self, leg: str) -> NeighbourLeg:
        column = self.tables.neighbour_names.index(leg)
        whole = self.tables.neighbours
        weight = np.ascontiguousarray(whole.data[:, column])
        # the legs share one table, where a leg has 0 for what only others have
        own = keep_entries(csr(whole.indptr, whole.indices, weight), weight != 0.0)
        divided = bool(self.tables.divide_by_strength[column])
        return NeighbourLeg(leg, self._renumbered(own), divided)

    def _renumbered(self, matrix: CSR) -> CSR:
        """Rows and columns as they are numbered now; the columns of a row ascend."""
        items, old_items = self.catalogue.size, self.tables.catalogue.size
        is_known = self.old_index >= 0
        empty = csr(np.append(matrix.indptr, matrix.indptr[-1]), matrix.indices, matrix.data)
        rows = take_rows(empty, np.where(is_known, self.old_index, old_items))
        new_index = np.full(old_items, -1, np.int32)
        new_index[self.old_index[is_known]] = np.flatnonzero(is_known)
        columns = new_index[rows.indices]
        rows = keep_entries(csr(rows.indptr, columns, rows.data), columns >= 0)
        return transpose(transpose(rows, items), items)
