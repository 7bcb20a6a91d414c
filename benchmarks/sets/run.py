"""One set: all models learn, list, and are measured, in one process and one Spark session."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from benchmarks.sets.choice import CHOICE_SEED, Choice, choose
from benchmarks.sets.cuts import Cut, Kind, history_lengths, recipe_of
from benchmarks.sets.matrix import Interactions
from benchmarks.sets.measured import CUTOFFS, Measured, measure, metrics_of
from benchmarks.sets.own_models import own_models
from benchmarks.sets.peers import PEERS

_VALIDATION_SEED = 2718  # of --validation; other items than those that settings are chosen by


@dataclass(frozen=True)
class Wanted:
    """What to run on a set.

    Attributes:
        peers: names of `PEERS`.
        legs: whether graphrec's legs are listed by themselves.
        variants: texts of settings, each a model beside the defaults.
        validation: the kind of a cut of train that is measured instead of the test set.
        choice: the kind of the cut of train that the peers' settings are chosen on.
        cutoff: of the table; None takes that of the set.
    """

    peers: Sequence[str]
    legs: bool = False
    variants: Sequence[str] = ()
    validation: Kind | None = None
    choice: Kind = "random"
    cutoff: int | None = None


@dataclass
class Model:
    """How a row of the table came about.

    Attributes:
        role: graphrec, leg, variant or peer.
        choices: of a peer, on each cut.
        seconds: to choose, learn and list, on all cuts together.
    """

    role: str
    choices: list[Choice] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True)
class Result:
    """A set that was run."""

    name: str
    protocol: str
    cutoff: int
    users: int
    items: int
    interactions: int
    models: dict[str, Model]
    measured: Measured
    seconds: float
    left_out: dict[str, str]  # peers by title, and why


def run_set(
    spark: SparkSession,
    folder: Path,
    wanted: Wanted,
    say: Callable[[str], None] = print,
) -> Result:
    """Run all models on a set, and measure them.

    Args:
        spark: the session.
        folder: of the set; its name is that of the set.
        wanted: what to run.
        say: is told of each model that is done.
    """
    started = time.monotonic()
    recipe = recipe_of(folder.name)
    protocol = recipe.protocol
    cuts = recipe.cuts(spark, folder)
    if wanted.validation is not None:
        kind = wanted.validation
        cuts = [cut.validation(kind, _VALIDATION_SEED + at) for at, cut in enumerate(cuts)]
        protocol = f"{protocol}; a cut of train alone, {kind}"
    runner = _Runner(spark, wanted, wanted.cutoff or recipe.cutoff, say)
    for cut in cuts:
        runner.run(cut)
        cut.unpersist()
    data = runner.data
    assert data is not None
    return Result(
        name=folder.name,
        protocol=protocol,
        cutoff=runner.cutoff,
        users=data.tested.size,
        items=data.items.size,
        interactions=data.matrix.nnz,
        models=runner.models,
        measured=measure(runner.parts),
        seconds=time.monotonic() - started,
        left_out=runner.left_out,
    )


class _Runner:
    """The models of a set, cut by cut."""

    def __init__(
        self, spark: SparkSession, wanted: Wanted, cutoff: int, say: Callable[[str], None]
    ) -> None:
        self.spark = spark
        self.wanted = wanted
        self.cutoff = cutoff
        self.say = say
        self.models: dict[str, Model] = {}
        self.parts: list[DataFrame] = []
        self.left_out: dict[str, str] = {}
        self.data: Interactions | None = None  # of the last cut

    def run(self, cut: Cut) -> None:
        """Run all models on a cut."""
        histories = history_lengths(cut).persist()
        users = cut.test.select("user").distinct().persist()
        self.data = data = Interactions.of(cut)
        started = time.monotonic()
        fitted = own_models(cut.train, legs=self.wanted.legs, variants=self.wanted.variants)
        for name, role, model in fitted:
            quick = model.copy({model.getParam("numReasons"): 0})
            lists = quick.rankedLists(max(CUTOFFS), users=users)
            self._measured(name, role, lists, cut, histories, started)
            started = time.monotonic()
        validation = self._validation(cut)
        for peer in (PEERS[name] for name in self.wanted.peers):
            if peer.most_items is not None and data.items.size > peer.most_items:
                self.left_out[peer.title] = (
                    f"{data.items.size:,} items, {peer.most_items:,} at most"
                )
                continue
            started = time.monotonic()
            choice = (
                choose(peer, validation, self.cutoff) if validation else Choice(peer.grid[0], [])
            )
            listed = data.lists(peer.fit(data, **choice.setting), data.tested, max(CUTOFFS))
            lists = data.frame(self.spark, listed)
            self._measured(peer.title, "peer", lists, cut, histories, started, choice)

    def _validation(self, cut: Cut) -> Interactions | None:
        """What settings are chosen on, if any peer has several."""
        if all(len(PEERS[name].grid) == 1 for name in self.wanted.peers):
            return None
        validation = cut.validation(self.wanted.choice, CHOICE_SEED)
        try:
            return Interactions.of(validation)
        finally:
            validation.unpersist()

    def _measured(
        self,
        name: str,
        role: str,
        lists: DataFrame,
        cut: Cut,
        histories: DataFrame,
        started: float,
        choice: Choice | None = None,
    ) -> None:
        part = metrics_of(name, lists, cut.test, histories)
        seconds = time.monotonic() - started
        model = self.models.setdefault(name, Model(role))
        model.seconds += seconds
        model.choices += [choice] if choice else []
        self.parts.append(part)
        chosen = f", {described(choice)}" if choice and choice.setting else ""
        self.say(f"  {name}: {seconds:.0f} s{chosen}")


def described(choice: Choice) -> str:
    """A setting in a few words."""
    return ", ".join(f"{name} {value:g}" for name, value in choice.setting.items())
