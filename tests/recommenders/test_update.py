"""An updated model is what a fit to all interactions gives, wherever that can be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession

import graphrec as gr
from graphrec.cooccurrence.table import PairTable
from graphrec.errors import ColumnError, EmptyInputError, ParameterError
from graphrec.kernels.csr import transpose
from graphrec.recommenders.base import Recommender
from graphrec.recommenders.before import Before
from graphrec.recommenders.model import RecommenderModel
from graphrec.recommenders.update import update
from tests.recommenders.checkerboard import COLUMNS, SCHEMA, Row, frame, legs, profiles, rows

NEW: list[Row] = [
    ("v00", 23, 4.0, 1.1e9),
    ("v01", 100, 2.0, 1.1e9),  # an item that nobody had
    ("v50-new", 3, 5.0, 1.1e9),
    ("v50-new", 5, 5.0, 1.1e9 + 1),
    ("v02", 2, -1.0, 1.2e9),  # disliked from now on
]


@pytest.fixture(scope="module")
def fitted(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> RecommenderModel:
    """A hybrid that was saved and loaded: all that an update needs is in its directory."""
    hybrid = gr.HybridRecommender(
        [*legs(), gr.EmbeddingRecommender(rank=4, epochs=20)],
        weights="default",
        pseudoInteractions=0.0,
        **COLUMNS,
    )
    path = str(tmp_path_factory.mktemp("update") / "model")
    hybrid.fit(frame(spark, rows())).write().save(path)
    return RecommenderModel.load(path)


@pytest.fixture(scope="module")
def new(spark: SparkSession) -> DataFrame:
    return frame(spark, NEW)


@pytest.fixture(scope="module")
def updated(fitted: RecommenderModel, new: DataFrame) -> RecommenderModel:
    return fitted.update(new)


@pytest.fixture(scope="module")
def refitted(fitted: RecommenderModel, spark: SparkSession) -> RecommenderModel:
    """What a fit with the same settings gives that has read all rows."""
    assert isinstance(fitted.learned_by, Recommender)
    return fitted.learned_by.fit(frame(spark, [*rows(), *NEW]))


def assert_same_counts(found: PairTable, wanted: PairTable) -> None:
    for name in ("strength", "support", "indptr", "indices", "together", "after"):
        assert getattr(found, name).tobytes() == getattr(wanted, name).tobytes(), name


def assert_same_pairs(found: PairTable, wanted: PairTable) -> None:
    assert_same_counts(found, wanted)
    for sums in ("own", "sums"):
        own, other = getattr(found, sums), getattr(wanted, sums)
        assert {e: own[e].tobytes() for e in own} == {e: other[e].tobytes() for e in other}


def test_histories_popularity_and_pairs_are_those_of_a_fit(
    updated: RecommenderModel, refitted: RecommenderModel
) -> None:
    assert updated.dataset.catalogue.ids.equals(refitted.dataset.catalogue.ids)
    assert updated.dataset.rules == refitted.dataset.rules
    found, wanted = (
        model.dataset.served.orderBy("user").toArrow() for model in (updated, refitted)
    )
    assert found.equals(wanted)
    assert_same_pairs(updated.pairs, refitted.pairs)


def test_what_is_made_of_pairs_is_that_of_a_fit(
    updated: RecommenderModel, refitted: RecommenderModel
) -> None:
    found, wanted = updated.tables, refitted.tables
    assert found.neighbour_names == wanted.neighbour_names == ("walk", "ease")
    assert found.neighbours.indices.tobytes() == wanted.neighbours.indices.tobytes()
    walk, ease = found.neighbours.data.T, wanted.neighbours.data.T
    assert walk[0].tobytes() == ease[0].tobytes()
    np.testing.assert_allclose(walk[1], ease[1], atol=1e-6)


def test_vectors_are_learned_on_and_new_items_have_some(
    fitted: RecommenderModel, updated: RecommenderModel, refitted: RecommenderModel
) -> None:
    item = updated.dataset.catalogue.index_of(100)
    for leg, near in zip(updated.tables.factor_legs, refitted.tables.factor_legs, strict=True):
        assert leg.name == near.name
        assert leg.factors.vector[item].any()
        ours, theirs = (one.factors.vector @ one.factors.vector.T for one in (leg, near))
        assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.8
    assert updated.value("weights") == fitted.value("weights")


def test_a_batch_is_taken_in_once(
    fitted: RecommenderModel, updated: RecommenderModel, new: DataFrame, spark: SparkSession
) -> None:
    assert updated.update_figures is not None
    assert updated.update_figures.accepted_rows == len(NEW)
    assert updated.update_figures.changed_users == 4
    assert updated.update(new.repartition(3)) is updated
    assert fitted.update(frame(spark, rows())) is fitted  # what was learned from
    # a stream names its batches: the same rows again are another batch, the same name is not
    again = update(updated, new.limit(0), batch="stream 8")
    assert not again.has_changed
    assert again.model is updated


def test_changed_users_are_those_of_new_batches(
    fitted: RecommenderModel, updated: RecommenderModel
) -> None:
    changed = {row.viewer for row in updated.changedUsers(fitted).collect()}
    assert changed == {"v00", "v01", "v02", "v50-new"}
    with pytest.raises(ParameterError, match="does not come from the other one"):
        fitted.changedUsers(updated)


def test_bad_rows_are_rejected_and_alone_change_nothing(
    fitted: RecommenderModel, spark: SparkSession
) -> None:
    poison: list[Row] = [(None, 3, 4.0, 1e9), ("v00", 3, None, 1e9), ("v00", 3, 1.0, 1e13)]
    done = update(fitted, frame(spark, poison))
    assert done.model is fitted
    assert sum(done.figures.rejected.values()) == len(poison)
    assert done.rejected.count() == len(poison)
    assert done.rejected.columns == [*SCHEMA.names, "reason"]


def test_what_cannot_be_taken_in_is_refused(
    fitted: RecommenderModel, new: DataFrame, spark: SparkSession
) -> None:
    with pytest.raises(ColumnError, match="stars"):
        fitted.update(new.drop("stars"))
    with pytest.raises(ColumnError, match=r"item ids .* not of the model's type"):
        fitted.update(new.selectExpr("viewer", "'x' AS film", "stars", "day"))
    with pytest.raises(ParameterError, match="nothing to update by"):
        fitted.update()
    [leg, *_] = fitted.baselines().values()  # type: ignore[attr-defined]
    with pytest.raises(ParameterError, match="cannot be updated: how it was learned is not known"):
        leg.update(new)
    everybody = spark.createDataFrame([(row[0],) for row in rows()], "viewer string")
    with pytest.raises(EmptyInputError):
        fitted.update(forget=everybody)


def test_self_training_lists_for_users_of_whom_something_is_new(
    spark: SparkSession, tmp_path: Path
) -> None:
    """Of the others it keeps what it has added, whatever the numbers of the items."""
    hybrid = gr.HybridRecommender(legs(), weights="default", pseudoInteractions=0.2, **COLUMNS)
    hybrid.fit(frame(spark, rows())).write().save(str(tmp_path / "model"))
    fitted = RecommenderModel.load(str(tmp_path / "model"))
    updated = fitted.update(frame(spark, [("v00", 23, 4.0, 1.1e9), ("v01", 100, 2.0, 1.1e9)]))
    before, now = _likely(fitted), _likely(updated)
    assert len(before) > 20
    assert {user: before[user] for user in before if user not in ("v00", "v01")} == {
        user: now[user] for user in now if user not in ("v00", "v01")
    }
    assert 23 not in now["v00"]
    assert 23 in before["v00"] or now["v00"] != before["v00"]

    ease, solved = (dict(_columns_of(model, "ease")) for model in (fitted, updated))
    others = [film for film in ease if film != 23]
    assert all(solved[film] == ease[film] for film in others)
    assert solved[23] != ease[23]
    assert solved[100]

    assert updated.counted_pairs is None  # they are counted when they are read, or saved
    whole = hybrid.copy().setParams(pseudoInteractions=0.0)
    rows_now = [*rows(), ("v00", 23, 4.0, 1.1e9), ("v01", 100, 2.0, 1.1e9)]
    assert_same_counts(updated.pairs, whole.fit(frame(spark, rows_now)).pairs)


def _likely(model: RecommenderModel) -> dict[str, set[object]]:
    assert model.likely is not None
    ids = model.dataset.catalogue.ids.to_pylist()
    return {row.user: {ids[index] for index in row.likely} for row in model.likely.collect()}


def _columns_of(model: RecommenderModel, leg: str) -> Iterator[tuple[object, dict[object, float]]]:
    """Each item, and the weights that lead to it by the items of the history."""
    before = Before(model.tables, model.tables.catalogue, None, None)
    found = before.neighbour_legs[leg]
    ids = model.dataset.catalogue.ids.to_pylist()
    by_target = transpose(found.weights, len(ids))
    for target, first, last in zip(ids, by_target.indptr, by_target.indptr[1:], strict=False):
        entries = range(first, last)
        yield target, {ids[by_target.indices[n]]: float(by_target.data[n]) for n in entries}


SETTINGS: list[dict[str, object]] = [
    {"duplicates": "sum", "preference": "weight", "halfLife": 3.0},
    {"duplicates": "mean", "likedFrom": "mean", "preference": "graded"},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_duplicates_decay_and_likes_follow_the_rules_of_the_fit(
    spark: SparkSession, settings: dict[str, object]
) -> None:
    first: list[Row] = [
        ("a", 1, 3.0, 1e9),
        ("a", 2, 0.1, 1e9),
        ("b", 1, 5.0, 1e9),
        ("b", 3, 1, 9e8),
    ]
    then: list[Row] = [("a", 2, 0.2, 1.0001e9), ("b", 1, -1.0, 9e8), ("c", 2, 4.0, 1.0002e9)]
    popular = gr.PopularityRecommender(**COLUMNS, **settings)
    updated = popular.fit(frame(spark, first)).update(frame(spark, then))
    whole = popular.fit(frame(spark, [*first, *then]))
    found, wanted = (model.dataset.served.orderBy("user").toArrow() for model in (updated, whole))
    assert found.equals(wanted)


def test_nothing_of_a_forgotten_user_remains(spark: SparkSession, tmp_path: Path) -> None:
    tastes = profiles(spark, ("w-silent", "odd"))
    recommender = gr.HybridRecommender(
        [gr.ItemKNNRecommender(), gr.DemographicRecommender(tastes)],
        weights={"knn": 0.5, "demographic": 0.5},
        **COLUMNS,
    )
    model = recommender.fit(frame(spark, rows()))
    forget = spark.createDataFrame([("v98-hub",), ("v03",), ("w-silent",)], "viewer string")
    new = frame(spark, [("v98-hub", 7, 5.0, 1.1e9), ("v00", 23, 4.0, 1.1e9)])
    left = model.update(new, forget=forget)
    assert left.update_figures is not None
    assert left.update_figures.forgotten_users == 3
    assert left.update_figures.accepted_rows == 1
    left.write().save(str(tmp_path / "model"))
    for table in (tmp_path / "model").iterdir():
        if table.name != "metadata":
            columns = pq.read_table(table).to_pydict()
            assert not {"v98-hub", "v03", "w-silent"} & {str(v) for v in _all(columns)}, table
    kept = [row for row in [*rows(), ("v00", 23, 4.0, 1.1e9)] if row[0] not in ("v98-hub", "v03")]
    assert isinstance(left.learned_by, Recommender)
    whole = left.learned_by.fit(frame(spark, kept))
    assert_same_pairs(left.pairs, whole.pairs)
    [line] = (tmp_path / "model" / "metadata").glob("part-*")
    batches = json.loads(line.read_text())["graphrec"]["batches"]
    assert len(batches) == 2


def _all(columns: dict[str, list[object]]) -> list[object]:
    return [value for column in columns.values() for value in column if isinstance(value, str)]
