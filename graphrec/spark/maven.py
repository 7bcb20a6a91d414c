"""Jars of Maven coordinates, fetched once per machine and kept in the user's cache folder.

They are fetched by the Ivy that ships with Spark, before the session's own JVM starts (which would
exit on a failed lookup).
"""

from __future__ import annotations

import logging
import os
import shlex
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.sax.saxutils import quoteattr

from graphrec.kernels.user_cache import user_cache
from graphrec.spark.java import find_java
from graphrec.spark.jvm import spark_home
from graphrec.spark.temporary import scratch_folder

RETRY_SECONDS: Final = 3600.0  # how long a failed lookup is remembered
_CENTRAL: Final = "https://repo1.maven.org/maven2/"
_LOOKUP_SECONDS: Final = 900  # a stalled download ends long before, by Ivy's own timeouts
_SCALA: Final = "org.scala-lang"  # Spark has it

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Coordinate:
    """An artifact, with what it depends on.

    Attributes:
        name: group:artifact:version.
        without: groups of which nothing is fetched, for whoever uses the jars has them.
        reduced: makes a folder of what is wanted out of the folder of jars; None: all of it is.
    """

    name: str
    without: Sequence[str] = (_SCALA,)
    reduced: Callable[[Path], Path] | None = None


def cache_folder() -> Path:
    """The folder that keeps jars between runs: `graphrec/jars` in the user's cache folder."""
    return user_cache() / "jars"


def kept_jars(
    name: str, coordinates: Sequence[Coordinate], config: Mapping[str, str] | None = None
) -> list[str]:
    """The jars of the first coordinate that can be had; empty when none can.

    Args:
        name: of their folder in the cache, where they are looked for first.
        coordinates: any of which would do.
        config: a session's settings; `spark.jars.repositories`, `spark.jars.ivySettings` and
            system properties in `spark.driver.extraJavaOptions` (a proxy) count for the lookup.

    Raises:
        JavaError: Maven has to be queried and there is no Java.
    """
    kept = cache_folder() / name
    try:
        if not kept.is_dir():
            _look_up(kept, coordinates, config or {})
    except OSError as error:
        _log.warning("the jars of %s cannot be kept in %s: %s", name, kept.parent, error)
    return [str(jar) for jar in sorted(kept.glob("*.jar"))]


def _look_up(kept: Path, coordinates: Sequence[Coordinate], config: Mapping[str, str]) -> None:
    """Fill the folder `kept` from Maven, or note that this failed."""
    settings = _ivy_settings(config)
    failed = kept.with_suffix(".missing")
    if _failed_lately(failed, settings):
        return
    kept.parent.mkdir(parents=True, exist_ok=True)
    with scratch_folder(kept.parent, ".lookup-") as scratch:
        for coordinate in coordinates:
            _log.info("looking for %s", coordinate.name)
            jars = _resolve(coordinate, settings, scratch, config)
            if jars is not None:
                if coordinate.reduced is not None:
                    jars = coordinate.reduced(jars)
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
    coordinate: Coordinate, settings: str, scratch: Path, config: Mapping[str, str]
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


def _ivy_module(coordinate: Coordinate) -> str:
    group, artifact, version = coordinate.name.split(":")
    excluded = "".join(f'<exclude org="{group}"/>' for group in coordinate.without)
    return (
        '<ivy-module version="2.0"><info organisation="graphrec" module="jars"/>'
        f'<dependencies><dependency org="{group}" name="{artifact}" rev="{version}" '
        f'conf="default"/>{excluded}</dependencies></ivy-module>'
    )
