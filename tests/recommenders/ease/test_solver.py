"""The regression equals EASE in closed form, and its pruned form equals brute force."""

from __future__ import annotations

import numpy as np
import pytest
from pyspark.sql import SparkSession

from graphrec.cooccurrence.table import PairTable
from graphrec.kernels.types import read_only
from graphrec.recommenders.ease.solver import regress_targets, ridge_weights
from tests.cooccurrence.brute_force import (
    Histories,
    Mask,
    Matrix,
    dense,
    pair_table,
    random_histories,
)


@pytest.fixture(scope="module")
def histories() -> Histories:
    return random_histories(6, users=80, items=25, binary=True)


def regressed(
    table: PairTable, exponent: float, neighbours: int, regularization: float, denoising: float
) -> Matrix:
    """Weights (history item, target) of all targets, without Spark."""
    rescale = 1.0 / table.mean_scale[exponent]
    weights = regress_targets(
        read_only(np.arange(table.items, dtype=np.int32)),
        table.with_data((table.sums[exponent] * rescale).astype(np.float32)),
        read_only((table.own[exponent] * rescale).astype(np.float32)),
        read_only(table.cosine),
        neighbours,
        regularization,
        denoising,
    )
    return dense(weights).T


def brute_force(
    gram: Matrix,
    cosine: Matrix,
    kept: Mask,
    neighbours: int,
    regularization: float,
    denoising: float,
) -> Matrix:
    """Target by target with NumPy's solver, (history item, target).

    The penalty is doubled until the system is sound: definite, and within the bound of the penalty
    that every uncut system keeps.
    """
    items = gram.shape[0]
    pruned = np.where(kept | kept.T, gram, 0.0)
    np.fill_diagonal(pruned, np.diag(gram))
    penalty = denoising * np.diag(gram) + regularization
    weights = np.zeros((items, items))
    for target in range(items):
        ranked = np.argsort(-np.where(kept[target], cosine[target], -1.0), kind="stable")
        chosen = np.sort(ranked[: min(neighbours, kept[target].sum())])
        for factor in 2.0 ** np.arange(20):
            added = factor * penalty[chosen]
            system = pruned[np.ix_(chosen, chosen)] + np.diag(added)
            weight = np.linalg.solve(system, gram[target, chosen])
            bounded = 2 * added @ weight**2 <= 1.001 * gram[target, target]
            if bounded and (not chosen.size or np.linalg.eigvalsh(system).min() > 0):
                break
        weights[chosen, target] = weight
    return weights


def test_with_all_neighbours_it_is_ease(spark: SparkSession, histories: Histories) -> None:
    """EASE: `B = I - P·diag(1 / P_jj)` with `P = (RᵀR + λI)⁻¹` (Steck, 2019, equation 8)."""
    inverse = np.linalg.inv(histories.weight.T @ histories.weight + 20.0 * np.eye(25))
    ease = -inverse / np.diag(inverse)
    np.fill_diagonal(ease, 0.0)
    table = pair_table(histories, (0.0, 1.0))
    rows = ridge_weights(
        spark, table, user_exponent=0.0, neighbours=25, regularization=20.0, denoising=0.0
    )
    np.testing.assert_allclose(dense(rows), ease, atol=1e-5)
    assert np.all(np.diff(rows.indptr) > 0)
    assert all(np.all(np.diff(row) > 0) for row in np.split(rows.indices, rows.indptr[1:-1]))


def test_long_histories_count_less_and_the_diagonal_is_denoised(
    spark: SparkSession, histories: Histories
) -> None:
    gram = histories.gram(0.5) / histories.mean_scale(0.5)
    everything = (histories.together() > 0) & ~np.eye(25, dtype=bool)
    expected = brute_force(gram, histories.cosine(), everything, 8, 50.0, 0.5)
    rows = ridge_weights(
        spark,
        pair_table(histories, (0.5, 1.0)),
        user_exponent=0.5,
        neighbours=8,
        regularization=50.0,
        denoising=0.5,
    )
    np.testing.assert_allclose(dense(rows), expected, atol=1e-5)
    assert np.all((dense(rows) != 0).sum(axis=0) <= 8)


def test_some_targets_alone_get_the_weights_that_they_get_among_all(
    spark: SparkSession, histories: Histories
) -> None:
    table = pair_table(histories, (0.5, 1.0))
    only = np.arange(25) % 3 == 0
    whole, some = (ridge_weights(spark, table, only=which) for which in (None, only))
    np.testing.assert_array_equal(dense(some), np.where(only, dense(whole), 0.0))


def test_the_driver_and_blocks_give_the_same_bits(
    spark: SparkSession, histories: Histories
) -> None:
    """Which of them computes depends on the cluster; the lists must not."""
    table = pair_table(histories, (0.5, 1.0))
    here, dealt = (ridge_weights(spark, table, block_entries=n) for n in (10_000, 1))
    for one, other in zip(here, dealt, strict=True):
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("exponent", [0.0, 0.5])
@pytest.mark.parametrize("denoising", [0.0, 0.5, 1.0])
def test_it_equals_brute_force_on_a_cut_table(
    histories: Histories, exponent: float, denoising: float
) -> None:
    cosine = histories.cosine()
    ranked = np.argsort(np.argsort(-cosine + np.eye(25), axis=1, kind="stable"), axis=1)
    kept = (ranked < 6) & (histories.together() > 0) & ~np.eye(25, dtype=bool)
    assert np.any(kept != kept.T)
    table = pair_table(histories, (exponent, 1.0), keep=kept)
    gram = histories.gram(exponent) / histories.mean_scale(exponent)
    expected = brute_force(gram, cosine, kept, 5, 5.0, denoising)
    found = regressed(table, exponent, 5, 5.0, denoising)
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_a_system_that_pruning_made_indefinite_is_regularised_until_it_is_sound() -> None:
    """0, 1 and 2 are had by the same users, but the table lacks the pair (0, 2)."""
    has = np.zeros((12, 4))
    has[:10, :3] = 1.0
    has[5:, 3] = 1.0
    histories = Histories(has > 0, has, has)
    kept = ~np.eye(4, dtype=bool)
    kept[0, 2] = kept[2, 0] = False
    gram = np.where(kept | np.eye(4, dtype=bool), histories.gram(0.0), 0.0)
    assert np.linalg.eigvalsh(gram[:3, :3] + 0.1 * np.eye(3)).min() < 0
    expected = brute_force(gram, histories.cosine(), kept, 3, 0.1, 0.0)
    found = regressed(pair_table(histories, (0.0, 1.0), keep=kept), 0.0, 3, 0.1, 0.0)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert np.abs(found).max() < 3.0


def test_an_item_without_neighbours_has_no_weights() -> None:
    has = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    found = regressed(pair_table(Histories(has > 0, has, has), (0.0, 1.0)), 0.0, 5, 1.0, 0.0)
    expected = np.array([[0, 2 / 3, 0], [2 / 3, 0, 0], [0, 0, 0]])
    np.testing.assert_allclose(found, expected, rtol=1e-6)
