"""Profiles: what is known of users beside their interactions, as vectors.

The columns of a table of users are encoded as those of items are (`feature_encoding`). There may be
more users than a driver can hold, so the encoding is learned from a sample of them, and applied to
all by Spark's workers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.columns import USER, VECTOR
from graphrec.data.checks import require_columns
from graphrec.data.column_types import quoted
from graphrec.data.feature_encoding import FeatureEncoding, feature_kinds, learn_encoding
from graphrec.data.frames import require_frame
from graphrec.errors import ColumnError
from graphrec.spark.arrow import list_column

MAX_COLUMNS: Final = 200  # of a profile: each user has a vector of this length
SAMPLE: Final = 100_000  # users by whom the encoding is learned, at most
FRACTION_BITS: Final = 16  # of a vector's numbers, so that sums of them are exact
OF_USERS: Final = "the table of user features"


@dataclass(frozen=True)
class Profiles:
    """How features of users become vectors.

    Attributes:
        encoding: of the features.
        user: the name of the input's user column.
    """

    encoding: FeatureEncoding
    user: str

    @staticmethod
    def learn(
        frame: DataFrame, features: Sequence[str] | None, *, user: str, ids: Column
    ) -> Profiles:
        """Learn the encoding from a sample of the users.

        Args:
            frame: has a row per user.
            features: see `parse_features`; None: all columns but the user's.
            user: the name of the user column.
            ids: the user ids of the frame.

        Raises:
            ColumnError: a column is not there or cannot be used, a user has several rows, or no
                feature says anything.
            ParameterError: it is no table, or a feature is of an unknown kind.
        """
        require_frame(frame, OF_USERS)
        kinds = feature_kinds(frame.columns, features, apart_from=user, of=OF_USERS)
        require_columns(frame, *kinds, of=OF_USERS)
        _require_one_row_each(frame, ids, user)
        sampled = frame.orderBy(F.xxhash64(ids)).limit(SAMPLE)
        table = sampled.select(*(quoted(name).alias(f"of {name}") for name in kinds)).toArrow()
        named = pa.table({name: table[f"of {name}"] for name in kinds})
        return Profiles(learn_encoding(named, kinds, most=MAX_COLUMNS), user)

    def described(self) -> dict[str, Any]:
        """As JSON; see `from_described`."""
        return {"user": self.user, "encoding": self.encoding.described()}

    @staticmethod
    def from_described(described: Mapping[str, Any] | None) -> Profiles | None:
        """The inverse of `described`; None of None."""
        if described is None:
            return None
        encoding = FeatureEncoding.from_described(described["encoding"])
        return Profiles(encoding, described["user"])

    @property
    def width(self) -> int:
        """The length of the vectors."""
        return len(self.encoding.kept) + 1

    def vectors(self, frame: DataFrame, ids: Column, kind: T.DataType) -> DataFrame:
        """The vectors of users.

        Args:
            frame: has a row per user; a feature whose column it lacks is not known.
            ids: the user ids of the frame.
            kind: their type.

        Returns:
            (user, vector: array<float>), the features and a 1 behind them, of those users of whom
            anything is known.
        """
        has = [name for name in self.encoding.coders if name in frame.columns]
        columns = (quoted(name).alias(f"of {name}") for name in has)
        selected = frame.select(ids.alias(USER), *columns).where(F.col(USER).isNotNull())
        schema = T.StructType(
            [T.StructField(USER, kind), T.StructField(VECTOR, T.ArrayType(T.FloatType()))]
        )
        encode = partial(_encode_batches, profiles=self)
        return selected.mapInArrow(encode, schema).where(F.col(VECTOR).isNotNull())

    def matrix(self, table: pa.Table) -> npt.NDArray[np.float32]:
        """The vectors of some users, (rows, width); 0 throughout where nothing is known.

        Args:
            table: a column per feature; null, or no column at all, where it is not known.
        """
        vectors = np.zeros((table.num_rows, self.width), np.float32)
        one = 1 << FRACTION_BITS
        vectors[:, :-1] = np.rint(self.encoding.matrix(table).toarray() * one) / one
        vectors[:, -1] = (vectors[:, :-1] != 0.0).any(axis=1)
        return vectors


def _encode_batches(
    batches: Iterable[pa.RecordBatch], *, profiles: Profiles
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        names = [name.removeprefix("of ") for name in batch.schema.names]
        vectors = profiles.matrix(pa.Table.from_batches([batch]).rename_columns(names))
        known = vectors[:, -1] > 0.0
        indptr = np.arange(known.sum() + 1, dtype=np.int64) * profiles.width
        some = batch[USER].filter(pa.array(known))
        yield pa.RecordBatch.from_pydict(
            {USER: some, VECTOR: list_column(indptr, vectors[known].reshape(-1))}
        )


def _require_one_row_each(frame: DataFrame, ids: Column, name: str) -> None:
    counted = frame.select(ids.alias(USER)).where(F.col(USER).isNotNull()).groupBy(USER).count()
    found = counted.where("count > 1").first()
    if found is not None:
        raise ColumnError(
            "user features must have one row per user",
            found=f"{found['count']} rows of the {name} {found[USER]!r}",
            fix="join several values of a user by |, or make them an array",
        )
