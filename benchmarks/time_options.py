"""What the age of interactions, the order of watching and other weights give, on a split by time.

    python -m benchmarks.time_options RATINGS

The events are cut at several origins (rolling origin, Tashman 2000): the models learn what came
before, and list for what comes next. At each origin but the first, the half-life of what is learned
from, then the recency of the history and the order, then weights that prefer one leg or none,
and then pseudo-interactions or none are chosen by the windows before, so that nothing is chosen by
what it is measured on. The users of all windows count together, for hardly any user is on both
sides of one. The last window, the last fifth of all events, is the test of `quality --split time`.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import NamedTuple, TypeVar

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

import graphrec as gr
from graphrec.evaluation.metrics import ranking_metrics
from graphrec.evaluation.significance import compare
from graphrec.recommenders.hybrid.weights import DEFAULT_WEIGHTS
from graphrec.recommenders.model import RecommenderModel

_CUTOFF = 20
_WINDOWS = ((0.3, 0.1), (0.4, 0.1), (0.5, 0.1), (0.6, 0.1), (0.7, 0.1), (0.8, 0.2))
# origin and length, as shares of all events
_HALF_LIFE = (None, 1460.0, 730.0, 365.0, 180.0)  # days
_RECENCY = (None, 730.0, 365.0, 180.0, 90.0, 30.0)  # days
_ORDER = (0.0, 0.5, 1.0)
_PSEUDO = (0.1, 0.0)  # share of the histories; the default first
_PREFERENCE = 0.3  # share of the weights that goes to the preferred leg

NO_LEG = "none"
PREFERRED_LEGS = (NO_LEG, *DEFAULT_WEIGHTS)

_HYBRID = "hybrid"
_PLAINLY = "hybrid without options"

Key = TypeVar("Key")


class Options(NamedTuple):
    """What is chosen beside the preferred leg."""

    half_life: float | None = None
    recency: float | None = None
    order: float = 0.0
    pseudo: float = _PSEUDO[0]


_PLAIN = Options()


def main() -> None:
    """Choose at each origin by the windows before, and print what that gives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ratings", type=Path)
    path = str(parser.parse_args().ratings)
    spark = gr.spark_session("graphrec time options")
    rows = spark.read.csv(path, header=True, inferSchema=True)
    named = {"userId": "user", "movieId": "item", "timestamp": "timestamp"}
    events = rows.select(*(F.col(old).alias(new) for old, new in named.items()))
    windows = [_Window(*_cut(events, *shares)) for shares in _WINDOWS]
    forward = []
    for number, window in enumerate(windows[1:], start=1):
        options, leg = _chosen(windows[:number])
        print(f"window {number + 1}: {_described(options)}, preferring {leg}", flush=True)
        forward.append({_PLAINLY: window.hybrid(_PLAIN), **window.models(options, leg)})
    _print_choices(windows[:-1], options, leg)
    _print_models("all windows", _pooled(forward))
    _print_models("the last", forward[-1])


class _Window:
    """What came before an origin, and what comes next; nothing is fitted or measured twice."""

    def __init__(self, train: DataFrame, test: DataFrame) -> None:
        self._test = test
        self._train = train
        # One fit serves all recencies and weights.
        self._fitted: dict[Options, gr.HybridRecommenderModel] = {}
        self._hybrids: dict[tuple[Options, str], DataFrame] = {}

    def hybrid(self, options: Options, leg: str = NO_LEG) -> DataFrame:
        """Metrics per user of the hybrid with some options, and a preferred leg."""
        if (options, leg) not in self._hybrids:
            self._hybrids[options, leg] = self._measured(self._model(options, leg))
        return self._hybrids[options, leg]

    def by_half_life(self) -> dict[Options, DataFrame]:
        """The hybrid with each half-life, otherwise plain."""
        return {options: self.hybrid(options) for options in map(Options, _HALF_LIFE)}

    def by_options(self, half_life: float | None) -> dict[Options, DataFrame]:
        """The hybrid with a half-life and each choice of recency and order."""
        choices = [Options(half_life, recency, order) for order in _ORDER for recency in _RECENCY]
        return {options: self.hybrid(options) for options in choices}

    def by_preferred_leg(self, options: Options) -> dict[str, DataFrame]:
        """The hybrid with the default weights, and with each leg preferred."""
        return {leg: self.hybrid(options, leg) for leg in PREFERRED_LEGS}

    def by_pseudo(self, options: Options, leg: str) -> dict[Options, DataFrame]:
        """The hybrid with pseudo-interactions, and without."""
        choices = [options._replace(pseudo=share) for share in _PSEUDO]
        return {choice: self.hybrid(choice, leg) for choice in choices}

    def models(self, options: Options, leg: str) -> dict[str, DataFrame]:
        """Metrics per user of the hybrid and of its legs, with the same options."""
        legs = self._model(options, leg).baselines()
        measured = {name: self._measured(model) for name, model in legs.items()}
        return {**measured, _HYBRID: self.hybrid(options, leg)}

    def _model(self, options: Options, leg: str) -> gr.HybridRecommenderModel:
        learned = options._replace(recency=None)
        if learned not in self._fitted:
            self._fitted[learned] = fitted(recommender_with(learned), self._train)
        model = self._fitted[learned]
        return model.copy({model.recencyHalfLife: options.recency, model.weights: preferring(leg)})

    def _measured(self, model: RecommenderModel) -> DataFrame:
        lists = model.rankedLists(_CUTOFF, users=self._test)
        return ranking_metrics(lists, self._test, k=_CUTOFF, metrics=["ndcg"]).localCheckpoint()


