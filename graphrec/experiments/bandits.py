"""Exploration: which item to show where one does not know yet, with its probability logged.

A policy is asked for probabilities, not for an item: the item is drawn by them, and the probability
goes into the log. Without it no other policy could be judged by the log (`off_policy`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple, Self

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
        kept = discount ** len(chosen)
        return Feedback(
            self.successes * kept + np.bincount(chosen, earned, size),
            self.trials * kept + np.bincount(chosen, minlength=size),
        )


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
        if not 0 < self.discount <= 1:
            raise ParameterError("discount must be above 0 and at most 1", found=f"{self.discount}")
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
        drawn = random.beta(*self._posterior(feedback), size=(_DRAWS, len(feedback.trials)))
        wins = np.bincount(drawn.argmax(axis=1), minlength=drawn.shape[1])
        return _floored(wins / _DRAWS, self.floor)

    def _posterior(self, feedback: Feedback) -> tuple[Array, Array]:
        alpha, beta = self.priorAlpha, self.priorBeta
        own = np.array([alpha, beta]) if self.prior is None else self.prior
        failures = np.maximum(feedback.trials - feedback.successes, 0)
        return own[..., 0] + feedback.successes, own[..., 1] + failures


@dataclass(frozen=True)
class EpsilonGreedy:
    """Show the best arm so far, and any arm with a probability of epsilon.

    Attributes:
        epsilon: in (0, 1].
        prior: successes and failures that each arm begins with.
    """

    epsilon: float = 0.1
    prior: Prior = UNIFORM

    def __post_init__(self) -> None:
        _check_floor(self.epsilon)

    def propensities(self, feedback: Feedback, random: np.random.Generator) -> Array:
        """Return the probability of each arm; of equally good ones, one is drawn."""
        rates = _rates(feedback, self.prior)
        return _floored(_one_of_the_best(rates, random), self.epsilon)


@dataclass(frozen=True)
class UpperConfidenceBound:
    """Show the arm whose rate may be the largest, by KL-UCB (Garivier and Cappé 2011).

    The bound is the largest rate q with trials · KL(rate, q) <= ln(all trials): with few trials it
    is far above the rate.

    Attributes:
        floor: as in `ThompsonSampler`.
    """

    floor: float = 0.05

    def __post_init__(self) -> None:
        _check_floor(self.floor)

    def propensities(self, feedback: Feedback, random: np.random.Generator) -> Array:
        """Return the probability of each arm; of equal bounds, one is drawn."""
        return _floored(_one_of_the_best(self.bounds(feedback), random), self.floor)

    def bounds(self, feedback: Feedback) -> Array:
        """Return the largest rate that each arm may have; 1 of an arm that was never shown."""
        trials = np.maximum(feedback.trials, 1e-12)
        rate = np.clip(feedback.successes / trials, 0, 1)
        room = np.log(max(float(feedback.trials.sum()), 1.0)) / trials
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


def explored_slots(slots: int, share: float, random: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Return which slots of a list are filled by exploration, each with a probability.

    Args:
        slots: length of the list.
        share: probability of each, as in `--explore 0.1`.
        random: draws.

    Raises:
        ParameterError: `share` is not in [0, 1].
    """
    if not 0 <= share <= 1:
        raise ParameterError("the share of explored slots must lie in 0 to 1", found=f"{share}")
    return random.random(slots) < share


def _floored(probabilities: Array, floor: float) -> Array:
    """At least `floor` shares of equal probabilities for each arm."""
    mixed = (1 - floor) * probabilities + floor / len(probabilities)
    return np.asarray(mixed / mixed.sum())


def _one_of_the_best(values: Array, random: np.random.Generator) -> Array:
    best = np.flatnonzero(values >= values.max())
    found = np.zeros(len(values))
    found[random.choice(best)] = 1.0
    return found


def _rates(feedback: Feedback, prior: Prior) -> Array:
    return (prior.alpha + feedback.successes) / (sum(prior) + feedback.trials)


def _check_positive(name: str, value: float) -> None:
    if not value > 0:
        raise ParameterError(f"{name} must be above 0", found=str(value))


def _check_floor(value: float) -> None:
    if not 0 <= value <= 1:
        raise ParameterError("the floor of a propensity lies in 0 to 1", found=str(value))
