"""Interactions as JSON objects in a column of text: lines of files, or messages of a queue.

Nothing is inferred, so that a batch of a stream is read like the one before it: ids have the types
that the model has, and all else is text, which the contract of interactions judges.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from graphrec.data.interaction_columns import MALFORMED_LINE


def json_objects(lines: DataFrame, kinds: Mapping[str, T.DataType]) -> DataFrame:
    """The fields of JSON objects.

    Args:
        lines: (value: string), an object each; blank ones are passed over.
        kinds: the type of each field.

    Returns:
        The fields, null where an object has none of this name, and `_corrupt_record`: the text
        where it is no object, has bytes that are not UTF-8, or a value of another type; else null.
    """
    fields = [*kinds.items(), (MALFORMED_LINE, T.StringType())]
    kind = T.StructType([T.StructField(name, of) for name, of in fields])
    text = F.make_valid_utf8("value")
    how = {"columnNameOfCorruptRecord": MALFORMED_LINE}
    read = lines.where(F.trim("value") != "").select(
        F.is_valid_utf8("value").alias("valid"),
        text.alias("text"),
        F.from_json(text, kind, how).alias("object"),
    )
    malformed = F.when(~F.col("valid"), F.col("text")).otherwise(F.col(f"object.{MALFORMED_LINE}"))
    return read.select(
        *(F.col("object")[name].alias(name) for name in kinds), malformed.alias(MALFORMED_LINE)
    )
