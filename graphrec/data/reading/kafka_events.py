"""A topic of Kafka whose messages are interactions, as a stream."""

from __future__ import annotations

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession

from graphrec.data.dataset import Dataset
from graphrec.data.reading.file_events import kinds_of_fields
from graphrec.data.reading.json_lines import json_objects
from graphrec.errors import PlatformError
from graphrec.spark.kafka_jars import SOURCE

MAX_MESSAGES = 100_000  # of a batch


def messages(
    spark: SparkSession, brokers: str, topic: str, *, per_batch: int = MAX_MESSAGES
) -> DataFrame:
    """The stream of a topic's messages, from the earliest that is there.

    Args:
        spark: a session with Kafka's source, see `graphrec.spark.kafka_jars`.
        brokers: HOST:PORT, of several some, with commas between them.
        topic: its name; of several, with commas.
        per_batch: how many messages are read at once, at most.

    Returns:
        (value: string), a stream; keys are not read.

    Raises:
        PlatformError: the session has no such source.
    """
    reader = spark.readStream.format("kafka").option("kafka.bootstrap.servers", brokers)
    reader = reader.option("subscribe", topic).option("startingOffsets", "earliest")
    try:
        stream = reader.option("maxOffsetsPerTrigger", per_batch).load()
    except AnalysisException as error:
        raise PlatformError(
            "this Spark session cannot read from Kafka",
            fix=f"start Spark with `--packages {SOURCE}`",
        ) from error
    return stream.selectExpr("CAST(value AS STRING) AS value")


def rows_of_messages(batch: DataFrame, dataset: Dataset) -> DataFrame:
    """The rows of a batch of messages, each of them a JSON object.

    Args:
        batch: see `messages`.
        dataset: has the names of the columns and the types of the ids.
    """
    return json_objects(batch, kinds_of_fields(dataset))
