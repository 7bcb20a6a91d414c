"""Models on disk: a directory of Parquet tables and one line of JSON, nothing pickled.

metadata/    class, format, parameters, column names, rules of the histories, figures of the tables,
             and the model's card
items/       item, support
neighbours/  index, and arrays: indices, one per neighbour leg, similarity if MMR reads it
factors/     index, vector: array, the factor legs side by side
pairs/       index, strength, support, one own sum per exponent, and arrays: indices, together,
             after, one sum per exponent

features/    index, and arrays of the item features: indices, data; if there are any
histories/    user, items: array, weights: array, times: array; where users may dislike items also
             stars: array, disliked: array
without_history/    user, perhaps disliked: array, and vector: array: what else is known of users
interactions/    user, item, weight, timestamp, batch: the accepted rows, for updates
likely/    user, likely: array<int>: what self-training has added to histories; if it has
given_0/ ...    features of items or users, or factors, that the recommender was given, as it was
fallback/    index, rank, source, score: of each item, where it is not popularity alone
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from graphrec.columns import AFTER, DATA, INDEX, INDICES, ITEM, RANK, SCORE, SOURCE, TOGETHER
from graphrec.cooccurrence.table import PairTable
from graphrec.data.dataset import Dataset, HistoryRules
from graphrec.data.feature_encoding import Sparse
from graphrec.data.interaction_columns import InteractionColumns
from graphrec.data.item_features import ItemFeatures
from graphrec.data.profiles import Profiles
from graphrec.kernels.types import Array
from graphrec.progress import stage
from graphrec.recommenders.model import RecommenderModel
from graphrec.recommenders.model_card import ModelCard
from graphrec.recommenders.recipe import describe_estimator, estimator_of
from graphrec.recommenders.saved_directory import (
    LOAD_MODEL,
    SAVE_MODEL,
    DirectoryReader,
    DirectoryWriter,
    read_directory,
    restore_params,
    write_directory,
)
from graphrec.recommenders.saved_tables import FOLD_INS, SIMILARITY, item_tables
from graphrec.recommenders.update_figures import UpdateFigures
from graphrec.recommenders.versions import hold
from graphrec.serving.kernel_types import Fallback
from graphrec.serving.tables import FactorLeg, ItemTables
from graphrec.spark.item_rows import from_rows, to_rows, vector_rows
from graphrec.spark.paths import path_for


class RecommenderWriter(DirectoryWriter):
    """Writes a model to a directory on any file system that Spark can write to."""

    @stage(SAVE_MODEL)
    def saveImpl(self, path: str) -> None:
        """Write all tables, the metadata last.

        Raises:
            OutputExistsError: the directory holds a model already, and `overwrite()` was not
                called.
        """
        spark, model = self.sparkSession, self._written
        tables = {
            "histories": model.dataset.histories,
            "items": model.dataset.catalogue.to_frame(spark),
            "neighbours": _neighbour_rows(spark, model.tables),
        }
        if model.dataset.without_history is not None:
            tables["without_history"] = model.dataset.without_history
        if model.tables.fallback is not None:
            tables["fallback"] = _fallback_rows(spark, model.tables.fallback)
        if model.tables.factor_legs:
            vectors = [leg.factors.vector for leg in model.tables.factor_legs]
            tables["factors"] = vector_rows(spark, np.concatenate(vectors, axis=1))
        if model.features is not None:
            tables["features"] = _feature_rows(spark, model.features)
        if model.tables.neighbour_names or model.counted_pairs is not None:
            tables["pairs"] = _pair_rows(spark, model.pairs)
        if model.likely is not None:
            tables["likely"] = model.likely
        described = _describe(model)
        if model.learned_by is not None and model.dataset.rows is not None:
            tables["interactions"] = model.dataset.rows
            described["learned_by"], given = describe_estimator(spark, model.learned_by)
            tables |= given
        overwrite = self.shouldOverwrite
        write_directory(spark, path, model, tables, described, overwrite=overwrite)


class RecommenderReader(DirectoryReader):
    """Reads what `RecommenderWriter` wrote."""

    @stage(LOAD_MODEL)
    def load(self, path: str) -> Any:
        """Read a model; of a folder of versions the current one, see `versions`.

        Raises:
            UnreadableInputError: there is no model at this path, or one of another class.
        """
        spark = self.sparkSession
        path = path_for(spark, hold(path))
        cls, metadata, described = read_directory(spark, path, self._expected)
        card = ModelCard.from_metadata(metadata, path)
        learned_by = described["learned_by"]
        items = spark.read.parquet(f"{path}/items")
        tables = item_tables(lambda name: spark.read.parquet(f"{path}/{name}").toArrow(), described)
        dataset = Dataset(
            columns=InteractionColumns(**described["columns"]),
            rules=HistoryRules.from_described(described["rules"]),
            catalogue=tables.catalogue,
            item_type=items.schema[ITEM].dataType,
            histories=spark.read.parquet(f"{path}/histories"),
            users=tables.users,
            without_history=spark.read.parquet(f"{path}/without_history")
            if described["without_history"]
            else None,
            profiles=Profiles.from_described(described["profiles"]),
            saved_figures=card.figures,
            rows=spark.read.parquet(f"{path}/interactions") if learned_by else None,
            batches=tuple(described["batches"]),
        )
        model = cls(dataset, tables, _read_pairs(spark, path, described["pairs"]))
        model.likely = spark.read.parquet(f"{path}/likely") if described.get("likely") else None
        model.features = _read_features(spark, path, described["features"], tables.catalogue.size)
        model.origin, model.metrics = card.origin, card.metrics
        if learned_by:
            model.learned_by = estimator_of(
                learned_by, lambda name: spark.read.parquet(f"{path}/{name}")
            )
        if described["update"]:
            model.update_figures = UpdateFigures(**described["update"])
        model.streams = described.get("streams", {})
        restore_params(model, metadata)
        return model


def _describe(model: RecommenderModel) -> dict[str, Any]:
    tables, pairs, profiles = model.tables, model.counted_pairs, model.dataset.profiles
    return {
        "card": model.summary.described(),
        "columns": asdict(model.dataset.columns),
        "rules": asdict(model.dataset.rules),
        "request": asdict(model.request(1)),  # as it is served where there is no Spark
        "recency_half_life": model.value("recencyHalfLife"),
        "seen_again_after": model.value("seenAgainAfter"),
        "shown_factor": model.value("shownFactor"),
        "users": tables.users,
        "learned_by": None,  # unless the writer keeps it
        "batches": list(model.dataset.batches),
        "streams": dict(model.streams),
        "update": None if model.update_figures is None else asdict(model.update_figures),
        "without_history": model.dataset.without_history is not None,
        "fallback": tables.fallback is not None,
        "likely": model.likely is not None,
        "profiles": None if profiles is None else profiles.described(),
        "neighbour_legs": list(tables.neighbour_names),
        "divide_by_strength": tables.divide_by_strength.tolist(),
        "factor_legs": [_describe_factors(leg) for leg in tables.factor_legs],
        "features": None if model.features is None else _describe_features(model.features),
        "pairs": None
        if pairs is None
        else {
            "users": pairs.users,
            "exponents": list(pairs.sums),
            "mean_scale": list(pairs.mean_scale.values()),
        },
    }


def _describe_factors(leg: FactorLeg) -> dict[str, Any]:
    fold_in = leg.factors.fold_in
    assert isinstance(fold_in, FOLD_INS)
    return {
        "name": leg.name,
        "eigenvalue": leg.factors.eigenvalue.tolist(),
        "fold_in": {"kind": type(fold_in).__name__, **asdict(fold_in)},
    }


def _describe_features(features: ItemFeatures) -> dict[str, Any]:
    return {
        "names": list(features.names),
        "owners": features.owners.tolist(),
        "kinds": dict(features.kinds),
        "left_out": dict(features.left_out),
    }


def _feature_rows(spark: SparkSession, features: ItemFeatures) -> DataFrame:
    matrix = features.matrix
    listed: dict[str, Array] = {INDICES: matrix.indices, DATA: matrix.data}
    return to_rows(spark, matrix.indptr.astype(np.int64), listed)


def _read_features(
    spark: SparkSession, path: str, described: dict[str, Any] | None, items: int
) -> ItemFeatures | None:
    if described is None:
        return None
    frame = spark.read.parquet(f"{path}/features")
    indptr, arrays = from_rows(frame, {INDICES: "int32", DATA: "float32"}, {})
    names = tuple(described["names"])
    matrix = Sparse((arrays[DATA], arrays[INDICES], indptr), shape=(items, len(names)))
    owners = np.array(described["owners"], np.int32)
    return ItemFeatures(matrix, names, owners, described["kinds"], described["left_out"])


def _fallback_rows(spark: SparkSession, fallback: Fallback) -> DataFrame:
    """(index, rank, source, score), in the order of the items."""
    rank = np.empty(fallback.order.size, np.int32)
    rank[fallback.order] = np.arange(rank.size, dtype=np.int32)
    index = np.arange(rank.size, dtype=np.int32)
    columns = {INDEX: index, RANK: rank, SOURCE: fallback.source, SCORE: fallback.score}
    return spark.createDataFrame(pa.table(columns))


def _neighbour_rows(spark: SparkSession, tables: ItemTables) -> DataFrame:
    indptr, indices, weights = tables.neighbours
    listed: dict[str, Array] = {INDICES: indices}
    if tables.similarity.size:
        listed[SIMILARITY] = tables.similarity
    for column, leg in enumerate(tables.neighbour_names):
        listed[leg] = np.ascontiguousarray(weights[:, column])
    return to_rows(spark, indptr, listed)


def _pair_rows(spark: SparkSession, pairs: PairTable) -> DataFrame:
    listed: dict[str, Array] = {INDICES: pairs.indices, TOGETHER: pairs.together}
    if pairs.after.size:
        listed[AFTER] = pairs.after
    single: dict[str, Array] = {"strength": pairs.strength, "support": pairs.support}
    for n, exponent in enumerate(pairs.sums):
        listed[f"sums_{n}"] = pairs.sums[exponent]
        single[f"own_{n}"] = pairs.own[exponent]
    return to_rows(spark, pairs.indptr, listed, single)


def _read_pairs(
    spark: SparkSession, path: str, described: dict[str, Any] | None
) -> PairTable | None:
    if described is None:
        return None
    exponents = described["exponents"]
    frame = spark.read.parquet(f"{path}/pairs")
    timed = {AFTER: "int32"} if AFTER in frame.columns else {}
    indptr, arrays = from_rows(
        frame,
        {INDICES: "int32", TOGETHER: "int32", **timed}
        | {f"sums_{n}": "float32" for n in range(len(exponents))},
        {"strength": "float64", "support": "int64"}
        | {f"own_{n}": "float64" for n in range(len(exponents))},
    )
    return PairTable(
        users=described["users"],
        mean_scale=dict(zip(exponents, described["mean_scale"], strict=True)),
        strength=arrays["strength"],
        support=arrays["support"],
        own={e: arrays[f"own_{n}"] for n, e in enumerate(exponents)},
        indptr=indptr,
        indices=arrays[INDICES],
        together=arrays[TOGETHER],
        after=arrays.get(AFTER, np.empty(0, np.int32)),
        sums={e: arrays[f"sums_{n}"] for n, e in enumerate(exponents)},
    )
