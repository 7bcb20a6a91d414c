"""Folding in is a sweep of ALS over the users against item factors that are rotated first."""

from __future__ import annotations

import numpy as np
import pytest

from graphrec.kernels.csr import csr
from graphrec.recommenders.als.fold_in import SolvedFoldIn
from graphrec.recommenders.embedding.fold_in import MeanFoldIn
from graphrec.serving.eigenbasis import rotate
from graphrec.serving.item_factors import FoldIn, ItemFactors
from tests.recommenders.als.normal_equations import random_feedback


def test_rotated_factors_give_the_same_scores_and_a_diagonal_gram_matrix() -> None:
    rng = np.random.default_rng(0)
    items = rng.normal(size=(50, 8)).astype(np.float32)
    rotated, eigenvalue = rotate(items)
    gram = rotated.T.astype(float) @ rotated
    np.testing.assert_allclose(gram, np.diag(eigenvalue), atol=1e-4)
    np.testing.assert_allclose(rotated @ rotated.T, items @ items.T, atol=1e-4)  # all products


def test_each_direction_has_the_sign_of_its_largest_entry() -> None:
    """Otherwise LAPACK may give one or the other, and equal input other bits."""
    rng = np.random.default_rng(1)
    basis = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    stretched = np.diag(np.arange(1.0, 9.0)) @ basis.T  # its Gram matrix has this eigenbasis
    rotated, _ = rotate(stretched.astype(np.float32))
    turned = stretched.T @ rotated / (rotated**2).sum(axis=0)
    largest = np.abs(turned).argmax(axis=0)
    assert np.all(turned[largest, np.arange(8)] > 0)


@pytest.mark.parametrize("missing", [1, 5])
def test_directions_that_no_item_uses_do_no_harm(missing: int) -> None:
    rng = np.random.default_rng(2)
    items = rng.normal(size=(20, 8)).astype(np.float32)
    items[:, :missing] = 0.0
    rotated, eigenvalue = rotate(items)
    assert np.all(eigenvalue >= 0)
    np.testing.assert_allclose(eigenvalue[:missing], 0.0, atol=1e-4)
    np.testing.assert_allclose(rotated @ rotated.T, items @ items.T, atol=1e-4)


def test_folded_users_are_those_of_an_exact_sweep() -> None:
    feedback = random_feedback(4)
    vector, eigenvalue = rotate(np.random.default_rng(5).normal(size=(25, 6)).astype(np.float32))
    fold_in = SolvedFoldIn(feedback.unobserved, feedback.regularization)
    factors = ItemFactors(vector, eigenvalue, fold_in)
    assert factors.rank == 6
    start = np.concatenate(([0], np.cumsum(feedback.has.sum(axis=1))))
    user, item = np.nonzero(feedback.has)
    confidence = feedback.confidence[user, item].astype(np.float32)
    users = factors.users(csr(start, item.astype(np.int32), confidence))
    expected = feedback.users_given(vector.astype(np.float64))
    np.testing.assert_allclose(users, expected, atol=1e-4)


def test_users_are_directions_of_weighted_means() -> None:
    rng = np.random.default_rng(6)
    vector, eigenvalue = rotate(rng.normal(size=(9, 4)).astype(np.float32))
    weight = (rng.random((5, 9)) < 0.5) * rng.uniform(0.5, 2.0, (5, 9)).astype(np.float32)
    user, item = np.nonzero(weight)
    start = np.concatenate(([0], np.cumsum((weight > 0).sum(axis=1))))
    factors = ItemFactors(vector, eigenvalue, MeanFoldIn())
    users = factors.users(csr(start, item.astype(np.int32), weight[user, item]))
    means = weight @ vector
    expected = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-30)
    np.testing.assert_allclose(users, expected, atol=1e-5)


@pytest.mark.parametrize("fold_in", [SolvedFoldIn(0.05, 0.05), MeanFoldIn()])
def test_an_empty_history_folds_into_nothing(fold_in: FoldIn) -> None:
    vector, eigenvalue = rotate(np.eye(3, dtype=np.float32))
    nothing = csr(np.zeros(2, np.int64), np.empty(0, np.int32), np.empty(0, np.float32))
    nobody = ItemFactors(vector, eigenvalue, fold_in).users(nothing)
    np.testing.assert_array_equal(nobody, np.zeros((1, 3)))
