from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from pyspark.sql import DataFrame, SparkSession

from graphrec.recommenders.criteria import bias_learning
from graphrec.recommenders.criteria.bias_learning import RATINGS, added_by_criteria

USERS, FEW, ITEMS = 60, 20, 40

Numbers = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def planted() -> Numbers:
    """The items' biases in the overall rating and in a criterion are nearly the same."""
    random = np.random.default_rng(3)
    criterion = random.normal(0, 0.8, ITEMS)
    return np.column_stack((criterion + random.normal(0, 0.1, ITEMS), criterion))


@pytest.fixture(scope="module")
def ratings(planted: Numbers) -> Numbers:
    """The first items have few overall ratings; of the others, some criteria are missing."""
    random = np.random.default_rng(4)
    noise = random.multivariate_normal([0, 0], [[0.6, 0.2], [0.2, 0.6]], (USERS, ITEMS))
    found: Numbers = planted + random.normal(0, 0.4, (USERS, 1, 1)) + noise
    found[3:, :FEW, 0] = np.nan
    found[::4, FEW:, 1] = np.nan
    return found


@pytest.fixture(scope="module")
def histories(spark: SparkSession, ratings: Numbers) -> DataFrame:
    rows = [
        (list(range(ITEMS)), [None if np.isnan(one) else float(one) for one in user.reshape(-1)])
        for user in ratings
    ]
    return spark.createDataFrame(rows, f"items array<int>, {RATINGS} array<double>").persist()


def test_criteria_tell_what_few_overall_ratings_do_not(
    histories: DataFrame, planted: Numbers, ratings: Numbers
) -> None:
    raised = added_by_criteria(histories, ITEMS, 1)
    missed = planted[:, 0] - np.nanmean(ratings[:, :, 0], axis=0)
    assert np.corrcoef(raised[:FEW], missed[:FEW])[0, 1] > 0.7
    assert np.abs(raised[FEW:]).max() < 0.1 * np.abs(raised[:FEW]).max()


def test_the_cluster_adds_to_the_same_bits(
    histories: DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bias_learning, "_PASSES", 1)
    on_driver = added_by_criteria(histories, ITEMS, 1)
    monkeypatch.setattr(bias_learning, "is_better_on_driver", lambda *_, **__: False)
    np.testing.assert_array_equal(added_by_criteria(histories.repartition(3), ITEMS, 1), on_driver)
