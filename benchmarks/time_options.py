"""What recency of the history, the order of watching and other weights give, on a split by time.

    python -m benchmarks.time_options RATINGS

The options are chosen by rolling origin (Tashman 2000) in the first four fifths of the events: the
models learn what came before each origin and list for the next tenth, and the users of all origins
count together, for hardly any user is on both sides of one. With the chosen recency and order the
default weights are compared with those that lean to one leg. The test events, the last fifth of
all, are read once, with what was chosen and without any of it.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import TypeVar

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

import graphrec as gr
from graphrec.evaluation.metrics import ranking_metrics
from graphrec.evaluation.significance import Comparison, compare
from graphrec.models.hybrid import DEFAULT_WEIGHTS
from graphrec.models.recommender import Recommender, RecommenderModel

_CUTOFF = 20
_ORIGINS = (0.3, 0.4, 0.5, 0.6, 0.7)  # shares of all events
_WINDOW = 0.1  # likewise
_RECENCY = (None, 730.0, 365.0, 180.0, 90.0, 30.0)  # days
_ORDER = (0.0, 0.5, 1.0)
_LEANING = 0.3  # share of the blend that one leg is given beforehand

_HYBRID = "hybrid"
_NONE = "none"

Options = tuple[float | None, float]  # (recency, order)
Key = TypeVar("Key")

_PLAIN: Options = (None, 0.0)


def main() -> None:
    """Choose on the validation events, and tell what that gives on the test events."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ratings", type=Path)
    path = str(parser.parse_args().ratings)
    spark = gr.spark_session("graphrec time options")
    rows = spark.read.csv(path, header=True, inferSchema=True)
    named = {"userId": "user", "movieId": "item", "timestamp": "timestamp"}
    events = rows.select(*(F.col(old).alias(new) for old, new in named.items()))
    asked = [(recency, order) for order in _ORDER for recency in _RECENCY]
    windows = [_window(events, origin) for origin in _ORIGINS]
    found = _pooled([_hybrids(*window, asked) for window in windows])
    best = max(found, key=lambda options: _mean(found[options]))
    for options, measured in found.items():
        _tell("validation", _told(options), measured)
    leaning = _pooled([_leaning(*window, best) for window in windows])
    for leg, measured in leaning.items():
        _tell("validation", f"{_told(best)}, leaning to {leg}", measured)
    weights = leaning_to(max(leaning, key=lambda leg: _mean(leaning[leg])))
    _tell_models("validation", _pooled([_models(*window, best, weights) for window in windows]))
    train, test = gr.splits.by_time(events, 0.2)
    plain = _hybrids(train, test, [_PLAIN])[_PLAIN]
    _tell("test", _told(_PLAIN), plain)
    final = _models(train, test, best, weights)
    _tell_models("test", final)
    _tell_gain(f"to {_told(_PLAIN)}", compare(plain, final[_HYBRID], "ndcg", k=_CUTOFF))


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


def _window(events: DataFrame, origin: float) -> tuple[DataFrame, DataFrame]:
    """What came before an origin, and the next tenth of all events."""
    until, _ = gr.splits.by_time(events, 1 - origin - _WINDOW)
    return gr.splits.by_time(until, _WINDOW / (origin + _WINDOW))


def _hybrids(
    train: DataFrame, test: DataFrame, asked: Sequence[Options]
) -> dict[Options, DataFrame]:
    """Metrics per user for each choice; one fit serves all recencies of an order."""
    found = {}
    for order in dict.fromkeys(order for _, order in asked):
        model = gr.HybridRecommender(legs_in_order(order)).fit(train)
        for recency in [recency for recency, other in asked if other == order]:
            varied = model.copy({model.recencyHalfLife: recency})
            found[recency, order] = _measured(varied, train, test)
    return found


def _fitted(train: DataFrame, options: Options) -> gr.HybridRecommenderModel:
    recency, order = options
    model = gr.HybridRecommender(legs_in_order(order), recencyHalfLife=recency).fit(train)
    assert isinstance(model, gr.HybridRecommenderModel)
    return model


def _leaning(train: DataFrame, test: DataFrame, options: Options) -> dict[str, DataFrame]:
    """Metrics per user of the hybrid with its default weights, and with a leaning to each leg."""
    model = _fitted(train, options)
    return {
        leg: _measured(model.copy({model.weights: leaning_to(leg)}), train, test)
        for leg in (_NONE, *DEFAULT_WEIGHTS)
    }


def _models(
    train: DataFrame, test: DataFrame, options: Options, weights: Mapping[str, float]
) -> dict[str, DataFrame]:
    """Metrics per user of the hybrid and of its legs, with the same options."""
    model = _fitted(train, options)
    model.setParams(weights=weights)
    models = {**model.baselines(), _HYBRID: model}
    return {name: _measured(model, train, test) for name, model in models.items()}


def _measured(model: RecommenderModel, train: DataFrame, test: DataFrame) -> DataFrame:
    known = test.join(train.select("user").distinct(), "user", "left_semi").persist()
    lists = model.rankedLists(_CUTOFF, users=known)
    return ranking_metrics(lists, known, k=_CUTOFF, metrics=["ndcg"]).localCheckpoint()


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
        _tell(part, f"chosen, {name}", measured)
        if name != _HYBRID:
            _tell_gain(f"to {name}", compare(measured, models[_HYBRID], "ndcg", k=_CUTOFF))


def _tell_gain(what: str, gain: Comparison) -> None:
    interval = f"{gain.ci_low:+.4f} to {gain.ci_high:+.4f}"
    print(f"{'':<11} hybrid {what}: {gain.difference:+.4f} ({interval}), p {gain.p_value:.2g}")


def _mean(measured: DataFrame) -> float:
    mean: float = measured.agg(F.avg("ndcg")).collect()[0][0]
    return mean


def _told(options: Options) -> str:
    recency, order = options
    return f"recency {recency or 'none'}, order {order:g}"


if __name__ == "__main__":
    main()
