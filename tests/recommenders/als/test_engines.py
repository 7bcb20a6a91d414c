"""Both engines minimise the objective that is written out in NumPy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from graphrec.errors import ParameterError
from graphrec.recommenders.als.engine import fit_als
from graphrec.recommenders.als.fold_in import SolvedFoldIn
from graphrec.recommenders.als.in_blocks import fit_in_blocks
from graphrec.recommenders.als.mllib import fit_mllib_als
from graphrec.recommenders.als.on_driver import fit_on_driver
from graphrec.recommenders.als.sweep import Objective
from graphrec.serving.item_factors import ItemFactors
from tests.recommenders.als.normal_equations import Feedback, Matrix, random_feedback

FEEDBACK = random_feedback(8)
ITEMS = FEEDBACK.confidence.shape[1]
SIZE = (FEEDBACK.confidence.shape[0], int(np.count_nonzero(FEEDBACK.confidence)))
RANK = 4


@pytest.fixture(scope="module")
def histories(spark: SparkSession) -> DataFrame:
    return FEEDBACK.histories(spark).cache()


@pytest.fixture(scope="module")
def by_iterations(histories: DataFrame) -> dict[int, ItemFactors]:
    return {n: fit_als(histories, ITEMS, size=SIZE, rank=RANK, iterations=n) for n in (1, 2, 3)}


def objective(factors: ItemFactors) -> float:
    """The objective with each user at the best for these items."""
    items = factors.vector.astype(np.float64)
    return FEEDBACK.objective(FEEDBACK.users_given(items), items)


def scores(items: npt.NDArray[np.floating]) -> Matrix:
    precise = items.astype(np.float64)
    return FEEDBACK.users_given(precise) @ precise.T


def test_the_objective_falls_with_each_iteration(by_iterations: dict[int, ItemFactors]) -> None:
    values = [objective(factors) for factors in by_iterations.values()]
    assert np.all(np.diff(values) < 0)
    nothing = FEEDBACK.objective(np.zeros((60, RANK)), np.zeros((ITEMS, RANK)))
    assert values[-1] < 0.7 * nothing


@pytest.mark.parametrize(("iterations", "tolerance"), [(1, 1e-4), (2, 5e-3)])
def test_the_last_iteration_solves_both_sides_exactly(
    histories: DataFrame, iterations: int, tolerance: float
) -> None:
    """Those before do nearly. Scores do not depend on the basis, so they are what is compared."""
    settings = Objective(unobserved=0.05, regularization=0.05, explicit=False), 0
    items = fit_on_driver(histories, ITEMS, RANK, 0, *settings).astype(np.float64)  # the start
    for _ in range(iterations):
        items = FEEDBACK.items_given(FEEDBACK.users_given(items))
    found = fit_on_driver(histories, ITEMS, RANK, iterations, *settings)
    np.testing.assert_allclose(scores(found), scores(items), atol=tolerance)


def test_factors_come_rotated(by_iterations: dict[int, ItemFactors]) -> None:
    factors = by_iterations[3]
    gram = factors.vector.T.astype(np.float64) @ factors.vector
    np.testing.assert_allclose(gram, np.diag(factors.eigenvalue), atol=1e-4)
    assert factors.fold_in == SolvedFoldIn(0.05, 0.05)


def test_bits_depend_on_the_seed_and_not_on_partitions(
    histories: DataFrame, by_iterations: dict[int, ItemFactors]
) -> None:
    dealt_otherwise = histories.repartition(5, F.xxhash64("user") % 3).orderBy(F.desc("user"))
    first = by_iterations[1]
    again = fit_als(dealt_otherwise, ITEMS, size=SIZE, rank=RANK, iterations=1)
    assert again.vector.tobytes() == first.vector.tobytes()
    other = fit_als(histories, ITEMS, size=SIZE, rank=RANK, iterations=1, seed=1)
    assert not np.allclose(scores(other.vector), scores(first.vector), atol=1e-3)


@pytest.mark.parametrize("explicit", [False, True])
def test_the_driver_and_blocks_give_the_same_bits(histories: DataFrame, explicit: bool) -> None:
    """Which of them runs depends on the cluster; the lists must not."""
    unobserved = 0.0 if explicit else 0.05
    settings = (ITEMS, RANK, 2, Objective(unobserved, 0.05, explicit), 3)
    whole = fit_on_driver(histories, *settings)
    assert whole.tobytes() == fit_in_blocks(histories.repartition(3), *settings).tobytes()


def test_factors_are_learned_on(
    histories: DataFrame, by_iterations: dict[int, ItemFactors]
) -> None:
    """Two iterations and one more are three, by the driver and in blocks."""
    further = fit_als(
        histories,
        ITEMS,
        size=SIZE,
        rank=RANK,
        iterations=1,
        start=by_iterations[2].vector,
    )
    assert objective(further) == pytest.approx(objective(by_iterations[3]), rel=1e-3)
    settings = (ITEMS, RANK, 1, Objective(0.05, 0.05, False), 3, by_iterations[2].vector)
    whole = fit_on_driver(histories, *settings)
    assert whole.tobytes() == fit_in_blocks(histories.repartition(3), *settings).tobytes()


def test_mllib_reaches_about_the_same_objective(
    histories: DataFrame, by_iterations: dict[int, ItemFactors]
) -> None:
    """Within 1 %: both stop after three iterations, from other random starts."""
    mllib = fit_mllib_als(histories, ITEMS, rank=RANK, iterations=3)
    assert objective(mllib) == pytest.approx(objective(by_iterations[3]), rel=0.01)


def test_a_weight_of_0_is_no_preference(spark: SparkSession, histories: DataFrame) -> None:
    """The last item: everybody gave it 0. By each engine it is as if nobody had it, as in MLlib."""
    zeros = histories.withColumn("items", F.concat("items", F.array(F.lit(ITEMS)))).withColumn(
        "weights", F.concat("weights", F.array(F.lit(0.0).cast("float")))
    )
    settings = (RANK, 2, Objective(0.05, 0.05, explicit=False), 0)
    for fit in (fit_on_driver, fit_in_blocks):
        found = fit(zeros, ITEMS + 1, *settings)
        np.testing.assert_array_equal(found[-1], 0.0)
        assert found[:-1].any()
    assert not fit_mllib_als(zeros, ITEMS + 1, rank=RANK, iterations=1).vector[-1].any()


def test_factors_that_cannot_pass_through_the_driver_are_refused(histories: DataFrame) -> None:
    with pytest.raises(ParameterError, match=r'60 rows x rank 100000000 .*; .* engine "mllib"'):
        fit_als(histories, ITEMS, size=SIZE, rank=100_000_000)


def test_an_item_that_nobody_has_gets_no_factor(spark: SparkSession) -> None:
    confidence = np.concatenate((FEEDBACK.confidence, np.zeros((60, 1))), axis=1)
    wider = Feedback(confidence).histories(spark)
    found = fit_als(wider, ITEMS + 1, size=SIZE, rank=RANK, iterations=1)
    np.testing.assert_array_equal(found.vector[-1], 0.0)
