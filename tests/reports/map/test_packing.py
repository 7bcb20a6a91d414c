"""Discs side by side."""

from __future__ import annotations

import numpy as np
import pytest

from graphrec.reports.map.packing import packed


@pytest.mark.parametrize(
    "radius", [[1.0], [3.0, 1.0], [1.0] * 40, [1, 9, 1, 4, 4, 2, *([0.5] * 90)]]
)
def test_no_two_overlap_and_all_stay_close(radius: list[float]) -> None:
    sizes = np.array(radius, float)
    center = packed(sizes)
    apart = np.linalg.norm(center[:, None] - center, axis=2)
    least = sizes[:, None] + sizes
    assert (apart + 1e-9 + np.eye(sizes.size) * 99 >= least).all()
    np.testing.assert_array_equal(center[sizes.argmax()], 0.0)
    reach = (np.hypot(*center.T) + sizes).max()
    assert reach <= sizes.max() + 2 * np.sqrt((sizes**2).sum())


def test_nothing_is_packed_into_nothing() -> None:
    assert packed(np.zeros(0)).shape == (0, 2)
