"""A rating model's directory: the ratings, the items with what was learned of each, and figures."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from graphrec.columns import VECTOR
from graphrec.data.catalogue import Catalogue
from graphrec.data.interaction_columns import InteractionColumns
from graphrec.progress import stage
from graphrec.recommenders.rating.fitted import Ratings, Scale
from graphrec.recommenders.rating.learning import Factors
from graphrec.recommenders.rating.prior import Prior
from graphrec.recommenders.saved_directory import (
    LOAD_MODEL,
    SAVE_MODEL,
    DirectoryReader,
    DirectoryWriter,
    read_directory,
    restore_params,
    write_directory,
)
from graphrec.spark.item_rows import from_rows, vector_rows


class RatingWriter(DirectoryWriter):
    """Writes a `RatingPredictorModel`."""

    @stage(SAVE_MODEL)
    def saveImpl(self, path: str) -> None:
        """Write the directory."""
        spark, ratings = self.sparkSession, self._written.ratings
        factors: Factors = ratings.factors
        tables = {
            "histories": ratings.histories,
            "items": ratings.catalogue.to_frame(spark),
            "factors": vector_rows(spark, np.column_stack((factors.items, factors.parts))),
        }
        described = {
            "columns": asdict(ratings.columns),
            "scale": ratings.scale._asdict(),
            "users": {name: array.tolist() for name, array in factors.users._asdict().items()},
            "unknown": factors.unknown.tolist(),
            "noise": factors.noise,
        }
        overwrite = self.shouldOverwrite
        write_directory(spark, path, self._written, tables, described, overwrite=overwrite)


class RatingReader(DirectoryReader):
    """Reads a `RatingPredictorModel`."""

    @stage(LOAD_MODEL)
    def load(self, path: str) -> Any:
        """The model in a directory."""
        spark = self.sparkSession
        cls, metadata, described = read_directory(spark, path, self._expected)
        unknown = np.array(described["unknown"], np.float32)
        catalogue = Catalogue.from_frame(spark.read.parquet(f"{path}/items"))
        _, arrays = from_rows(spark.read.parquet(f"{path}/factors"), {VECTOR: "float32"})
        rows = arrays[VECTOR].reshape(catalogue.size, -1)
        model = cls(
            Ratings(
                columns=InteractionColumns(**described["columns"]),
                catalogue=catalogue,
                histories=spark.read.parquet(f"{path}/histories"),
                scale=Scale(**described["scale"]),
                factors=Factors(
                    items=np.ascontiguousarray(rows[:, : unknown.size]),
                    parts=np.ascontiguousarray(rows[:, unknown.size :]),
                    users=Prior(**{name: np.array(a) for name, a in described["users"].items()}),
                    unknown=unknown,
                    noise=described["noise"],
                ),
            )
        )
        restore_params(model, metadata)
        return model