def recommender_with(options: Options) -> gr.HybridRecommender:
    """The hybrid with some options."""
    legs = [
        gr.RandomWalkRecommender(orderExponent=options.order),  # these can know what is after what
        gr.EASERecommender(orderExponent=options.order),
        gr.ALSRecommender(),
        gr.EmbeddingRecommender(),
    ]
    return gr.HybridRecommender(
        legs,
        weights="default",
        preference="binary",  # what is compared with it takes no ratings
        halfLife=options.half_life,
        recencyHalfLife=options.recency,
        pseudoInteractions=options.pseudo,
    )


def fitted(recommender: gr.HybridRecommender, train: DataFrame) -> gr.HybridRecommenderModel:
    """The recommender's model."""
    model = recommender.fit(train)
    assert isinstance(model, gr.HybridRecommenderModel)
    return model


def _chosen(past: Sequence[_Window]) -> tuple[Options, str]:
    """The options, and the preferred leg, that are best over some windows."""
    half_life = _best(_pooled([window.by_half_life() for window in past])).half_life
    options = _best(_pooled([window.by_options(half_life) for window in past]))
    leg = _best(_pooled([window.by_preferred_leg(options) for window in past]))
    return _best(_pooled([window.by_pseudo(options, leg) for window in past])), leg


def _best(found: Mapping[Key, DataFrame]) -> Key:
    return max(found, key=lambda key: _mean(found[key]))


def _print_choices(past: Sequence[_Window], chosen: Options, preferred: str) -> None:
    """What the last choice was made by."""
    for options, measured in _pooled([window.by_half_life() for window in past]).items():
        _print("choosing", _described(options), measured)
    for options, measured in _pooled(
        [window.by_options(chosen.half_life) for window in past]
    ).items():
        _print("choosing", _described(options), measured)
    first = chosen._replace(pseudo=_PSEUDO[0])
    for leg, measured in _pooled([window.by_preferred_leg(first) for window in past]).items():
        _print("choosing", f"{_described(first)}, preferring {leg}", measured)
    for options, measured in _pooled(
        [window.by_pseudo(chosen, preferred) for window in past]
    ).items():
        _print("choosing", f"{_described(options)}, preferring {preferred}", measured)


def preferring(leg: str) -> dict[str, float]:
    """The default weights with one leg preferred, or none, as `PREFERRED_LEGS` names them."""
    if leg == NO_LEG:
        return DEFAULT_WEIGHTS
    return {
        name: (1.0 - _PREFERENCE) * weight + (_PREFERENCE if name == leg else 0.0)
        for name, weight in DEFAULT_WEIGHTS.items()
    }


def of_known_users(train: DataFrame, test: DataFrame) -> tuple[DataFrame, DataFrame]:
    """Both parts, kept; of the test events those of users who are on both sides."""
    known = train.select("user").distinct()
    return train.persist(), test.join(known, "user", "left_semi").persist()


def _cut(events: DataFrame, origin: float, length: float) -> tuple[DataFrame, DataFrame]:
    """What came before an origin, and what comes next."""
    rest = 1 - origin - length
    until = gr.splits.by_time(events, rest)[0] if rest > 1e-9 else events
    return of_known_users(*gr.splits.by_time(until, length / (origin + length)))


def _pooled(windows: Sequence[Mapping[Key, DataFrame]]) -> dict[Key, DataFrame]:
    """The users of all windows together: a user is another one in each window."""
    return {
        key: reduce(
            DataFrame.unionByName,
            (
                window[key].withColumn("user", F.concat_ws(" in ", "user", F.lit(number)))
                for number, window in enumerate(windows)
            ),
        )
        for key in windows[0]
    }


def _print(part: str, what: str, measured: DataFrame) -> None:
    figures = f"NDCG@20 {_mean(measured):.4f}, {measured.count()} users"
    print(f"{part:<11} {what:<58} {figures}", flush=True)


def _print_models(part: str, models: Mapping[str, DataFrame]) -> None:
    for name, measured in models.items():
        _print(part, name, measured)
        if name != _HYBRID:
            gain = compare(measured, models[_HYBRID], "ndcg", k=_CUTOFF)
            interval = f"{gain.ci_low:+.4f} to {gain.ci_high:+.4f}"
            compared = f"{gain.difference:+.4f} ({interval}), p {gain.p_value:.2g}"
            print(f"{'':<11} hybrid to it: {compared}", flush=True)


def _mean(measured: DataFrame) -> float:
    mean: float = measured.agg(F.avg("ndcg")).collect()[0][0]
    return mean


def _described(options: Options) -> str:
    half_life, recency, order, pseudo = options
    ages = f"half-life {half_life or 'none'}, recency {recency or 'none'}"
    return f"{ages}, order {order:g}, pseudo {pseudo:g}"


if __name__ == "__main__":
    main()
