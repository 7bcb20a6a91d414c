"""What share of the users would have a new item, against a regression by hand."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy import sparse

from graphrec.data.catalogue import Catalogue
from graphrec.data.item_features import ItemFeatures
from graphrec.recommenders.content.completion import Completion
from graphrec.serving.tables import ItemTables

SUPPORT = np.array([9, 6, 3, 2])
GROUP = np.array([0, 0, 1, 1, 0, 1])  # the last two are new, and so is one without a group
REG_PARAM = 0.5


def test_a_new_item_is_expected_to_be_as_popular_as_its_group() -> None:
    known = ItemTables.from_legs(Catalogue(pa.array(list("abcd")), SUPPORT), 10, [], None)
    groups = np.eye(2, dtype=np.float32)[GROUP]
    matrix = sparse.csr_array(np.concatenate((groups, np.zeros((1, 2), np.float32))))
    features = ItemFeatures(matrix, ("x", "y"), np.zeros(2, np.int32), {"group": "category"}, {})
    completed = Completion(REG_PARAM, 3, 2.0).complete(known, pa.array(list("efg")), features)

    popularity = SUPPORT / 10
    centred = groups[:4] - groups[:4].mean(axis=0)
    slopes = np.linalg.solve(
        centred.T @ centred + REG_PARAM * np.eye(2), centred.T @ (popularity - popularity.mean())
    )
    regression = popularity.mean() + (groups[4:] - groups[:4].mean(axis=0)) @ slopes
    of_group = [popularity[:2].mean(), popularity[2:].mean()]
    expected = [*popularity, *((regression + of_group) / 2), 0.0]
    fallback = completed.fallback
    assert fallback is not None
    assert fallback.score == pytest.approx(expected, rel=1e-5)
    assert fallback.order.tolist() == [0, 4, 1, 2, 5, 3, 6]
