"""Checks of the numbers of a request."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrec.errors import ParameterError


def whole(name: str, value: Any, least: int) -> int:
    """A whole number of at least so much.

    Raises:
        ParameterError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ParameterError(f"{name} must be a whole number of {least} or more", found=repr(value))
    return int(value)


def number(name: str, value: Any, least: float, most: float) -> float:
    """A number within two others.

    Raises:
        ParameterError: it is none.
    """
    is_number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not is_number or not least <= float(value) <= most:
        raise ParameterError(
            f"{name} must be a number from {least:g} to {most:g}", found=repr(value)
        )
    return float(value)
