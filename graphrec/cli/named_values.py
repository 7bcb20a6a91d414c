"""Options that are lists of name=value, such as walk=0.1,als=0.9."""

from __future__ import annotations

import math

from graphrec.errors import ParameterError


def named_values(option: str, text: str, example: str) -> dict[str, str]:
    """`a=b,c=d` by name.

    Args:
        option: its name, as in --weights.
        text: its value.
        example: how it may look.

    Raises:
        ParameterError: it is of another form, or names something twice.
    """
    parts = [part.partition("=") for part in text.split(",")]
    names = [name.strip() for name, _, _ in parts]
    for name in names:
        if name and names.count(name) > 1:
            raise ParameterError(
                f"{option} names {name} twice", found=repr(text), fix="name each once"
            )
    found = {name.strip(): value.strip() for name, _, value in parts}
    if not all(name and value for name, value in found.items()):
        raise ParameterError(
            f"{option} is a list of name=value",
            found=repr(text),
            fix=f"write it as in {example}",
        )
    return found


def named_numbers(option: str, text: str, example: str) -> dict[str, float]:
    """`a=1,b=2.5` by name.

    Args:
        option: its name, as in --weights.
        text: its value.
        example: how it may look.

    Raises:
        ParameterError: it is of another form, names something twice, or a value is no number.
    """
    numbers = {}
    for name, value in named_values(option, text, example).items():
        try:
            numbers[name] = float(value)
        except ValueError:
            numbers[name] = math.nan
        if math.isnan(numbers[name]):
            raise ParameterError(
                f"{option} needs numbers",
                found=f"{name}={value}",
                fix=f"write it as in {example}",
            )
    return numbers


def whole_numbers(option: str, text: str, example: str) -> dict[str, int]:
    """`a=1,b=2` by name.

    Args:
        option: its name, as in --quota.
        text: its value.
        example: how it may look.

    Raises:
        ParameterError: see `named_numbers`; or a number is not whole, or below 0.
    """
    numbers = named_numbers(option, text, example)
    wrong = [name for name, number in numbers.items() if number < 0 or number % 1]
    if wrong:
        raise ParameterError(
            f"{option} needs whole numbers of 0 or more",
            found=f"{wrong[0]}={numbers[wrong[0]]:g}",
            fix=f"write it as in {example}",
        )
    return {name: int(number) for name, number in numbers.items()}
