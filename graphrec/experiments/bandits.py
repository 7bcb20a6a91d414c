"""Exploration: which item to show where one does not know yet, with its probability logged.

A policy is asked for probabilities, not for an item: the item is drawn by them, and the probability
goes into the log. Without it no other policy could be judged by the log (`off_policy`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from scipy import special

from graphrec.errors import InputError, ParameterError
from graphrec.experiments.moments import Array

_MOST: Final = 1e6  # of the strength of a prior: arms whose rates do not differ at all
_DRAWS: Final = 2000  # by which the probability of being the best is known to about a hundredth


class Choice(NamedTuple):
    """What was chosen, and how.

    Attributes:
        arm: its number.
        propensity: the probability with which it was chosen, at least the floor.
    """

    arm: int
    propensity: float


class Prior(NamedTuple):
    """A Beta distribution of the rates of arms.

    Attributes:
        alpha: successes that an arm begins with, above 0.
        beta: failures that it begins with, above 0.
    """

    alpha: float
    beta: float


UNIFORM: Final = Prior(1.0, 1.0)  # every rate is as likely as any other


def pooled_prior(successes: npt.ArrayLike, trials: npt.ArrayLike) -> Prior:
    """Return the Beta prior of which arms' rates look drawn (empirical Bayes, by moments).

    Its mean is the pooled rate; its strength is what the rates differ beyond chance. An arm that
    was never shown then begins at what is usual, not at one half.

    Args:
        successes: of each arm, or of each arm of a cluster of items.
        trials: of each.

    Raises:
        InputError: more successes than trials, a negative number, or no trial at all.
    """
    wins, shown = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    if (wins < 0).any() or (wins > shown).any() or not shown.sum() > 0:
        raise InputError(
            "a prior needs trials, of which some succeeded",
            found=f"{wins.sum():g} successes of {shown.sum():g}",
        )
    known = shown > 0
    wins, shown = wins[known], shown[known]
    # One success and one failure of all arms together keep a rate of 0 or 1 from being certain.
    rate = (wins.sum() + 1) / (shown.sum() + 2)
    spread = float(np.average((wins / shown - rate) ** 2, weights=shown))
    noise = float(rate * (1 - rate) * len(shown) / shown.sum())
    between = max(spread - noise, rate * (1 - rate) / _MOST)
    strength = max(rate * (1 - rate) / between - 1, 1.0)
    return Prior(float(rate * strength), float((1 - rate) * strength))


@dataclass(frozen=True)
class Feedback:
    """What arms have earned, possibly forgotten in part.

    Attributes:
        successes: of each arm.
        trials: of each.
    """

    successes: Array
    trials: Array

    @classmethod
    def none(cls, arms: int) -> Self:
        """Nothing is known of any arm.

        Raises:
            ParameterError: fewer than one arm.
        """
        if arms < 1:
            raise ParameterError("there must be an arm to choose", found=str(arms))
        return cls(np.zeros(arms), np.zeros(arms))

    def updated(
        self, arms: npt.ArrayLike, rewards: npt.ArrayLike, *, discount: float = 1.0
    ) -> Feedback:
        """Add a batch of outcomes, however late they come.

        Args:
            arms: the numbers of what was shown.
            rewards: of each, 0 or 1, or anything between.
            discount: by which all that was known is multiplied for each outcome that is added; 1
                forgets nothing.

        Raises:
            InputError: a reward is not in [0, 1], or an arm is not there.
        """
        chosen = np.asarray(arms, dtype=np.int64)
        earned = np.asarray(rewards, dtype=float)
        if not ((earned >= 0) & (earned <= 1)).all():
            raise InputError("rewards must lie between 0 and 1", found=f"{earned.tolist()[:5]}")
        size = len(self.trials)
        if ((chosen < 0) | (chosen >= size)).any():
            raise InputError(f"there are {size} arms, from 0", found=f"{chosen.tolist()[:5]}")
        return self.counted(
            np.bincount(chosen, earned, size),
            np.bincount(chosen, minlength=size),
            discount=discount,
        )

    def counted(
        self, successes: npt.ArrayLike, trials: npt.ArrayLike, *, discount: float = 1.0
    ) -> Feedback:
        """Add what was counted of each arm; a success may come in a later batch than its trial.

        Args:
            successes: of each arm.
            trials: of each.
            discount: see `updated`.
        """
        more, shown = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
        kept = discount ** shown.sum()
        return Feedback(self.successes * kept + more, self.trials * kept + shown)

    @property
    def won(self) -> Array:
        """Successes, of which no arm has more than trials: some may be of what was not logged."""
        return np.minimum(self.successes, self.trials)

    def of_size(self, arms: int) -> Feedback:
        """The same with more arms, of which nothing is known yet."""
        more = (0, arms - len(self.trials))
        return Feedback(np.pad(self.successes, more), np.pad(self.trials, more))

    def prior(self) -> Prior:
        """The prior that all arms together give; a uniform one before the first trial."""
        if not self.trials.any():
            return UNIFORM
        return pooled_prior(self.won, self.trials)


def cluster_priors(feedback: Feedback, clusters: npt.ArrayLike) -> Array:
    """Return a prior for each arm: that of its cluster, (arms, 2), as `ThompsonSampler` takes it.

    Args:
        feedback: of the arms.
        clusters: (arms,), a name or number for each arm, such as a genre; where nothing of it was
            ever shown, the prior is that of all arms.
    """
    _, of_arm = np.unique(np.asarray(clusters), return_inverse=True)
    priors = np.tile(np.array(feedback.prior()), (len(of_arm), 1))
    for cluster in range(int(of_arm.max()) + 1):
        own = of_arm == cluster
        if feedback.trials[own].any():
            priors[own] = Feedback(feedback.successes[own], feedback.trials[own]).prior()
    return priors


@dataclass(frozen=True)
class ThompsonSampler:
    """Show an arm as often as it is likely to be the best one (Thompson 1933).

    Rates are drawn from Beta(priorAlpha + successes, priorBeta + failures) by NumPy's generator,
    and the arm of the largest wins. (A squared Gaussian, as some tutorials have it, is no Beta.)

    Attributes:
        priorAlpha: of the prior of all arms, see `pooled_prior`.
        priorBeta: of it.
        discount: see `Feedback.updated`; below 1 for tastes that drift.
        floor: the least probability of any arm, as a share of equal ones (0 to 1): no log can say
            anything of an arm that is never shown.
        prior: a prior for each arm, such as that of its cluster, (arms, 2); None: the same for all.
    """

    priorAlpha: float = 1.0
    priorBeta: float = 1.0
    discount: float = 1.0
    floor: float = 0.05
    prior: Array | None = None

    def __post_init__(self) -> None:
        _check_positive("priorAlpha", self.priorAlpha)
        _check_positive("priorBeta", self.priorBeta)
        _check_discount(self.discount)
        _check_floor(self.floor)

    def update(self, feedback: Feedback, arms: npt.ArrayLike, rewards: npt.ArrayLike) -> Feedback:
        """Add a batch of outcomes, forgetting as `discount` says."""
        return feedback.updated(arms, rewards, discount=self.discount)

    def propensities(self, feedback: Feedback, random: np.random.Generator) -> Array:
        """Return the probability of each arm, by many draws of all rates.

        Args:
            feedback: so far.
            random: draws.
        """
        return propensities(self.values(feedback, random), self.floor)

    def values(self, feedback: Feedback, random: np.random.Generator, draws: int = _DRAWS) -> Array:
        """Return rates that are drawn, (draws, arms): what the arms are compared by."""
        return random.beta(*self._posterior(feedback), size=(draws, len(feedback.trials)))

    def with_prior(self, prior: Prior) -> ThompsonSampler:
        """Return the same sampler with another prior for all arms."""
        return replace(self, priorAlpha=prior.alpha, priorBeta=prior.beta, prior=None)

    def _posterior(self, feedback: Feedback) -> tuple[Array, Array]:
        alpha, beta = self.priorAlpha, self.priorBeta
        own = np.array([alpha, beta]) if self.prior is None else self.prior
        return own[..., 0] + feedback.won, own[..., 1] + feedback.trials - feedback.won


@dataclass(frozen=True)
class EpsilonGreedy:
    """Show the best arm so far, and any arm with a probability of epsilon.

    Attributes:
        epsilon: in [0, 1].
        prior: successes and failures that each arm begins with.
        discount: as in `ThompsonSampler`.
    """

    epsilon: float = 0.1
    prior: Prior = UNIFORM
    discount: float = 1.0

    def __post_init__(self) -> None:
        _check_floor(self.epsilon)
        _check_discount(self.discount)

    @property
    def floor(self) -> float:
        """As in `ThompsonSampler`."""
        return self.epsilon

    def propensities(self, feedback: Feedback, random: np.random.Generator) -> Array:
        """Return the probability of each arm; equally good ones have the same."""
        return propensities(self.values(feedback, random), self.epsilon)

    def values(self, feedback: Feedback, _: np.random.Generator, __: int = 1) -> Array:
        """Return the rate of each arm, (1, arms); feedback may be of several sets of arms."""
        rates = (self.prior.alpha + feedback.won) / (sum(self.prior) + feedback.trials)
        return np.asarray(rates[..., None, :])

    def with_prior(self, prior: Prior) -> EpsilonGreedy:
        """Return the same policy with another prior."""
        return replace(self, prior=prior)


@dataclass(frozen=True)
class UpperConfidenceBound:
    """Show the arm whose rate may be the largest, by KL-UCB (Garivier and Cappé 2011).

    The bound is the largest rate q with trials · KL(rate, q) <= ln(all trials): with few trials it
    is far above the rate.

    Attributes:
        floor: as in `ThompsonSampler`.
        discount: as in `ThompsonSampler`.
    """

    floor: float = 0.05
    discount: float = 1.0

    def __post_init__(self) -> None:
        _check_floor(self.floor)
        _check_discount(self.discount)

    def propensities(self, feedback: Feedback, random: np.random.Generator) -> Array:
        """Return the probability of each arm; those of equal bounds have the same."""
        return propensities(self.values(feedback, random), self.floor)

    def values(self, feedback: Feedback, _: np.random.Generator, __: int = 1) -> Array:
        """Return the bound of each arm, (1, arms); feedback may be of several sets of arms."""
        return self.bounds(feedback)[..., None, :]

    def with_prior(self, _: Prior) -> UpperConfidenceBound:
        """Return the same policy: bounds have no prior."""
        return self

    def bounds(self, feedback: Feedback) -> Array:
        """Return the largest rate that each arm may have; 1 of an arm that was never shown."""
        trials = np.maximum(feedback.trials, 1e-12)
        rate = np.clip(feedback.won / trials, 0, 1)
        room = np.log(np.maximum(feedback.trials.sum(axis=-1, keepdims=True), 1.0)) / trials
        low, high = rate.copy(), np.ones_like(rate)
        for _ in range(40):  # halvings: to twelve digits
            middle = (low + high) / 2
            cost = special.rel_entr(rate, middle) + special.rel_entr(1 - rate, 1 - middle)
            low = np.where(cost <= room, middle, low)
            high = np.where(cost <= room, high, middle)
        return np.where(feedback.trials > 0, low, 1.0)


Policy = ThompsonSampler | EpsilonGreedy | UpperConfidenceBound


def choose(policy: Policy, feedback: Feedback, random: np.random.Generator) -> Choice:
    """Draw an arm, and say with which probability it was drawn.

    Args:
        policy: gives the probabilities.
        feedback: so far.
        random: draws.
    """
    return draw(policy.propensities(feedback, random), random)


def draw(propensities: Array, random: np.random.Generator) -> Choice:
    """Draw an arm by known probabilities: those of a batch of users are computed once."""
    arm = int(random.choice(len(propensities), p=propensities))
    return Choice(arm, float(propensities[arm]))


def propensities(values: Array, floor: float, there: npt.NDArray[np.bool_] | None = None) -> Array:
    """Return how often each arm has the largest value, and at least a share of equal probabilities.

    Arms of equal values share what they win.

    Args:
        values: (..., draws, arms), what the arms are compared by.
        floor: see `ThompsonSampler`.
        there: (..., arms), False for what is no arm; None: all are.

    Returns:
        (..., arms), which sum to 1 over the arms that are there; 0 where there is none.
    """
    known = np.ones((*values.shape[:-2], values.shape[-1]), np.bool_) if there is None else there
    compared = np.where(known[..., None, :], values, -np.inf)
    best = (compared == compared.max(axis=-1, keepdims=True)) & known[..., None, :]
    shares = normalised(best).mean(axis=-2)
    return normalised((1 - floor) * shares + floor * normalised(known))


def normalised(weights: npt.NDArray[Any]) -> Array:
    """Brought to a sum of 1 along the last axis, where there is anything."""
    return np.asarray(weights / np.maximum(weights.sum(axis=-1, keepdims=True), 1e-300))


def _check_discount(value: float) -> None:
    if not 0 < value <= 1:
        raise ParameterError("discount must be above 0 and at most 1", found=str(value))


def _check_positive(name: str, value: float) -> None:
    if not value > 0:
        raise ParameterError(f"{name} must be above 0", found=str(value))


def _check_floor(value: float) -> None:
    if not 0 <= value <= 1:
        raise ParameterError("the floor of a propensity lies in 0 to 1", found=str(value))
