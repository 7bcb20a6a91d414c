"""Each row's factor is the exact solution of its normal equations."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from graphrec.kernels.csr import csr, indptr_of
from graphrec.kernels.types import read_only
from graphrec.recommenders.als.solver import FINAL_PRECISION, solve_rows
from graphrec.serving.eigenbasis import rotate
from tests.recommenders.als.normal_equations import normal_equations

Indices = npt.NDArray[np.int32]
Vector = npt.NDArray[np.floating]
Matrix = npt.NDArray[np.float32]

COLUMNS = 40
IMPLICIT = np.empty(0, np.float32)  # all targets are 1


def solved(
    rows: list[Indices],
    confidence: Vector,
    target: Vector,
    fixed: Matrix,
    unobserved: float,
    regularization: float,
) -> Matrix:
    """Factors in the basis into which `rotate` brings `fixed`."""
    rotated, eigenvalue = rotate(fixed)
    return solve_rows(
        csr(
            indptr_of(np.array([row.size for row in rows])),
            np.concatenate(rows).astype(np.int32),
            confidence,
        ),
        read_only(target),
        read_only(rotated),
        read_only(eigenvalue),
        unobserved,
        regularization,
        FINAL_PRECISION,
    )


def expected(
    row: Indices,
    confidence: Vector,
    target: Vector,
    fixed: Matrix,
    unobserved: float,
    regularization: float,
) -> npt.NDArray[np.float64]:
    """The same for one row, by the normal equations over all columns."""
    if not row.size:
        return np.zeros(fixed.shape[1])
    whole = np.zeros((3, fixed.shape[0]))
    whole[:, row] = confidence, target, np.ones(row.size)
    rotated = rotate(fixed)[0].astype(np.float64)
    return normal_equations(whole[0], whole[1], whole[2] > 0, rotated, unobserved, regularization)


@given(
    seed=st.integers(0, 10_000),
    rank=st.integers(1, 12),
    sizes=st.lists(st.integers(0, 30), min_size=1, max_size=4),
    unobserved=st.sampled_from([0.0, 0.05, 1.0]),
    regularization=st.sampled_from([0.01, 0.05, 2.0]),
    implicit=st.booleans(),
)
@example(seed=0, rank=5, sizes=[4, 5, 6], unobserved=0.05, regularization=0.05, implicit=True)
@settings(max_examples=60)
def test_rows_solve_their_normal_equations(
    seed: int,
    rank: int,
    sizes: list[int],
    unobserved: float,
    regularization: float,
    *,
    implicit: bool,
) -> None:
    rng = np.random.default_rng(seed)
    fixed = rng.normal(size=(COLUMNS, rank)).astype(np.float32)
    rows = [np.sort(rng.choice(COLUMNS, size, replace=False)).astype(np.int32) for size in sizes]
    confidence = rng.uniform(0.0, 4.0, sum(sizes)).astype(np.float32)
    confidence[rng.random(confidence.size) < 0.1] = 0.0
    target = np.ones(sum(sizes), np.float32)
    if not implicit:
        target = rng.uniform(-2.0, 5.0, sum(sizes)).astype(np.float32)
    found = solved(
        rows, confidence, target[: 0 if implicit else None], fixed, unobserved, regularization
    )
    first = 0
    for row, factor in zip(rows, found, strict=True):
        part = slice(first, first + row.size)
        first += row.size
        exact = expected(row, confidence[part], target[part], fixed, unobserved, regularization)
        np.testing.assert_allclose(factor, exact, atol=2e-3 * max(1.0, np.abs(exact).max()))


@pytest.mark.parametrize("size", [9, 10, 11, 2500, 70_000])
def test_few_entries_many_entries_and_a_hub(size: int) -> None:
    """Below the rank, at it, above it, and past what is summed at a time."""
    rng = np.random.default_rng(size)
    fixed = rng.normal(size=(80_000, 10)).astype(np.float32)
    row = np.sort(rng.choice(80_000, size, replace=False)).astype(np.int32)
    confidence = rng.uniform(0.5, 2.0, size).astype(np.float32)
    found = solved([row], confidence, IMPLICIT, fixed, 0.05, 0.05)
    exact = expected(row, confidence, np.ones(size), fixed, 0.05, 0.05)
    np.testing.assert_allclose(found[0], exact, atol=1e-4)


def test_an_entry_of_no_confidence_still_pulls_as_hard_as_an_absent_pair() -> None:
    fixed = np.array([[1.0], [1.0]], np.float32)
    entry = [np.zeros(1, np.int32)]
    found = solved(entry, np.zeros(1, np.float32), IMPLICIT, fixed, 0.5, 0.1)
    # .5·(1 - x)² + .5·x² + .1·x² is least at x = .5 / 1.1
    assert found[0, 0] == pytest.approx(0.5 / 1.1, rel=1e-4)


def test_a_row_has_the_same_bits_whatever_block_it_is_in() -> None:
    rng = np.random.default_rng(3)
    fixed = rng.normal(size=(COLUMNS, 8)).astype(np.float32)
    rows = [np.sort(rng.choice(COLUMNS, n, replace=False)).astype(np.int32) for n in range(1, 30)]
    confidence = [rng.uniform(0.1, 3.0, row.size).astype(np.float32) for row in rows]
    together = solved(rows, np.concatenate(confidence), IMPLICIT, fixed, 0.05, 0.05)
    alone = [
        solved([row], own, IMPLICIT, fixed, 0.05, 0.05)
        for row, own in zip(rows, confidence, strict=True)
    ]
    assert together.tobytes() == np.concatenate(alone).tobytes()
