"""A model before an update, from which its legs are learned on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

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
    """

    tables: ItemTables
    catalogue: Catalogue

    @cached_property
    def old_index(self) -> npt.NDArray[np.int64]:
        """(items,), the number that each item had, -1 for a new one."""
        known = self.tables.catalogue.ids.cast(self.catalogue.ids.type)
        found = pc.fill_null(pc.index_in(self.catalogue.ids, value_set=known), -1)
        return np.asarray(found.to_numpy(zero_copy_only=False)).astype(np.int64)

    def vectors(self, leg: str) -> Matrix | None:
        """The vectors of a factor leg, (items, rank), 0 for new items; None without such a leg."""
        for own in self.tables.factor_legs:
            if own.name == leg:
                vectors = own.factors.vector[self.old_index]
                vectors[self.old_index < 0] = 0.0
                return vectors
        return None

    def neighbour_leg(self, leg: str) -> NeighbourLeg | None:
        """The weights of a neighbour leg, none for new items; None without such a leg."""
        if leg not in self.tables.neighbour_names:
            return None
        column = self.tables.neighbour_names.index(leg)
        whole = self.tables.neighbours
        weights = self._renumbered(csr(whole.indptr, whole.indices, whole.data[:, column].copy()))
        return NeighbourLeg(leg, weights, bool(self.tables.divide_by_strength[column]))

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
