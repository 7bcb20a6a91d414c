"""The lookups are done by the real Ivy, in Maven repositories that the tests lay out on disk."""

import importlib.metadata
import logging
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from graphframes import GraphFrame
from pyspark.sql import SparkSession

from graphrec.errors import JavaError, ParameterError
from graphrec.spark import maven as module
from graphrec.spark.jars import (
    BUNDLE,
    JAR_VARIABLE,
    OFFICIAL,
    VERSION,
    find_graphframes_jars,
    require_graphframes,
)
from graphrec.spark.maven import RETRY_SECONDS, cache_folder

NOWHERE = "http://127.0.0.1:9/"  # the discard port: nobody listens
SCALA = "org.scala-lang:scala-library:2.13.12"  # every GraphFrames release depends on it
CLASSES = ("org/graphframes/GraphFrame.class", "org/apache/spark/sql/graphframes/A.class")


@pytest.fixture(autouse=True)
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cache, no local Maven repository, no network."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("DEFAULT_ARTIFACT_REPOSITORY", NOWHERE)
    monkeypatch.delenv(JAR_VARIABLE, raising=False)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return tmp_path / "a repository"


@pytest.fixture
def central(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DEFAULT_ARTIFACT_REPOSITORY", repository.as_uri())
    return repository


def publish(
    repository: Path, coordinate: str, *, needs: tuple[str, ...] = (), entries: tuple[str, ...] = ()
) -> None:
    """Put a jar with some entries, and its POM, into a Maven repository."""
    group, artifact, version = coordinate.split(":")
    folder = repository / group.replace(".", "/") / artifact / version
    folder.mkdir(parents=True)
    (folder / f"{artifact}-{version}.pom").write_text(
        f'<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        f"{pom_names(coordinate)}<dependencies>"
        + "".join(f"<dependency>{pom_names(need)}</dependency>" for need in needs)
        + "</dependencies></project>"
    )
    with zipfile.ZipFile(folder / f"{artifact}-{version}.jar", "w") as jar:
        for entry in entries:
            jar.writestr(entry, f"content of {entry}")


def pom_names(coordinate: str) -> str:
    group, artifact, version = coordinate.split(":")
    return (
        f"<groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>"
    )


def names(jars: list[str]) -> list[str]:
    return [Path(jar).name for jar in jars]


def without_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From here on, asking Maven is an error."""
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))


# --- the real jar, in a running session -----------------------------------------------------------


def test_the_coordinate_matches_the_python_package() -> None:
    assert importlib.metadata.version("graphframes-py") == VERSION
    assert OFFICIAL.endswith(f":{VERSION}")


def test_a_session_of_graphrec_can_execute_graphframes(spark: SparkSession) -> None:
    require_graphframes(spark)


def test_graphframes_runs(spark: SparkSession) -> None:
    vertices = spark.range(5)
    edges = spark.createDataFrame([(0, 1), (2, 3), (3, 4)], "src long, dst long")
    components = GraphFrame(vertices, edges).connectedComponents(algorithm="graphx")
    assert dict(components.collect()) == {0: 0, 1: 0, 2: 2, 3: 2, 4: 2}


# --- a given jar ----------------------------------------------------------------------------------


def test_a_given_jar_comes_before_the_variable_and_maven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_java(monkeypatch, tmp_path)
    mine, variable = tmp_path / "mine.jar", tmp_path / "variable.jar"
    mine.touch()
    variable.touch()
    monkeypatch.setenv(JAR_VARIABLE, str(variable))
    assert find_graphframes_jars(str(mine)) == [str(mine)]
    assert find_graphframes_jars() == [str(variable)]
    assert find_graphframes_jars("hdfs://host/g.jar") == ["hdfs://host/g.jar"]


def test_a_given_jar_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=f"jar does not exist; found {tmp_path}/no.jar"):
        find_graphframes_jars(f"{tmp_path}/no.jar")


# --- Maven ----------------------------------------------------------------------------------------


def test_the_official_coordinate_with_what_it_needs(
    central: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Scala's library is not in the repository: the lookup would fail if it were queried.
    publish(central, OFFICIAL, needs=(SCALA, "io.graphframes:graphframes-graphx:1"))
    publish(central, "io.graphframes:graphframes-graphx:1")
    publish(central, BUNDLE, entries=CLASSES)

    jars = find_graphframes_jars()
    assert names(jars) == [
        "io.graphframes_graphframes-graphx-1.jar",
        f"io.graphframes_graphframes-spark4_2.13-{VERSION}.jar",
    ]
    assert all(Path(jar).is_relative_to(tmp_path / "cache" / "graphrec") for jar in jars)
    assert [path.name for path in cache_folder().iterdir()] == [f"graphframes-{VERSION}"]

    without_java(monkeypatch, tmp_path)
    assert find_graphframes_jars() == jars


def test_the_bundle_gives_graphframes_only(
    central: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = ("org/apache/sedona/A.class", "org/apache/spark/sql/A.class", "META-INF/services/x")
    publish(central, BUNDLE, entries=(*CLASSES, *others, "META-INF/LICENSE"))
    (jar,) = find_graphframes_jars()
    with zipfile.ZipFile(jar) as kept:
        assert set(kept.namelist()) == {*CLASSES, "META-INF/LICENSE"}
        assert kept.read(CLASSES[0]).decode() == f"content of {CLASSES[0]}"

    # The official one is not queried again, even if it can be had by now.
    publish(central, OFFICIAL)
    without_java(monkeypatch, tmp_path)
    assert find_graphframes_jars() == [jar]


def test_the_users_repositories_and_proxy_settings_count(repository: Path) -> None:
    publish(repository, OFFICIAL)
    config = {
        "spark.jars.repositories": f"{NOWHERE},{repository.as_uri()}",
        "spark.driver.extraJavaOptions": "-Dhttp.nonProxyHosts=127.0.0.1 -XX:+UseSerialGC",
    }
    assert len(find_graphframes_jars(config=config)) == 1


def test_the_users_ivy_settings_count(repository: Path, tmp_path: Path) -> None:
    publish(repository, OFFICIAL)
    settings = tmp_path / "ivysettings.xml"
    settings.write_text(
        '<ivysettings><settings defaultResolver="mine"/><resolvers><ibiblio name="mine" '
        f'm2compatible="true" root="{repository.as_uri()}"/></resolvers></ivysettings>'
    )
    jars = find_graphframes_jars(config={"spark.jars.ivySettings": str(settings)})
    assert len(jars) == 1


def test_two_runs_at_once_share_one_jar(central: Path) -> None:
    publish(central, OFFICIAL)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: find_graphframes_jars(), range(2))
    assert len(first) == 1
    assert first == second
    assert [path.name for path in cache_folder().iterdir()] == [f"graphframes-{VERSION}"]


def test_a_lookup_that_fails_beside_one_that_succeeds_is_no_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = cache_folder() / f"graphframes-{VERSION}"

    def fail_beside_another(*_: object) -> None:
        kept.mkdir(exist_ok=True)
        (kept / "one.jar").touch()

    monkeypatch.setattr(module, "_resolve", fail_beside_another)
    assert find_graphframes_jars() == [str(kept / "one.jar")]
    assert list(cache_folder().iterdir()) == [kept]


# --- nothing to be had ----------------------------------------------------------------------------


def test_a_failed_lookup_is_remembered_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_graphframes_jars() == []

    with monkeypatch.context() as patch:
        without_java(patch, tmp_path)
        assert find_graphframes_jars() == []
        with pytest.raises(JavaError):  # another repository: Maven is queried again
            find_graphframes_jars(config={"spark.jars.repositories": NOWHERE})
        (note,) = cache_folder().iterdir()
        past = note.stat().st_mtime - RETRY_SECONDS - 1
        os.utime(note, (past, past))
        with pytest.raises(JavaError):
            find_graphframes_jars()


def test_a_later_lookup_forgets_the_failed_one(repository: Path) -> None:
    assert find_graphframes_jars() == []
    publish(repository, OFFICIAL)
    config = {"spark.jars.repositories": repository.as_uri()}
    assert len(find_graphframes_jars(config=config)) == 1
    assert [path.name for path in cache_folder().iterdir()] == [f"graphframes-{VERSION}"]


def test_a_cache_that_cannot_be_written_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING):
        assert find_graphframes_jars() == []
    assert "cannot be kept in" in caplog.text
