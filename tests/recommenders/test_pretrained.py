from __future__ import annotations

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import graphrec as gr
from graphrec.errors import ColumnError, ParameterError

RANK = 3
Rows = list[tuple[str, list[float] | None]]


@pytest.fixture(scope="module")
def factors() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    return random.normal(size=(12, RANK)), random.normal(size=(9, RANK))


@pytest.fixture(scope="module")
def interactions(spark: SparkSession) -> DataFrame:
    random = np.random.default_rng(2)
    rows = [(f"u{u}", i) for u in range(12) for i in range(9) if random.random() < 0.4]
    rows += [("u0", i) for i in range(9) if i % 2]
    return spark.createDataFrame(rows, "user string, item int").persist()


def frame(spark: SparkSession, vectors: np.ndarray, ids: list[object]) -> DataFrame:
    rows = [(key, vector.tolist()) for key, vector in zip(ids, vectors, strict=True)]
    return spark.createDataFrame(rows, ["id", "features"])


def test_scores_are_products_of_the_given_factors(
    spark: SparkSession, factors: tuple[np.ndarray, np.ndarray], interactions: DataFrame
) -> None:
    users, items = factors
    model = gr.PretrainedFactorsRecommender(
        frame(spark, items, list(range(9))), frame(spark, users, [f"u{u}" for u in range(12)])
    ).fit(interactions)
    scored = model.transform(interactions).collect()
    expected = [users[int(row.user[1:])] @ items[row.item] for row in scored]
    np.testing.assert_allclose([row.prediction for row in scored], expected, rtol=1e-4, atol=1e-5)


def test_users_without_a_factor_are_folded_in(
    spark: SparkSession, factors: tuple[np.ndarray, np.ndarray], interactions: DataFrame
) -> None:
    _, items = factors
    model = gr.PretrainedFactorsRecommender(
        frame(spark, items, list(range(9))), alpha=10.0, regParam=2.0
    ).fit(interactions)
    history = [row.item for row in interactions.where("user = 'u0'").distinct().collect()]
    seen = items[history]
    system = 0.1 * items.T @ items + seen.T @ seen + 0.2 * len(history) * np.eye(RANK)
    user = np.linalg.solve(system, 1.1 * seen.sum(axis=0))
    pairs = interactions.where("user = 'u0'").distinct()
    for row in model.transform(pairs).collect():
        assert row.prediction == pytest.approx(user @ items[row.item], rel=1e-3, abs=1e-5)


def test_given_factors_blend_with_other_legs(
    spark: SparkSession, factors: tuple[np.ndarray, np.ndarray], interactions: DataFrame
) -> None:
    users, items = factors
    given = gr.PretrainedFactorsRecommender(
        frame(spark, items, list(range(9))), frame(spark, users, [f"u{u}" for u in range(12)])
    )
    hybrid = gr.HybridRecommender(
        [gr.RandomWalkRecommender(), given], weights={"walk": 0.5, "factors": 0.5}
    )
    rows = hybrid.fit(interactions).rankedLists(3).collect()
    assert {row.user for row in rows} == {row.user for row in interactions.collect()}
    assert all(row.score == pytest.approx(row.walk + row.factors, abs=1e-5) for row in rows)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300, None])
def test_vectors_that_are_not_finite_are_refused(
    spark: SparkSession, interactions: DataFrame, value: float | None
) -> None:
    bad = spark.createDataFrame([(1, [1.0, value])], "id int, vector array<double>")
    with pytest.raises(ColumnError, match=r"must hold finite numbers; found .* of 1"):
        gr.PretrainedFactorsRecommender(bad).fit(interactions)


def test_frames_of_another_shape_are_refused(spark: SparkSession, interactions: DataFrame) -> None:
    wrong = spark.createDataFrame([(1, 2.0)], "id int, value double")
    with pytest.raises(ColumnError, match="two columns"):
        gr.PretrainedFactorsRecommender(wrong).fit(interactions)
    for kind in ("string", "double"):
        other = spark.createDataFrame([], f"id {kind}, v array<double>")
        with pytest.raises(ColumnError, match=f"'item' .*found {kind}|'item' .*; found {kind}"):
            gr.PretrainedFactorsRecommender(other).fit(interactions)
    with pytest.raises(ParameterError, match="table of factors must be a Spark DataFrame; found l"):
        gr.PretrainedFactorsRecommender([(1, [1.0])]).fit(interactions)  # type: ignore[arg-type]
    ragged = spark.createDataFrame([(1, [1.0]), (2, [1.0, 2.0])], "id int, v array<double>")
    with pytest.raises(ColumnError, match="one length"):
        gr.PretrainedFactorsRecommender(ragged).fit(interactions)


@pytest.mark.parametrize(
    ("items", "users", "found"),
    [
        # Two vectors of lengths 1 and 3 have the numbers of two vectors of length 2.
        ([("i0", [1.0]), ("i1", [1.0, 2.0, 3.0])], [], "lengths from 1 to 3"),
        ([("i0", [1.0]), ("i0", [2.0])], [], "2 rows of one item"),
        ([("i0", [1.0, 2.0]), ("i1", None)], [], "None of 'i1'"),
        ([("i0", []), ("i1", [])], [], "vectors of length 0"),
        ([("i0", [1.0, 2.0])], [("u0", [1.0]), ("u1", [1.0, 2.0, 3.0])], "lengths from 1 to 3"),
        ([("i0", [1.0, 2.0])], [("u0", [1.0, 2.0]), ("u0", [2.0, 1.0])], "2 rows of one user"),
        ([("i0", [1.0, 2.0])], [("u0", [1.0])], "1 and 2"),
    ],
    ids=str,
)
def test_factors_are_one_vector_of_one_length_for_each_id(
    spark: SparkSession, interactions: DataFrame, items: Rows, users: Rows, found: str
) -> None:
    schema = "id string, v array<double>"
    given = gr.PretrainedFactorsRecommender(
        spark.createDataFrame(items, schema), spark.createDataFrame(users, schema)
    )
    named = interactions.select("user", F.concat(F.lit("i"), "item").alias("item"))
    with pytest.raises(ColumnError, match=f"found {found}"):
        given.fit(named)
