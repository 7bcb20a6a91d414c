"""What recency of the history, the order of watching and other weights give, on a split by time.

    python -m benchmarks.time_options RATINGS

The events are cut at several origins (rolling origin, Tashman 2000): the models learn what came
before, and list for what comes next. At each origin but the first, recency and order, and then
weights that lean to one leg or to none, are chosen by the windows before, so that nothing is
chosen by what it is measured on. The users of all windows count together, for hardly any user is on
both sides of one. The last window, the last fifth of all events, is the test of `quality --split
time`.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import cached_property, reduce
from pathlib import Path
from typing import TypeVar

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

import graphrec as gr
from graphrec.evaluation.metrics import ranking_metrics
from graphrec.evaluation.significance import compare
from graphrec.models.hybrid import DEFAULT_WEIGHTS
from graphrec.models.recommender import Recommender, RecommenderModel

_CUTOFF = 20
_WINDOWS = ((0.3, 0.1), (0.4, 0.1), (0.5, 0.1), (0.6, 0.1), (0.7, 0.1), (0.8, 0.2))
# origin and length, as shares of all events
_RECENCY = (None, 730.0, 365.0, 180.0, 90.0, 30.0)  # days
_ORDER = (0.0, 0.5, 1.0)
_LEANING = 0.3  # share of the blend that one leg is given beforehand

_HYBRID = "hybrid"
_NONE = "none"
_PLAINLY = "hybrid without options"

Options = tuple[float | None, float]  # (recency, order)
Key = TypeVar("Key")

_PLAIN: Options = (None, 0.0)


def main() -> None:
    """Choose at each origin by the windows before, and tell what that gives."""
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
        print(f"window {number + 1}: {_told(options)}, leaning to {leg}", flush=True)
        forward.append({_PLAINLY: window.hybrids[_PLAIN], **window.models(options, leg)})
    _tell_choices(windows[:-1])
    _tell_models("all windows", _pooled(forward))
    _tell_models("the last", forward[-1])


class _Window:
    """What came before an origin, and what comes next; each fit is made once."""

    def __init__(self, train: DataFrame, test: DataFrame) -> None:
        self._train, self._test = train, test
        self._leaning: dict[Options, dict[str, DataFrame]] = {}

    @cached_property
    def hybrids(self) -> dict[Options, DataFrame]:
        """Metrics per user for each choice; one fit serves all recencies of an order."""
        found = {}
        for order in _ORDER:
            model = self._fitted((None, order))
            for recency in _RECENCY:
                varied = model.copy({model.recencyHalfLife: recency})
                found[recency, order] = self._measured(varied)
        return found

    def leaning(self, options: Options) -> dict[str, DataFrame]:
        """Metrics per user with the default weights, and with a leaning to each leg."""
        if options not in self._leaning:
            model = self._fitted(options)
            self._leaning[options] = {
                leg: self._measured(model.copy({model.weights: leaning_to(leg)}))
                for leg in (_NONE, *DEFAULT_WEIGHTS)
            }
        return self._leaning[options]

    def models(self, options: Options, leg: str) -> dict[str, DataFrame]:
        """Metrics per user of the hybrid and of its legs, with the same options."""
        model = self._fitted(options)
        model.setParams(weights=leaning_to(leg))
        models = {**model.baselines(), _HYBRID: model}
        return {name: self._measured(model) for name, model in models.items()}

    def _fitted(self, options: Options) -> gr.HybridRecommenderModel:
        recency, order = options
        hybrid = gr.HybridRecommender(legs_in_order(order), recencyHalfLife=recency)
        model = hybrid.fit(self._train)
        assert isinstance(model, gr.HybridRecommenderModel)
        return model

    def _measured(self, model: RecommenderModel) -> DataFrame:
        known = self._test.join(self._train.select("user").distinct(), "user", "left_semi")
        lists = model.rankedLists(_CUTOFF, users=known)
        return ranking_metrics(lists, known, k=_CUTOFF, metrics=["ndcg"]).localCheckpoint()


def _chosen(past: Sequence[_Window]) -> tuple[Options, str]:
    """The options, and the leg to lean to, that are best over some windows."""
    options = _best(_pooled([window.hybrids for window in past]))
    return options, _best(_pooled([window.leaning(options) for window in past]))


def _best(found: Mapping[Key, DataFrame]) -> Key:
    return max(found, key=lambda key: _mean(found[key]))


def _tell_choices(past: Sequence[_Window]) -> None:
    """What the last choice was made by."""
    found = _pooled([window.hybrids for window in past])
    for options, measured in found.items():
        _tell("choosing", _told(options), measured)
    for leg, measured in _pooled([window.leaning(_best(found)) for window in past]).items():
        _tell("choosing", f"{_told(_best(found))}, leaning to {leg}", measured)


def legs_in_order(exponent: float) -> list[Recommender]:
    """The hybrid's legs; those that can know what is watched after what."""
    return [
        gr.PageRankRecommender(orderExponent=exponent),
        gr.RidgeRecommender(orderExponent=exponent),
        gr.ALSRecommender(),
        gr.EmbeddingRecommender(),
    ]


def leaning_to(leg: str) -> dict[str, float]:
    """The default weights with a leaning to a leg, or to none."""
    if leg == _NONE:
        return DEFAULT_WEIGHTS
    return {
        name: (1.0 - _LEANING) * weight + (_LEANING if name == leg else 0.0)
        for name, weight in DEFAULT_WEIGHTS.items()
    }


def _cut(events: DataFrame, origin: float, length: float) -> tuple[DataFrame, DataFrame]:
    """What came before an origin, and what comes next."""
    rest = 1 - origin - length
    until = gr.splits.by_time(events, rest)[0] if rest > 1e-9 else events
    train, test = gr.splits.by_time(until, length / (origin + length))
    return train.persist(), test.persist()


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


def _tell(part: str, what: str, measured: DataFrame) -> None:
    figures = f"NDCG@20 {_mean(measured):.4f}, {measured.count()} users"
    print(f"{part:<11} {what:<32} {figures}", flush=True)


def _tell_models(part: str, models: Mapping[str, DataFrame]) -> None:
    for name, measured in models.items():
        _tell(part, name, measured)
        if name != _HYBRID:
            gain = compare(measured, models[_HYBRID], "ndcg", k=_CUTOFF)
            interval = f"{gain.ci_low:+.4f} to {gain.ci_high:+.4f}"
            told = f"{gain.difference:+.4f} ({interval}), p {gain.p_value:.2g}"
            print(f"{'':<11} hybrid to it: {told}", flush=True)


def _mean(measured: DataFrame) -> float:
    mean: float = measured.agg(F.avg("ndcg")).collect()[0][0]
    return mean


def _told(options: Options) -> str:
    recency, order = options
    return f"recency {recency or 'none'}, order {order:g}"


if __name__ == "__main__":
    main()
