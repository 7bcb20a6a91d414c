"""Profiles of tables of users, by Spark.

There may be more users than a driver can hold, so the encoding of their features is learned from a
sample of them, and applied to all by Spark's workers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Final

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.columns import USER, VECTOR
from graphrec.data.checks import require_columns
from graphrec.data.column_types import quoted
from graphrec.data.feature_encoding import feature_kinds, learn_encoding
from graphrec.data.frames import require_frame
from graphrec.data.interaction_columns import MALFORMED_LINE
from graphrec.data.profiles import Profiles
from graphrec.errors import ColumnError
from graphrec.spark.arrow import list_column

MAX_COLUMNS: Final = 200  # of a profile: each user has a vector of this length
SAMPLE: Final = 100_000  # users by whom the encoding is learned, at most
OF_USERS: Final = "the table of user features"


def learn_profiles(
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
    kinds = feature_kinds(frame.columns, features, apart_from=(user, MALFORMED_LINE), of=OF_USERS)
    require_columns(frame, *kinds, of=OF_USERS)
    _require_one_row_each(frame, ids, user)
    sampled = frame.orderBy(F.xxhash64(ids)).limit(SAMPLE)
    table = sampled.select(*(quoted(name).alias(f"of {name}") for name in kinds)).toArrow()
    named = pa.table({name: table[f"of {name}"] for name in kinds})
    return Profiles(learn_encoding(named, kinds, most=MAX_COLUMNS), user)


def profile_vectors(
    profiles: Profiles, frame: DataFrame, ids: Column, kind: T.DataType
) -> DataFrame:
    """The vectors of users.

    Args:
        profiles: how they are made.
        frame: has a row per user; a feature whose column it lacks is not known.
        ids: the user ids of the frame.
        kind: their type.

    Returns:
        (user, vector: array<float>), the features and a 1 behind them, of those users of whom
        anything is known.
    """
    has = [name for name in profiles.encoding.coders if name in frame.columns]
    columns = (quoted(name).alias(f"of {name}") for name in has)
    selected = frame.select(ids.alias(USER), *columns).where(F.col(USER).isNotNull())
    schema = T.StructType(
        [T.StructField(USER, kind), T.StructField(VECTOR, T.ArrayType(T.FloatType()))]
    )
    encode = partial(_encode_batches, profiles=profiles)
    return selected.mapInArrow(encode, schema)


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
