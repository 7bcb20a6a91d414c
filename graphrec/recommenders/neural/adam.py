"""Adam: steps whose lengths adapt to each parameter's gradients so far.

Source: Kingma and Ba, "Adam: a method for stochastic optimization" (2015).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphrec.kernels.types import Matrix

_MEAN_DECAY = 0.9
_SQUARE_DECAY = 0.999
_FLOOR = 1e-8  # of the root of the mean square


class Adam:
    """Moves arrays of parameters, in place.

    Args:
        parameters: float32, any shapes.
        rate: about how far a step moves a parameter.
    """

    def __init__(self, parameters: Sequence[Matrix], rate: float) -> None:
        self._parameters = parameters
        self._rate = rate
        self._means = [np.zeros_like(parameter) for parameter in parameters]
        self._squares = [np.zeros_like(parameter) for parameter in parameters]
        self._steps = 0

    def step(self, gradient: Sequence[Matrix], share: float) -> None:
        """Take a step.

        Args:
            gradient: by each parameter.
            share: of the rate.
        """
        self._steps += 1
        rate = share * self._rate / (1.0 - _MEAN_DECAY**self._steps)
        unbiased = 1.0 / (1.0 - _SQUARE_DECAY**self._steps)
        moments = zip(self._means, self._squares, strict=True)
        for parameter, own, (mean, square) in zip(self._parameters, gradient, moments, strict=True):
            np.add(mean, (1.0 - _MEAN_DECAY) * (own - mean), out=mean)
            np.add(square, (1.0 - _SQUARE_DECAY) * (own * own - square), out=square)
            parameter[...] -= rate * mean / (np.sqrt(unbiased * square) + _FLOOR)
