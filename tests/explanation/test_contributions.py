"""The parts of a score are what the formulas say, and sum to what the kernel says."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrec.explanation.contributions import contributions
from tests.explanation.cases import A0, REGULARIZATION, one_user
from tests.recommenders.als.normal_equations import normal_equations
from tests.serving.reference import TOLERANCE, Array, Case, random_case

SEEDS = st.integers(0, 100_000)


def folded(case: Case, user: int) -> Array:
    """The user's factor by the normal equations."""
    observed = case.has[user]
    return normal_equations(
        case.weight[user],
        observed * 1.0,
        observed,
        case.item_factors.astype(np.float32).astype(float),
        A0,
        REGULARIZATION,
    )


@given(
    seed=SEEDS,
    legs=st.integers(0, 3),
    rank=st.integers(0, 6),
    second=st.integers(0, 3),
    standardise=st.booleans(),
    item=st.integers(0, 11),
)
@settings(max_examples=40)
def test_parts_sum_to_the_score_and_are_what_is_left_when_others_are_taken_away(
    *, seed: int, legs: int, rank: int, second: int, standardise: bool, item: int
) -> None:
    rank = rank if legs else rank + 1
    case = random_case(seed, legs=legs, rank=rank, second=second, standardise=standardise)
    for user in (1, 2):
        if not case.has[user].any():
            continue
        found = contributions(one_user(case, user), item)
        whole = found.parts.sum(axis=0) + found.other + found.constant
        slack = TOLERANCE * (1.0 + np.abs(found.parts).sum() + np.abs(found.constant).sum())
        np.testing.assert_allclose(whole, found.share, atol=slack)
        assert found.share.sum() == pytest.approx(found.score, abs=slack)
        assert not found.other.any()
        history = np.flatnonzero(case.has[user])
        scale = np.divide(
            found.weight,
            found.deviation,
            out=np.zeros(found.weight.size),
            where=found.deviation > 0,
        )
        for n, leg in enumerate(case.legs):
            unit = 1.0 / case.weight[user].sum() if case.divide_by_strength[n] else 1.0
            expected = scale[n] * unit * case.weight[user, history] * leg[history, item]
            np.testing.assert_allclose(found.parts[:, n], expected, rtol=1e-5, atol=1e-6)


@given(seed=SEEDS, item=st.integers(0, 11))
@settings(max_examples=30)
def test_factor_parts_are_the_terms_of_the_normal_equations(seed: int, item: int) -> None:
    """`q_j·A⁻¹·(a0 + c_i)·q_i`, each by itself, in the basis in which the factors were given."""
    case = random_case(seed, legs=0, rank=4, standardise=False).asking(decay=())
    user = 2  # has everything
    found = contributions(one_user(case, user), item)
    factors = case.item_factors.astype(np.float32).astype(float)
    system = A0 * factors.T @ factors + (factors.T * case.weight[user]) @ factors
    system += REGULARIZATION * factors.shape[0] * np.eye(4)
    expected = [
        case.request.blend[0] * factors[item] @ np.linalg.inv(system) @ ((A0 + c) * factors[i])
        for i, c in enumerate(case.weight[user])
    ]
    np.testing.assert_allclose(found.parts[:, 0], expected, rtol=1e-3, atol=1e-4)
    assert found.raw[0] == pytest.approx(folded(case, user) @ factors[item], abs=1e-3)


@given(seed=SEEDS, item=st.integers(0, 11))
@settings(max_examples=30)
def test_parts_of_a_mean_are_its_terms(seed: int, item: int) -> None:
    """`w_i·v_i·v_j / |Σ w·v|`, whatever the basis."""
    case = random_case(seed, legs=0, rank=1, second=4, standardise=False).asking(decay=())
    found = contributions(one_user(case, 2), item)
    vectors = case.factor_legs[1][1]
    weighted = case.weight[2][:, np.newaxis] * vectors
    parts = weighted @ vectors[item] / np.linalg.norm(weighted.sum(axis=0))
    expected = case.request.blend[1] * parts
    np.testing.assert_allclose(found.parts[:, 1], expected, rtol=1e-3, atol=1e-4)


def test_a_given_user_factor_is_a_part_of_its_own() -> None:
    case = random_case(5, legs=1, rank=3)
    vector = [1.0, -2.0, 0.5]
    user = one_user(case, 2, vector=pa.array([vector], pa.list_(pa.float32())))
    found = contributions(user, 4)
    assert not found.parts[:, 1].any()
    raw = user.tables.factor_legs[0].factors.vector[4] @ np.array(vector)
    assert found.raw[1] == pytest.approx(raw, abs=1e-5)
    assert found.other[1] + found.constant[1] == pytest.approx(found.share[1], abs=1e-5)
    assert found.other[0] == 0


def test_without_a_history_the_score_is_popularity() -> None:
    found = contributions(one_user(random_case(1), 0), 3)
    assert found.legs == ("popularity",)
    assert found.share.tolist() == [found.score] == [pytest.approx(9 / 12)]
    assert found.parts.shape == (0, 1)
