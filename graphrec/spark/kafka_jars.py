"""Spark's source for Kafka: the jars that a new session needs to read from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from graphrec.errors import PlatformError
from graphrec.spark.maven import Coordinate, kept_jars
from graphrec.spark.session import is_defined_elsewhere, is_running

VERSION: Final = "4.1.1"  # fits any Spark 4.1; of later ones mirrors lack a part
SOURCE: Final = f"org.apache.spark:spark-sql-kafka-0-10_2.13:{VERSION}"
_OF_SPARK: Final = (  # which has them
    "com.google.code.findbugs",
    "org.apache.hadoop",
    "org.lz4",
    "org.scala-lang",
    "org.slf4j",
    "org.xerial.snappy",
)


def kafka_settings() -> Mapping[str, str]:
    """The settings of a new session that reads from Kafka; none where the session is another's.

    Raises:
        PlatformError: the jars cannot be had.
        JavaError: Maven has to be queried and there is no Java.
    """
    if is_running() or is_defined_elsewhere():
        return {}
    jars = kept_jars(f"kafka-{VERSION}", [Coordinate(SOURCE, without=_OF_SPARK)])
    if not jars:
        raise PlatformError(
            "the jars that read from Kafka cannot be fetched from Maven",
            fix=f"see that {SOURCE} can be had, or start Spark with `--packages` of it",
        )
    return {"spark.jars": ",".join(jars)}
