"""The items of each user of a batch that were shown and not taken, and what their scores count."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from graphrec.columns import DEMOTION, SHOWN
from graphrec.kernels.csr import CSR, csr
from graphrec.spark.arrow import rows_from_lists

MIN_FACTOR: Final = 1e-6  # of a score, however often its item was shown


def demoted_items(batch: pa.RecordBatch) -> CSR:
    """(users, items) factors of scores, within 0 and 1.

    Args:
        batch: of users; perhaps with `shown`: array<int> and `demotion`: array<float>, items of the
            catalogue and the factor of each.
    """
    if SHOWN in batch.schema.names:
        return rows_from_lists(batch[SHOWN], batch[DEMOTION])
    users = batch.num_rows
    return csr(np.zeros(users + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.float32))
