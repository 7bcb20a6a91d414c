"""How often the tests of an experiment are wrong, what peeking costs, and how long events take.

    python -m benchmarks.experiments
    python -m benchmarks.experiments --events 10000000

The first simulates experiments with users who differ in how much they see and how they like it; no
Spark is needed. The second makes events of a number of users and analyses them on two cores.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import psutil
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from scipy import stats

import graphrec as gr
from graphrec import progress
from graphrec.data.hashing import seeded_poisson, seeded_uniform
from graphrec.experiments.analysis import Design, analyse
from graphrec.experiments.arm_column import arm_column
from graphrec.experiments.bandits import Feedback, ThompsonSampler
from graphrec.experiments.differences import ratio_difference
from graphrec.experiments.factorial import effects
from graphrec.experiments.independence import chi_square, sample_ratio
from graphrec.experiments.metrics import parse_metrics
from graphrec.experiments.moments import Moments
from graphrec.experiments.multiplicity import Correction, corrected
from graphrec.experiments.power import power_of, users_needed
from graphrec.experiments.sequential import half_width, mixture_scale, msprt
from graphrec.spark.session import spark_session

Values = npt.NDArray[np.float64]

_EXPERIMENTS = 5000
_AT_ONCE = 250  # experiments
_USERS = 1000  # of each arm
_LOOKS = 100
_EVENTS_PER_USER = 20
_DAYS = 14
_START = 1_700_000_000


def main() -> None:
    """Simulate, or analyse events."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, default=0, help="analyse so many events instead")
    events = parser.parse_args().events
    if events:
        _timed(events)
        return
    random = np.random.default_rng(0)
    print(f"False positives at 5 %, {_EXPERIMENTS} A/A experiments of 2 x {_USERS} users")
    _print(_false_positives(random))
    print(f"\n{_LOOKS} looks at A/A, 20,000 experiments")
    _print({name: ended[-1] for name, ended in looks(random, 0.0, 20_000).items()})
    _msprt_alone(random)
    _power(random)
    _early_stopping(random)
    _regret(random)


def _print(shares: Mapping[str, float]) -> None:
    for name, share in shares.items():
        print(f"  {name:52} {share:.3f}")


# --- one look -------------------------------------------------------------------------------------


