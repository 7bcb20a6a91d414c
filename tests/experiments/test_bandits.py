"""Exploration: what is good is found, probabilities are what happens, and drift is followed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from graphrec.errors import InputError, ParameterError
from graphrec.experiments.bandits import (
    EpsilonGreedy,
    Feedback,
    Policy,
    ThompsonSampler,
    UpperConfidenceBound,
    choose,
    cluster_priors,
    pooled_prior,
    propensities,
)

RATES = np.array([0.10] + [0.05] * 9)


def regret(policy: Policy, batch: int, steps: int = 10_000, seed: int = 0) -> float:
    """Clicks that were missed, with feedback that comes in batches."""
    random = np.random.default_rng(seed)
    feedback, missed = Feedback.none(len(RATES)), 0.0
    for _ in range(steps // batch):
        p = policy.propensities(feedback, random)
        arms = random.choice(len(RATES), batch, p=p)
        feedback = feedback.updated(arms, random.random(batch) < RATES[arms])
        missed += float((RATES.max() - RATES[arms]).sum())
    return missed


@pytest.mark.parametrize(
    "policy",
    [ThompsonSampler(floor=0.0), UpperConfidenceBound(floor=0.0), EpsilonGreedy(0.1)],
    ids=lambda policy: type(policy).__name__,
)
def test_much_less_is_missed_than_by_chance(policy: Policy) -> None:
    """By chance it is 10,000 · 9/10 · .05 = 450."""
    missed = np.mean([regret(policy, 100, seed=seed) for seed in range(3)])
    assert missed < 0.75 * 450


def test_thompson_misses_as_little_as_was_measured() -> None:
    """118 for batches of 1,000, over many runs."""
    missed = np.mean([regret(ThompsonSampler(floor=0.0), 1000, seed=seed) for seed in range(30)])
    assert missed == pytest.approx(118, rel=0.25)


def test_a_propensity_is_how_often_it_happens() -> None:
    feedback = Feedback(np.array([5.0, 8, 0]), np.array([50.0, 50, 0]))
    sampler = ThompsonSampler(2.0, 20.0, floor=0.3)
    random = np.random.default_rng(1)
    p = sampler.propensities(feedback, random)
    assert p.sum() == pytest.approx(1)
    assert (p >= 0.3 / 3).all()
    theirs = np.stack(
        [
            stats.beta(a, b).rvs(20_000, random_state=seed)
            for seed, (a, b) in enumerate(((7, 65), (10, 62), (2, 20)))
        ]
    )
    best = np.bincount(theirs.argmax(axis=0), minlength=3) / 20_000
    assert p == pytest.approx(0.7 * best + 0.1, abs=0.03)
    drawn = [choose(EpsilonGreedy(0.5), feedback, random) for _ in range(300)]
    assert {round(one.propensity, 4) for one in drawn} <= {round(0.5 + 0.5 / 3, 4), 0.1667}


def test_what_drifts_is_followed_by_forgetting() -> None:
    """The best arm becomes the worst."""

    def late_clicks(sampler: ThompsonSampler) -> int:
        random = np.random.default_rng(3)
        feedback, clicks = Feedback.none(2), 0
        for step in range(60):
            rates = np.array([0.5, 0.2] if step < 40 else [0.1, 0.2])
            arms = random.choice(2, 100, p=sampler.propensities(feedback, random))
            won = random.random(100) < rates[arms]
            feedback = sampler.update(feedback, arms, won)
            clicks += int(won.sum()) if step >= 40 else 0
        return clicks

    assert late_clicks(ThompsonSampler(discount=0.998)) > 1.2 * late_clicks(ThompsonSampler())


def test_feedback_that_comes_in_parts_is_the_same() -> None:
    arms, rewards = [0, 1, 1, 2], [1, 0, 1, 0.5]
    whole = Feedback.none(3).updated(arms, rewards, discount=0.9)
    parts = Feedback.none(3).updated(arms[:2], rewards[:2]).updated(arms[2:], rewards[2:])
    assert list(parts.successes) == [1, 1, 0.5]
    assert list(parts.trials) == list(whole.trials) == [1, 2, 1]
    later = whole.updated([0], [0], discount=0.9)
    assert later.trials == pytest.approx([1.9, 1.8, 0.9])


def test_a_pooled_prior_is_what_rates_were_drawn_from() -> None:
    random = np.random.default_rng(4)
    shown = random.integers(50, 500, 3000)
    wins = random.binomial(shown, random.beta(3, 57, 3000))
    prior = pooled_prior(wins, shown)
    assert prior.alpha == pytest.approx(3, rel=0.15)
    assert prior.beta == pytest.approx(57, rel=0.15)
    alike = pooled_prior(random.binomial(100, 0.1, 50), np.full(50, 100))
    assert alike.alpha / sum(alike) == pytest.approx(0.1, abs=0.01)
    assert sum(alike) > 300  # nothing but chance tells these arms apart


def test_an_arm_begins_with_what_is_usual_in_its_cluster() -> None:
    feedback = Feedback(
        np.array([40.0, 50, 0, 5, 6, 0, 0]), np.array([100.0, 100, 0, 100, 100, 0, 0])
    )
    priors = cluster_priors(feedback, ["drama"] * 3 + ["war"] * 3 + ["opera"])
    rates = priors[:, 0] / priors.sum(axis=1)
    assert rates[:3] == pytest.approx(91 / 202)
    assert rates[3:6] == pytest.approx(12 / 202)
    assert rates[6] == pytest.approx(102 / 402)
    values = ThompsonSampler(prior=priors).values(feedback, np.random.default_rng(0))
    assert values[:, 2].mean() > 3 * values[:, 5].mean()


def test_clicks_of_what_was_not_logged_are_no_success() -> None:
    feedback = Feedback(np.array([30.0, 5]), np.array([0.0, 10]))
    assert list(feedback.won) == [0, 5]
    assert list(EpsilonGreedy(0.0).propensities(feedback, np.random.default_rng(0))) == [0.5, 0.5]


def test_the_upper_bound_is_where_the_likelihood_falls_off() -> None:
    feedback = Feedback(np.array([10.0, 0, 0]), np.array([100.0, 0, 10]))
    bounds = UpperConfidenceBound().bounds(feedback)
    assert bounds[1] == 1.0
    assert bounds[0] > 0.1
    kl = 0.1 * np.log(0.1 / bounds[0]) + 0.9 * np.log(0.9 / (1 - bounds[0]))
    assert 100 * kl == pytest.approx(np.log(110), rel=1e-6)
    assert 10 * -np.log(1 - bounds[2]) == pytest.approx(np.log(110), rel=1e-6)


def test_what_was_counted_may_come_in_any_order() -> None:
    """A click that comes in a later batch than its impression is a success of it all the same."""
    counted = Feedback.none(2).counted([0, 0], [2, 1]).counted([1, 0], [0, 0], discount=0.5)
    assert (list(counted.successes), list(counted.trials)) == ([1, 0], [2, 1])
    assert Feedback.none(2).prior() == (1.0, 1.0)
    prior = Feedback(np.array([9.0, 0]), np.array([5.0, 0])).prior()  # more clicks than were shown
    assert prior.alpha / sum(prior) == pytest.approx(6 / 7)


def test_equal_values_share_what_they_win() -> None:
    values = np.array([[[1.0, 1, 0, 9], [0, 2, 1, 9]]])
    there = np.array([[True, True, True, False]])
    assert propensities(values, 0.3, there)[0] == pytest.approx([0.275, 0.625, 0.1, 0])


def test_what_is_out_of_range_is_refused() -> None:
    with pytest.raises(ParameterError, match="priorAlpha"):
        ThompsonSampler(priorAlpha=0)
    with pytest.raises(ParameterError, match="discount"):
        ThompsonSampler(discount=0)
    with pytest.raises(ParameterError, match="floor"):
        EpsilonGreedy(1.5)
    with pytest.raises(InputError, match="between 0 and 1"):
        Feedback.none(2).updated([0], [2])
    with pytest.raises(InputError, match="2 arms"):
        Feedback.none(2).updated([2], [1])
    with pytest.raises(InputError, match="7 successes of 4"):
        pooled_prior([7], [4])
