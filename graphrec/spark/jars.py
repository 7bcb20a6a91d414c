"""GraphFrames' JVM classes: found for a new session, required of a running one.

The Python package has no jar in it, so a new session gets one from, in this order:

1. the path that the user gives (an argument, or the environment variable GRAPHREC_GRAPHFRAMES_JAR);
2. the official Maven coordinate;
3. Apache Sedona's bundle, which carries the same classes under their own names and is found on
   mirrors that lack the official one. Only GraphFrames' classes are taken out of it.

How Maven is queried is in `graphrec.spark.maven`.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pyspark.sql import SparkSession
from pyspark.sql.utils import is_remote

from graphrec.errors import GraphFramesError, ParameterError
from graphrec.spark.extras import GRAPH, require_extras
from graphrec.spark.maven import Coordinate, kept_jars

VERSION: Final = "0.9.3"  # of the Python package too: the two must match
OFFICIAL: Final = f"io.graphframes:graphframes-spark4_2.13:{VERSION}"
BUNDLE: Final = "org.apache.sedona:sedona-spark-shaded-4.0_2.13:1.8.0"
CONNECT_PLUGIN: Final = f"io.graphframes:graphframes-connect-spark4_2.13:{VERSION}"
JAR_VARIABLE: Final = "GRAPHREC_GRAPHFRAMES_JAR"

_GRAPHFRAMES_ENTRIES: Final = (
    "org/graphframes/",
    "org/apache/spark/sql/graphframes/",
    "META-INF/LICENSE",
    "META-INF/NOTICE",
)
_CONNECT_SETTING: Final = "spark.connect.extensions.relation.classes"
_OF_SPARK: Final = ("org.scala-lang", "org.apache.spark")  # which has them


def require_graphframes(spark: SparkSession) -> None:
    """Check that a running session can execute GraphFrames.

    Under Spark Connect the server needs GraphFrames' own Connect plugin, and it is the server's
    setting that is looked at.

    Raises:
        MissingExtraError: the Python package is not installed.
        GraphFramesError: the session cannot; the message names the Maven coordinate to start
            Spark with.
    """
    require_extras("the graph's algorithms", GRAPH)
    if is_remote():
        _require_connect_plugin(spark)
    elif not _has_graphframes(spark):
        raise GraphFramesError(
            "this Spark session has no GraphFrames classes",
            fix=f"start Spark with `--packages {OFFICIAL}` "
            f"(or `--packages {BUNDLE}`, which bundles them), or give a local session "
            f"the jar by the environment variable {JAR_VARIABLE}",
        )


def find_graphframes_jars(
    given: str | None = None, *, config: Mapping[str, str] | None = None
) -> list[str]:
    """The jars a new session needs for GraphFrames; empty when none can be found.

    Without the Python package nothing could call them, and only a jar that is given is returned.

    Args:
        given: path of a jar, or None to look at GRAPHREC_GRAPHFRAMES_JAR, the cache and Maven.
        config: the session's settings; `spark.jars.repositories`, `spark.jars.ivySettings` and
            system properties in `spark.driver.extraJavaOptions` (a proxy) count for the lookup.

    Raises:
        ParameterError: the given jar does not exist.
        JavaError: Maven has to be queried and there is no Java.
    """
    given = given or os.environ.get(JAR_VARIABLE)
    if given:
        return [_existing(given)]
    if GRAPH.missing():
        return []
    coordinates = (
        Coordinate(OFFICIAL, without=_OF_SPARK),
        Coordinate(BUNDLE, without=_OF_SPARK, reduced=_only_graphframes),
    )
    return kept_jars(f"graphframes-{VERSION}", coordinates, config)


# --- a running session ----------------------------------------------------------------------------


def _has_graphframes(spark: SparkSession) -> bool:
    # Spark has no public way to look up a class, so only this function looks into the JVM.
    # It searches the class loader that GraphFrames' Python package uses.
    assert spark._jvm is not None
    loader = spark._jvm.Thread.currentThread().getContextClassLoader()
    return loader.getResource("org/graphframes/GraphFrame.class") is not None


def _require_connect_plugin(spark: SparkSession) -> None:
    plugins = spark.conf.get(_CONNECT_SETTING, "") or ""
    if "GraphFramesConnect" not in plugins:
        raise GraphFramesError(
            "the Spark Connect server has no GraphFrames plugin",
            fix=f"start the server with `--packages {CONNECT_PLUGIN} --conf "
            f"{_CONNECT_SETTING}=org.apache.spark.sql.graphframes.GraphFramesConnect`, "
            "or use a classic session",
        )


# --- a new session --------------------------------------------------------------------------------


def _existing(given: str) -> str:
    if "://" in given:  # Spark fetches it
        return given
    path = Path(given).expanduser().resolve()
    if not path.is_file():
        raise ParameterError(
            "the GraphFrames jar does not exist", found=str(path), fix=f"unset {JAR_VARIABLE}"
        )
    return str(path)


def _only_graphframes(jars: Path) -> Path:
    """Copy GraphFrames' classes out of the bundle, in a folder of its own.

    The bundle (72 MB) also holds Sedona's data sources and unrelocated copies of common
    libraries, which do not belong on the class path of a session that does not use them.
    """
    folder = jars.with_name("graphframes")
    folder.mkdir()
    (bundle,) = jars.glob("*.jar")
    with (
        zipfile.ZipFile(bundle) as source,
        zipfile.ZipFile(folder / bundle.name, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for entry in source.infolist():
            if entry.filename.startswith(_GRAPHFRAMES_ENTRIES):
                target.writestr(entry, source.read(entry))
    return folder
