"""Weights of items that tend to come later are raised."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from graphrec.cooccurrence.order import weigh_by_order
from graphrec.cooccurrence.table import PairTable
from graphrec.errors import ParameterError
from tests.cooccurrence.brute_force import pair_table, random_histories


@pytest.fixture
def pairs() -> PairTable:
    """Every common user of a pair (i, j) had j later where i < j."""
    table = pair_table(random_histories(2, users=20, items=6, binary=True), (1.0,))
    return replace(table, after=np.where(table.row_indices < table.indices, table.together, 0))


def test_weights_rise_with_the_share_who_came_later(pairs: PairTable) -> None:
    rows = pairs.with_data(np.ones(pairs.indices.size, np.float32))
    found = weigh_by_order(rows, pairs, 2.0)
    share = (pairs.after + 1) / (pairs.together + 2)
    np.testing.assert_allclose(found.data, (2 * share) ** 2, rtol=1e-6)
    assert (found.data[pairs.row_indices < pairs.indices] > 1).all()
    assert (found.data[pairs.row_indices > pairs.indices] < 1).all()
    assert weigh_by_order(rows, pairs, 0.0) is rows


def test_a_pair_that_was_not_counted_keeps_its_weight(pairs: PairTable) -> None:
    cut = replace(
        pairs,
        indptr=np.zeros(pairs.items + 1, np.int64),
        **{name: getattr(pairs, name)[:0] for name in ("indices", "together", "after")},
    )
    rows = pairs.with_data(pairs.cosine)
    np.testing.assert_array_equal(weigh_by_order(rows, cut, 1.0).data, rows.data)


def test_without_times_it_is_refused(pairs: PairTable) -> None:
    untimed = replace(pairs, after=np.empty(0, np.int32))
    rows = pairs.with_data(pairs.cosine)
    with pytest.raises(ParameterError, match="is not known without times"):
        weigh_by_order(rows, untimed, 1.0)
