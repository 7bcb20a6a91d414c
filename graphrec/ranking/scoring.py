"""Scores of given (user, item) pairs, through the same kernel as the lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import types as T

from graphrec.artifacts import SharedArrays, one_thread, read_only
from graphrec.columns import PREDICTION, USER
from graphrec.data.ragged import lists, offsets, values
from graphrec.factors.item_factors import FoldIn
from graphrec.ranking.kernel import score_items
from graphrec.ranking.serving import read_profiles, user_factors
from graphrec.ranking.settings import Request
from graphrec.ranking.tables import ItemTables, factors_of, neighbours_of

WANTED = "wanted"  # array<int>, item indices to be scored for the user


def score_pairs(profiles: DataFrame, tables: ItemTables, request: Request) -> DataFrame:
    """Blended scores of wanted items.

    Args:
        profiles: (user, items, weights, wanted: array<int>), perhaps `vector`; see `serve`.
        tables: the model.
        request: the blend.

    Returns:
        (user, wanted: array<int>, prediction: array<float>, one array<float> per leg), aligned.
    """
    fields = [T.StructField(PREDICTION, T.ArrayType(T.FloatType()))]
    fields += [T.StructField(leg, T.ArrayType(T.FloatType())) for leg in tables.legs]
    schema = T.StructType([profiles.schema[USER], profiles.schema[WANTED], *fields])
    shared = tables.share(profiles.sparkSession, diversify=False)
    score = partial(
        _score_batches, shared=shared, legs=tables.legs, fold_ins=tables.fold_ins, request=request
    )
    return profiles.mapInArrow(score, schema)


def _score_batches(
    batches: Iterable[pa.RecordBatch],
    *,
    shared: SharedArrays,
    legs: tuple[str, ...],
    fold_ins: Sequence[FoldIn],
    request: Request,
) -> Iterator[pa.RecordBatch]:
    tables = shared.open()
    excluded = read_only(np.zeros(tables["popularity"].size, np.bool_))
    for batch in batches:
        profiles = read_profiles(batch, filter_seen=False)
        start = offsets(batch[WANTED])
        with one_thread():
            users = user_factors(batch, profiles, tables, fold_ins)
            score, share = score_items(
                profiles,
                read_only(start),
                read_only(values(batch[WANTED], np.int32)),
                neighbours_of(tables),
                factors_of(tables, users),
                request.settings(tables["popularity"], excluded),
            )
        columns = {
            USER: batch[USER],
            WANTED: batch[WANTED],
            PREDICTION: lists(start, score),
        }
        for place, leg in enumerate(legs):
            columns[leg] = lists(start, np.ascontiguousarray(share[:, place]))
        yield pa.RecordBatch.from_pydict(columns)
