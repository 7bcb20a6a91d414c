"""The entries of ragged rows, grouped by column instead."""

import numpy as np

from graphrec.kernels.jit import compiled
from graphrec.kernels.types import Indices


@compiled
def transposed(start: Indices, column: Indices, columns: int) -> tuple[Indices, Indices, Indices]:
    """Group entries by column; the rows of each column ascend. A counting sort.

    Args:
        start: (rows + 1,), the entries of row r stand at start[r]:start[r + 1].
        column: (entries,), 0 .. columns - 1.
        columns: number of columns.

    Returns:
        column start (columns + 1,), the row of each entry (entries,) int32, and where the entry
        stands in `column` (entries,) int64.
    """
    column_start = np.zeros(columns + 1, np.int64)
    for entry in range(column.size):
        column_start[column[entry] + 1] += 1
    for place in range(columns):
        column_start[place + 1] += column_start[place]
    free = column_start[:-1].copy()
    row_of = np.empty(column.size, np.int32)
    entry_of = np.empty(column.size, np.int64)
    for row in range(start.size - 1):
        for entry in range(start[row], start[row + 1]):
            place = free[column[entry]]
            row_of[place] = row
            entry_of[place] = entry
            free[column[entry]] = place + 1
    return column_start, row_of, entry_of
