"""What another policy would have earned, against a truth that is known."""

from __future__ import annotations

import numpy as np
import pytest

from graphrec.errors import EmptyInputError, InputError
from graphrec.experiments.bandits import Feedback, ThompsonSampler
from graphrec.experiments.off_policy import off_policy

RATES = np.array([0.1, 0.3, 0.2])
LOGGED = np.array([0.6, 0.1, 0.3])
TARGET = np.array([0.1, 0.8, 0.1])
TRUTH = float(RATES @ TARGET)
ROWS = 20_000


def log(seed: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    arms = draw.choice(3, ROWS, p=LOGGED)
    return arms, (draw.random(ROWS) < RATES[arms]).astype(float)


def test_every_estimate_is_within_three_errors_of_the_truth() -> None:
    wrong_model = np.array([0.2, 0.2, 0.2])
    for seed in range(20):
        arms, rewards = log(seed)
        found = off_policy(
            rewards,
            LOGGED[arms],
            TARGET[arms],
            predicted=wrong_model[arms],
            predicted_of_target=np.full(ROWS, wrong_model @ TARGET),
        )
        assert set(found.estimates) == {"ips", "snips", "dr"}
        for one in found.estimates.values():
            assert abs(one.value - TRUTH) < 3.5 * one.standard_error
        assert found.warnings == []


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    held = {"ips": 0, "snips": 0, "dr": 0}
    for seed in range(400):
        arms, rewards = log(seed)
        found = off_policy(
            rewards,
            LOGGED[arms],
            TARGET[arms],
            predicted=RATES[arms],
            predicted_of_target=np.full(ROWS, TRUTH),
        )
        for method, one in found.estimates.items():
            held[method] += one.low < TRUTH < one.high
    for count in held.values():
        assert count / 400 == pytest.approx(0.95, abs=0.035)


def test_the_right_model_makes_dr_the_surest_and_wrong_propensities_are_mended() -> None:
    arms, rewards = log(0)
    wrong = np.full(ROWS, 1 / 3)
    found = off_policy(
        rewards,
        wrong,
        TARGET[arms],
        predicted=RATES[arms],
        predicted_of_target=np.full(ROWS, TRUTH),
    ).estimates
    assert found["dr"].low < TRUTH < found["dr"].high
    assert not found["ips"].low < TRUTH < found["ips"].high


def test_the_effective_sample_and_weights_that_explode() -> None:
    arms, rewards = log(1)
    w = TARGET[arms] / LOGGED[arms]
    found = off_policy(rewards, LOGGED[arms], TARGET[arms])
    assert found.effective_rows == pytest.approx(w.sum() ** 2 / (w**2).sum())
    assert found.largest_weight == pytest.approx(8)
    rare = np.full(ROWS, 0.999)
    rare[0] = 1e-4
    exploded = off_policy(rewards, rare, np.ones(ROWS))
    assert any("one row has 33% of all weight" in line for line in exploded.warnings)
    assert any("weights explode" in line for line in exploded.warnings)
    never = off_policy(rewards, LOGGED[arms], np.zeros(ROWS))
    assert "nothing can be said" in never.warnings[0]
    biased = off_policy(rewards, np.full(ROWS, 0.5), TARGET[arms])
    assert any("instead of 1" in line for line in biased.warnings)


def test_what_a_sampler_logged_says_what_each_arm_earns() -> None:
    """The loop: a sampler explores with a floor, and its log is enough to judge other policies."""
    draw = np.random.default_rng(5)
    sampler, feedback = ThompsonSampler(floor=0.2), Feedback.none(3)
    arms, p_logged, rewards = [], [], []
    for _ in range(60):
        p = sampler.propensities(feedback, draw)
        shown = draw.choice(3, 200, p=p)
        won = draw.random(200) < RATES[shown]
        feedback = sampler.update(feedback, shown, won)
        arms.append(shown)
        p_logged.append(p[shown])
        rewards.append(won)
    chosen = np.concatenate(arms)
    assert feedback.trials.argmax() == RATES.argmax()
    for arm, rate in enumerate(RATES):
        found = off_policy(np.concatenate(rewards), np.concatenate(p_logged), chosen == arm)
        one = found.estimates["snips"]
        assert abs(one.value - rate) < 3.5 * one.standard_error


def test_a_log_that_cannot_be_used_is_refused() -> None:
    with pytest.raises(EmptyInputError, match="two rows"):
        off_policy([1.0], [1.0], [1.0])
    with pytest.raises(InputError, match=r"above 0 and at most 1; found 0 to 1"):
        off_policy([1.0, 0], [0.0, 1], [1.0, 1])
    with pytest.raises(InputError, match="of the same rows"):
        off_policy([1.0, 0], [1.0], [1.0, 1])
    with pytest.raises(InputError, match="finite"):
        off_policy([1.0, float("nan")], [1.0, 1], [1.0, 1])
    with pytest.raises(InputError, match="needs its predictions"):
        off_policy([1.0, 0], [1, 1], [1, 1], predicted=[1], predicted_of_target=[1, 1])