def _users(random: np.random.Generator) -> Iterator[tuple[Values, Values, Values, Values]]:
    """(clicks, impressions, clicks before, revenue) of (experiments, arms, users)."""
    shape = (_AT_ONCE, 2, _USERS)
    for _ in range(_EXPERIMENTS // _AT_ONCE):
        seen = 1 + random.negative_binomial(1, 0.1, shape)
        taste = random.beta(1, 9, shape)
        clicks = random.binomial(seen, taste)
        before = random.binomial(seen, taste)
        revenue = random.binomial(clicks, 0.3) * random.lognormal(2, 1, shape)
        yield clicks.astype(float), seen.astype(float), before.astype(float), revenue


def _false_positives(random: np.random.Generator) -> dict[str, float]:
    """The share of experiments without a difference in which each test finds one."""
    found: dict[str, list[npt.NDArray[np.bool_]]] = {}

    def add(name: str, p: npt.ArrayLike) -> None:
        found.setdefault(name, []).append(np.asarray(p) < 0.05)

    for clicks, seen, before, revenue in _users(random):
        ctr = [Moments.of(clicks[:, arm], seen[:, arm], before[:, arm]) for arm in (0, 1)]
        plain = ratio_difference(*ctr)
        add("click-through rate, by users (delta method)", plain.p_value)
        add("the same with CUPED", ratio_difference(*ctr, cuped=True).p_value)
        add("revenue per user", _of_mean(revenue))
        cap = np.quantile(revenue[revenue > 0], 0.99)
        add("revenue per user, winsorised", _of_mean(np.minimum(revenue, cap)))
        bought = (revenue > 0).sum(axis=-1)
        tables = [[[b, _USERS - b] for b in row] for row in bought.tolist()]
        add("buyers, chi-square by users", [chi_square(t).p_value for t in tables])
        add("the same, Yates", [chi_square(t, yates=True).p_value for t in tables])
        thirds = _bought_by_thirds(revenue)
        add("buyers, chi-square of three arms", [chi_square(t).p_value for t in thirds])
        for name, p in _of_factors(clicks, seen).items():
            add(name, p)
        c, n = clicks.sum(axis=-1), seen.sum(axis=-1)
        shown = [
            [[x, m - x] for x, m in zip(*pair, strict=True)] for pair in zip(c, n, strict=True)
        ]
        add("clicks, chi-square by impressions (wrong)", [chi_square(t).p_value for t in shown])
    counts = random.binomial(2 * _USERS, 0.5, _EXPERIMENTS).tolist()
    mismatch = [sample_ratio([a, 2 * _USERS - a], ["a", "b"]).p_value for a in counts]
    add("sample ratio (its alarm is at .001, not at .05)", mismatch)
    methods: tuple[Correction, ...] = ("none", "holm", "bonferroni", "benjamini-hochberg")
    for method in methods:
        p = [
            corrected(random.normal(size=10), np.ones(10), method=method).p_value.min()
            for _ in range(_EXPERIMENTS)
        ]
        add(f"any of 10 metrics, correction {method}", p)
    return {name: float(np.concatenate(parts).mean()) for name, parts in found.items()}


def _bought_by_thirds(revenue: Values) -> list[list[list[int]]]:
    """Buyers and others of three arms, of a third of the users each."""
    arms = np.array_split((revenue > 0).reshape(len(revenue), -1), 3, axis=-1)
    rows = [[[int(b), arm.shape[-1] - int(b)] for b in arm.sum(axis=-1)] for arm in arms]
    return [list(table) for table in zip(*rows, strict=True)]


def _of_factors(clicks: Values, seen: Values) -> dict[str, list[float]]:
    """The p values of a main effect and of the interaction of two crossed experiments."""
    factors = {"list": ["old", "new"], "sort": ["plain", "mixed"]}
    half, found = _USERS // 2, dict[str, list[float]]()
    for c, n in zip(clicks, seen, strict=True):
        cells: dict[tuple[str, ...], Moments] = {
            (old, plain): Moments.of(
                c[a, b * half : (b + 1) * half], n[a, b * half : (b + 1) * half]
            )
            for a, old in enumerate(factors["list"])
            for b, plain in enumerate(factors["sort"])
        }
        main, _, interaction = effects(cells, factors, correction="none")
        found.setdefault("main effect of crossed experiments", []).append(main.p_value)
        found.setdefault("interaction of crossed experiments", []).append(interaction.p_value)
    return found


def _of_mean(values: Values) -> Values:
    a, b = (Moments.of(values[:, arm]) for arm in (0, 1))
    return ratio_difference(a, b).p_value


# --- many looks -----------------------------------------------------------------------------------


def looks(
    random: np.random.Generator, difference: float, experiments: int, each: int = 50
) -> dict[str, Values]:
    """The share of experiments that have ended by each look, of each way to end them."""
    n = each * np.arange(1, _LOOKS + 1)
    noise = random.normal(0, np.sqrt(2 * each), (experiments, _LOOKS)).cumsum(axis=1)
    d = difference + noise / n
    variance = np.broadcast_to(2 / n, d.shape)
    widths = {users: half_width(2 * n, 4, rho=mixture_scale(users)) for users in (2 * n[-1], 5000)}
    ended = {
        "fixed z at every look (wrong)": np.abs(d) > stats.norm.isf(0.025) * np.sqrt(variance),
        "confidence sequence": np.abs(d) > widths[2 * n[-1]],
        "confidence sequence, narrowest at 5,000 users": np.abs(d) > widths[5000],
        "mSPRT, tau2 .01": msprt(d, variance, 0.01).p_value < 0.05,
    }
    return {name: np.maximum.accumulate(one, axis=1).mean(axis=0) for name, one in ended.items()}


def _msprt_alone(random: np.random.Generator) -> None:
    """What decides is how far τ² is above the variance at the last look, not the 100 looks."""
    print("\nmSPRT, tau2 .01, 100 looks at A/A: by users of each arm and between two looks")
    for each in (5, 10, 20, 50, 500):
        share = looks(random, 0.0, 20_000, each)["mSPRT, tau2 .01"][-1]
        print(f"  {each * _LOOKS:6,} users, {each:3} between looks {share:.3f}")
    print(f"  1,000 users, variances estimated at each look {_msprt_estimated(random):.3f}")


def _msprt_estimated(random: np.random.Generator, each: int = 10) -> float:
    """The same with the variances of the users so far, as an experiment has them."""
    n = each * np.arange(1, _LOOKS + 1)
    ended = []
    for _ in range(20):
        values = random.normal(size=(500, 2, n[-1]))
        sums, squares = (one.cumsum(axis=2)[:, :, n - 1] for one in (values, values**2))
        variance = ((squares - sums**2 / n) / (n - 1) / n).sum(axis=1)
        p = msprt((sums[:, 1] - sums[:, 0]) / n, variance, 0.01).p_value
        ended.append((p[:, -1] < 0.05).mean())
    return float(np.mean(ended))


def _power(random: np.random.Generator) -> None:
    print("\nPower of the delta method beside the textbook's, 2,000 experiments each")
    for lift in (0.05, 0.1, 0.15, 0.2):
        found, variances = [], []
        for _ in range(2000 // _AT_ONCE):
            shape = (_AT_ONCE, _USERS)
            arms = []
            for rate in (1.0, 1.0 + lift):
                shown = 1 + random.negative_binomial(1, 0.1, shape)
                liked = np.minimum(random.beta(1, 9, shape) * rate, 1)
                arms.append(Moments.of(random.binomial(shown, liked), shown))
                variances.append(arms[-1].user_variance.mean())
            found.append(ratio_difference(*arms).p_value < 0.05)
        variance = float(np.mean(variances))
        theirs = power_of(0.1 * lift, variance, _USERS, _USERS)
        needed = users_needed(0.1 * lift, variance)
        print(
            f"  +{lift:.0%}: found {np.concatenate(found).mean():.3f}, textbook {theirs:.3f}; "
            f"for 80 % {needed:,} users of each arm"
        )


def _early_stopping(random: np.random.Generator) -> None:
    n = 50 * np.arange(1, _LOOKS + 1)
    print("\nDifference .08 of a deviation: share that has ended by so many users of each arm")
    found = looks(random, 0.08, 5000)
    print("  users                    " + "".join(f"{n[at]:>8,}" for at in (9, 19, 39, 59, 79, 99)))
    for name in ("confidence sequence", "mSPRT, tau2 .01"):
        print(f"  {name:25}" + "".join(f"{found[name][at]:8.3f}" for at in (9, 19, 39, 59, 79, 99)))
    fixed = [power_of(0.08, 1.0, int(n[at]), int(n[at])) for at in (9, 19, 39, 59, 79, 99)]
    print(f"  {'one look at that time':25}" + "".join(f"{one:8.3f}" for one in fixed))


def _regret(random: np.random.Generator) -> None:
    print("\nThompson sampling, regret at 10,000, 10 arms (.10 against .05), by chance 450")
    rates = np.array([0.10] + [0.05] * 9)
    for batch in (10, 100, 1000):
        missed = []
        for _ in range(20 if batch > 10 else 5):
            feedback, sampler = Feedback.none(10), ThompsonSampler(floor=0.0)
            total = 0.0
            for _ in range(10_000 // batch):
                arms = random.choice(10, batch, p=sampler.propensities(feedback, random))
                feedback = sampler.update(feedback, arms, random.random(batch) < rates[arms])
                total += float((0.1 - rates[arms]).sum())
            missed.append(total)
        print(f"  batches of {batch:5,}: {np.mean(missed):.0f}")


# --- events ---------------------------------------------------------------------------------------


def made_events(spark: SparkSession, events: int) -> DataFrame:
    """Impressions, clicks and purchases of users with tastes of their own, in two arms."""
    number, user = F.col("id"), F.col("id") % max(events // _EVENTS_PER_USER, 1)
    arm = arm_column(user, "list", ["new", "old"])
    rate = seeded_uniform(1, user) * 0.2 * F.when(arm == "new", 1.05).otherwise(1.0)
    drawn = seeded_uniform(2, number)
    return spark.range(events).select(
        user.alias("user"),
        (F.lit(_START) + (seeded_uniform(3, number) * _DAYS * 86_400)).cast("bigint").alias("time"),
        F.when(number < F.lit(events // 2), "impression")
        .when(drawn < rate, "click")
        .when(drawn < rate * 1.2, "purchase")
        .otherwise("impression")
        .alias("kind"),
        (seeded_poisson(4, number) * 3.5).alias("value"),
        F.lit("list").alias("experiment"),
        arm.alias("arm"),
    )


def _busy() -> float:
    """Seconds that Java and its workers have computed for."""
    return sum(sum(one.cpu_times()[:2]) for one in psutil.Process().children(recursive=True))


class _Stages:
    """Prints the seconds of each stage, on the clock and of all cores."""

    def __init__(self) -> None:
        self._before = _busy()

    def __call__(self, event: progress.Event) -> None:
        if event.seconds is not None:
            now = _busy()
            computed = now - self._before
            print(f"  {event.name:20} {event.seconds:5.0f} s, computing {computed:5.0f} s")
            self._before = now


def _timed(events: int) -> None:
    spark = spark_session("events", master="local[2]")
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "events")
        made_events(spark, events).write.parquet(path)
        begun, before = time.perf_counter(), _busy()
        with progress.listen(_Stages()):
            found = analyse(
                gr.spark_session().read.parquet(path),
                Design(metrics=parse_metrics("ctr,conversion,arpu,return-rate"), control="old"),
            )
        taken, busy = time.perf_counter() - begun, _busy() - before
    users = sum(found.users.values())
    print(
        f"{events:,} events of {users:,} users: {taken:.0f} s on 2 cores, of which Java "
        f"and its workers computed for {busy:.0f} s; load {os.getloadavg()[0]:.1f}"
    )
    print(found.verdict.sentence)
    spark.stop()


if __name__ == "__main__":
    main()
