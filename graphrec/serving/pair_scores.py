"""Scores of given (user, item) pairs, by the kernel that ranks the lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import types as T

from graphrec.columns import PREDICTION, USER
from graphrec.kernels.types import read_only
from graphrec.serving.fallback import fallback_of
from graphrec.serving.item_factors import FoldIn
from graphrec.serving.kernel import score_items
from graphrec.serving.list_rules import list_rules
from graphrec.serving.ranking import read_histories, user_factors
from graphrec.serving.request import Request
from graphrec.serving.shared_tables import share_tables
from graphrec.serving.tables import ItemTables, factors_of, neighbours_of
from graphrec.spark.arrow import list_column, offsets, values
from graphrec.spark.shared_arrays import SharedArrays
from graphrec.spark.threads import one_thread

WANTED = "wanted"  # array<int>, item indices to be scored for the user


def score_pairs(histories: DataFrame, tables: ItemTables, request: Request) -> DataFrame:
    """Blended scores of wanted items.

    Args:
        histories: (user, items, weights, wanted: array<int>), perhaps `vector`; see `serve`.
        tables: the model.
        request: the blend.

    Returns:
        (user, wanted: array<int>, prediction: array<float>, one array<float> per leg), aligned.
    """
    fields = [T.StructField(PREDICTION, T.ArrayType(T.FloatType()))]
    fields += [T.StructField(leg, T.ArrayType(T.FloatType())) for leg in tables.legs]
    schema = T.StructType([histories.schema[USER], histories.schema[WANTED], *fields])
    shared = share_tables(histories.sparkSession, tables, diversify=False)
    score = partial(
        _score_batches, shared=shared, legs=tables.legs, fold_ins=tables.fold_ins, request=request
    )
    return histories.mapInArrow(score, schema)


def _score_batches(
    batches: Iterable[pa.RecordBatch],
    *,
    shared: SharedArrays,
    legs: tuple[str, ...],
    fold_ins: Sequence[FoldIn],
    request: Request,
) -> Iterator[pa.RecordBatch]:
    tables = shared.open()
    settings = request.settings(
        tables["popularity"], list_rules(tables["popularity"]), fallback_of(tables)
    )
    for batch in batches:
        histories = read_histories(batch, filter_seen=False)
        indptr = offsets(batch[WANTED])
        with one_thread():
            users = user_factors(batch, histories, tables, fold_ins)
            score, share = score_items(
                histories,
                read_only(indptr),
                read_only(values(batch[WANTED], np.int32)),
                neighbours_of(tables),
                factors_of(tables, users),
                settings,
            )
        columns = {
            USER: batch[USER],
            WANTED: batch[WANTED],
            PREDICTION: list_column(indptr, score),
        }
        for column, leg in enumerate(legs):
            columns[leg] = list_column(indptr, np.ascontiguousarray(share[:, column]))

        yield pa.RecordBatch.from_pydict(columns)
