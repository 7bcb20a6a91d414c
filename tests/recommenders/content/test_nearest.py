"""The nearest items, against a sort of all cosines."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from graphrec.recommenders.content import nearest as module
from graphrec.recommenders.content.nearest import nearest


def test_the_nearest_are_those_of_the_largest_cosines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 7)  # so that there are several
    rng = np.random.default_rng(0)
    dense = rng.random((30, 12)) * (rng.random((30, 12)) < 0.3)
    dense[4] = dense[3]  # equal cosines
    dense[29] = 0.0  # nothing is known of it
    items = np.array([0, 3, 25, 26, 29])
    found = nearest(sparse.csr_array(dense), items, 20, 5)
    length = np.linalg.norm(dense, axis=1)
    for row, item in enumerate(items):
        cosine = dense[:20] @ dense[item] / np.maximum(length[:20] * length[item], 1e-12)
        cosine[item:20] = np.where(np.arange(item, 20) == item, 0.0, cosine[item:20])
        order = np.argsort(-cosine.round(12), kind="stable")[:5]
        assert found.items[row].tolist() == order.tolist()
        assert found.similarity[row] == pytest.approx(cosine[order])


def test_weights_are_those_of_an_average() -> None:
    """The similarity to the power of 5 times the root of the support."""
    found = module.Nearest(np.array([[0, 2], [1, 0]], np.int32), np.array([[0.8, 0.4], [0, 0]]))
    weights = found.weights(np.array([4, 9, 1]), 3)
    near, far = 0.8**5 * 2, 0.4**5 * 1
    expected = np.array([[near, 0, far], [0, 0, 0]]) / (near + far)
    assert weights.toarray() == pytest.approx(expected)
