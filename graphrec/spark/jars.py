"""GraphFrames' JVM classes: found for a new session, required of a running one.

The Python package has no jar in it, so a new session gets one from, in this order:

1. the path that the user gives (an argument, or the environment variable GRAPHREC_GRAPHFRAMES_JAR);
2. the official Maven coordinate;
3. Apache Sedona's bundle, which carries the same classes under their own names and is found on
   mirrors that lack the official one. Only GraphFrames' classes are taken out of it.

Maven is queried once per machine, by the Ivy that ships with Spark, before the session's own JVM
starts (which would exit on a failed lookup); what was found stays in `cache_folder()`.
"""

from __future__ import annotations

import logging
import os
import shlex
import subprocess
import time
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final
from xml.sax.saxutils import quoteattr

from pyspark.sql import SparkSession
from pyspark.sql.utils import is_remote

from graphrec.errors import GraphFramesError, ParameterError
from graphrec.kernels.user_cache import user_cache
from graphrec.spark.extras import GRAPH, require_extras
from graphrec.spark.java import find_java
from graphrec.spark.jvm import spark_home
from graphrec.spark.temporary import scratch_folder

VERSION: Final = "0.9.3"  # of the Python package too: the two must match
OFFICIAL: Final = f"io.graphframes:graphframes-spark4_2.13:{VERSION}"
BUNDLE: Final = "org.apache.sedona:sedona-spark-shaded-4.0_2.13:1.8.0"
CONNECT_PLUGIN: Final = f"io.graphframes:graphframes-connect-spark4_2.13:{VERSION}"
JAR_VARIABLE: Final = "GRAPHREC_GRAPHFRAMES_JAR"

RETRY_SECONDS: Final = 3600.0  # how long a failed lookup is remembered
_GRAPHFRAMES_ENTRIES: Final = (
    "org/graphframes/",
    "org/apache/spark/sql/graphframes/",
    "META-INF/LICENSE",
    "META-INF/NOTICE",
)
_CONNECT_SETTING: Final = "spark.connect.extensions.relation.classes"
_CENTRAL: Final = "https://repo1.maven.org/maven2/"
_LOOKUP_SECONDS: Final = 900  # a stalled download ends long before, by Ivy's own timeouts

_log = logging.getLogger(__name__)


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
    kept = cache_folder() / f"graphframes-{VERSION}"
    try:
        if not kept.is_dir():
            _look_up(kept, config or {})
    except OSError as error:
        _log.warning("the GraphFrames jar cannot be kept in %s: %s", kept.parent, error)
    return [str(jar) for jar in sorted(kept.glob("*.jar"))]


def cache_folder() -> Path:
    """The folder that keeps jars between runs: `graphrec/jars` in the user's cache folder."""
    return user_cache() / "jars"


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


def _look_up(kept: Path, config: Mapping[str, str]) -> None:
    """Fill the folder `kept` from Maven, or note that this failed."""
    settings = _ivy_settings(config)
    failed = kept.with_suffix(".missing")
    if _failed_lately(failed, settings):
        return
    kept.parent.mkdir(parents=True, exist_ok=True)
    with scratch_folder(kept.parent, ".lookup-") as scratch:
        for coordinate in (OFFICIAL, BUNDLE):
            _log.info("looking for %s", coordinate)
            jars = _resolve(coordinate, settings, scratch, config)
            if jars is not None:
                if coordinate == BUNDLE:
                    jars = _only_graphframes(jars)
                with suppress(OSError):  # another run was quicker: its folder is as good
                    jars.rename(kept)
                failed.unlink(missing_ok=True)
                return
    if not kept.is_dir():  # else another run has found them meanwhile
        failed.write_text(settings, encoding="utf-8")


def _failed_lately(failed: Path, settings: str) -> bool:
    """Whether the same lookup failed a short while ago."""
    try:
        age = time.time() - failed.stat().st_mtime
        return age < RETRY_SECONDS and failed.read_text(encoding="utf-8") == settings
    except OSError:
        return False


def _resolve(
    coordinate: str, settings: str, scratch: Path, config: Mapping[str, str]
) -> Path | None:
    """Let Ivy fetch a coordinate and what it depends on; the folder of jars, or None."""
    settings_file, module_file = scratch / "settings.xml", scratch / "module.xml"
    settings_file.write_text(settings, encoding="utf-8")
    module_file.write_text(_ivy_module(coordinate), encoding="utf-8")
    jars = scratch / "jars"
    command = [
        find_java(),
        *_system_properties(config),
        *("-cp", str(_ivy_jar()), "org.apache.ivy.Main"),
        *("-settings", config.get("spark.jars.ivySettings", str(settings_file))),
        *("-ivy", str(module_file), "-cache", str(scratch / "cache")),
        *("-types", "jar", "bundle"),
        *("-retrieve", f"{jars}/[organisation]_[artifact]-[revision].[ext]"),
    ]
    try:
        subprocess.run(
            command,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_LOOKUP_SECONDS,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return None
    return jars


def _ivy_jar() -> Path:
    return next((spark_home() / "jars").glob("ivy-*.jar"))


def _system_properties(config: Mapping[str, str]) -> list[str]:
    options = shlex.split(config.get("spark.driver.extraJavaOptions", ""))
    return [option for option in options if option.startswith("-D")]


def _ivy_settings(config: Mapping[str, str]) -> str:
    """Where Ivy looks: as Spark does, but with short timeouts and without spark-packages."""
    central = os.environ.get("DEFAULT_ARTIFACT_REPOSITORY", _CENTRAL)  # Spark's own variable
    others = [root for root in config.get("spark.jars.repositories", "").split(",") if root]
    local = (Path.home() / ".m2" / "repository").as_uri()
    resolvers = "".join(
        f'<ibiblio name="repository-{number}" m2compatible="true" '
        f'root={quoteattr(root)} timeoutConstraint="short"/>'
        for number, root in enumerate([local, central, *others])
    )
    return (
        '<ivysettings><settings defaultResolver="all"/>'
        "<timeout-constraints>"
        '<timeout-constraint name="short" connectionTimeout="2000" readTimeout="6000"/>'
        "</timeout-constraints>"
        f'<resolvers><chain name="all" returnFirst="true">{resolvers}</chain></resolvers>'
        "</ivysettings>"
    )


def _ivy_module(coordinate: str) -> str:
    group, artifact, version = coordinate.split(":")
    return (
        '<ivy-module version="2.0"><info organisation="graphrec" module="graphframes"/>'
        f'<dependencies><dependency org="{group}" name="{artifact}" rev="{version}" '
        'conf="default"/>'
        '<exclude org="org.scala-lang"/><exclude org="org.apache.spark"/>'  # Spark has them
        "</dependencies></ivy-module>"
    )


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
