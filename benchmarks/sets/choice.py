"""The settings of a peer, chosen on a validation cut of the training set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.sets.matrix import Indices, Interactions
from benchmarks.sets.peers import Peer, Setting

CHOICE_SEED: Final = 1729  # of the cut and of the users; no table is measured on it
_USERS: Final = 3000  # by whom settings are chosen, at most


@dataclass(frozen=True)
class Trial:
    """A setting and its NDCG on the validation cut."""

    setting: Setting
    ndcg: float


@dataclass(frozen=True)
class Choice:
    """The best setting, and all that were tried; none was where there is one only."""

    setting: Setting
    trials: list[Trial]


def choose(peer: Peer, validation: Interactions, cutoff: int) -> Choice:
    """Try all settings of a peer, and take the one with the highest NDCG.

    Args:
        peer: the peer.
        validation: a cut of the training set.
        cutoff: length of the lists.
    """
    if len(peer.grid) == 1:
        return Choice(peer.grid[0], [])
    rows = _drawn(validation)
    users = validation.tested[rows]
    trials = []
    for setting in peer.grid:
        listed = validation.lists(peer.fit(validation, **setting), users, cutoff)
        trials.append(Trial(setting, validation.ndcg(listed, rows)))
    return Choice(max(trials, key=lambda trial: trial.ndcg).setting, trials)


def _drawn(validation: Interactions) -> Indices:
    rows = np.random.default_rng(CHOICE_SEED).permutation(validation.tested.size)
    return np.sort(rows[:_USERS])
