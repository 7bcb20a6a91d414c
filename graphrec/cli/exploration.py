"""The options of exploration as what they stand for."""

from __future__ import annotations

from graphrec.cli.options import ExploreOptions
from graphrec.errors import ParameterError
from graphrec.experiments.exploration import Exploration, policy_of


def exploration_of(options: ExploreOptions) -> Exploration:
    """How lists are explored; with a share of 0 they are not.

    Raises:
        ParameterError: an option is out of its range, or of another form.
    """
    policy = policy_of(options.policy.value, floor=options.floor, discount=options.discount)
    return Exploration(options.explore, slots_of(options), options.explore_candidates, policy)


def slots_of(options: ExploreOptions) -> tuple[int, ...]:
    """The stated slots; none: all.

    Raises:
        ParameterError: they are no numbers.
    """
    if options.explore_slots is None:
        return ()
    try:
        return tuple(int(slot) for slot in options.explore_slots.split(","))
    except ValueError:
        raise ParameterError(
            "--explore-slots are whole numbers",
            found=repr(options.explore_slots),
            fix="write them as in 3,7",
        ) from None
