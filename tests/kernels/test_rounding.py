"""Rounding errors are distinguished from real differences."""

from __future__ import annotations

import pytest

from graphrec.kernels.rounding import is_rounding


@pytest.mark.parametrize(
    ("value", "scale", "expected"),
    [
        (0.3 - 0.1 - 0.2, 0.3, True),  # -2.8e-17
        (0.0, 0.0, True),
        (1e-9, 1.0, False),
        (-1e-9, 1.0, False),
        (1e-17, 1e-17, False),  # small, but all there is
        (1e6 + 0.1 - 1e6 - 0.1, -1e6, True),
    ],
)
def test_it_depends_on_what_was_computed_with(value: float, scale: float, expected: bool) -> None:
    assert is_rounding(value, scale) == expected
