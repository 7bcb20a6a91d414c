"""What a service is started with; it travels to its workers as one variable of the environment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

from graphrec.errors import ParameterError
from graphrec.experiments.exploration import Exploration, policy_of
from graphrec.service.limits import Limits

_VARIABLE: Final = "GRAPHREC_SERVICE"
READ_TOKEN: Final = "GRAPHREC_TOKEN"
EVENTS_TOKEN: Final = "GRAPHREC_EVENTS_TOKEN"
ADMIN_TOKEN: Final = "GRAPHREC_ADMIN_TOKEN"
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a service is started with; tokens are variables of the environment, never options."""

    model: str  # the directory, or a link to it
    events: str  # the file of the event store
    items: str | None = None  # a table of items, for titles and `where`
    lists: str | None = None  # of `graphrec recommend`, for answers in time
    cache: str | None = None  # for the files that are mapped
    watch: bool = False  # take another model as soon as the directory holds it
    experiments: str | None = None  # a file of experiments and their arms
    quotas: Mapping[str, int] = field(default_factory=dict)  # see `Limits`, as for what follows
    boost: str | None = None
    explore: float = 0.0  # see `Exploration`, as for what follows
    explore_slots: Sequence[int] = ()
    explore_candidates: int = 50
    policy: str = "thompson"
    floor: float = 0.05
    discount: float = 1.0
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    deadline_ms: int = 200
    rate: float = 0.0  # requests per second of one client; 0: any number
    concurrency: int = 64  # requests that a worker works on at a time
    max_body: int = 1 << 20  # bytes
    max_k: int = 1000
    max_history: int = 10_000  # interactions in one request
    max_events: int = 1000  # in one request

    def to_environment(self) -> None:
        """Leave them to the workers that this process starts."""
        os.environ[_VARIABLE] = json.dumps(asdict(self))

    @staticmethod
    def from_environment() -> Settings:
        """Those that the process that started this one left."""
        return Settings(**json.loads(os.environ[_VARIABLE]))

    @property
    def limits(self) -> Limits:
        """What all lists have more or less of, unless a request says otherwise."""
        return Limits.of(self.quotas, self.boost)

    @property
    def exploration(self) -> Exploration:
        """How lists are explored; with a share of 0 they are not.

        Raises:
            ParameterError: a value is out of its range.
        """
        policy = policy_of(self.policy, floor=self.floor, discount=self.discount)
        return Exploration(self.explore, tuple(self.explore_slots), self.explore_candidates, policy)

    def require_protection(self) -> None:
        """Check that only a loopback address is open to everybody.

        Raises:
            ParameterError: another address without tokens.
        """
        names = (READ_TOKEN, EVENTS_TOKEN, ADMIN_TOKEN)
        missing = [name for name in names if not os.environ.get(name)]
        if self.host not in _LOOPBACK and missing:
            raise ParameterError(
                "a service that other machines can reach needs tokens",
                found=f"--host {self.host} without {', '.join(missing)}",
                fix="set these variables, or serve 127.0.0.1",
            )
