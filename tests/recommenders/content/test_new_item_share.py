"""The factor of what is predicted, on three items, and how it is found."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from graphrec.data.catalogue import Catalogue
from graphrec.kernels.csr import csr
from graphrec.recommenders.als.fold_in import SolvedFoldIn
from graphrec.recommenders.constant_fold_in import ConstantFoldIn
from graphrec.recommenders.content import new_item_share
from graphrec.recommenders.content.new_item_share import weighted
from graphrec.serving.item_factors import FoldIn, ItemFactors
from graphrec.serving.tables import FactorLeg, ItemTables

VECTORS = np.array([[1, 2], [3, 1], [2, 2]], np.float32)


def factors(fold_in: FoldIn) -> ItemFactors:
    return ItemFactors(VECTORS, np.ones(2, np.float32), fold_in)


def test_what_is_predicted_of_new_items_and_no_more_is_weighted() -> None:
    """Item 2 is new: weights towards it count, and not those from it."""
    weights = csr(
        np.array([0, 2, 3, 5]),
        np.array([1, 2, 2, 0, 1], np.int32),
        np.arange(1, 6, dtype=np.float32)[:, np.newaxis],
    )
    tables = ItemTables(
        Catalogue(pa.array(["a", "b", "c"]), np.array([2, 1, 0])),
        2,
        ("walk",),
        weights,
        np.empty(0, np.float32),
        np.array([False]),
        (
            FactorLeg("als", factors(SolvedFoldIn(0.1, 1.0))),
            FactorLeg("trend", factors(ConstantFoldIn())),
        ),
    )
    found = weighted(tables, 3.0)
    assert found.neighbours.data[:, 0].tolist() == [1, 6, 9, 4, 5]
    als, trend = (leg.factors.vector for leg in found.factor_legs)
    expected = VECTORS * [[1], [1], [3]]
    assert als @ als.T == pytest.approx(expected @ expected.T, rel=1e-5)
    assert np.array_equal(trend, VECTORS)


@pytest.mark.parametrize(("share", "factor"), [(0.5, 2.0), (0.9, 3.6), (0.01, 0.25), (1.5, 8.0)])
def test_the_factor_is_found_within_its_bounds(share: float, factor: float) -> None:
    found = new_item_share._bisected(lambda tried: min(tried / 4, 1.0), share)
    assert found == pytest.approx(factor, rel=0.01)
