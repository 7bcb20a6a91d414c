"""Archives are made and used by real JVMs: of a small program as a rule, of Spark once."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from graphrec.errors import ParameterError
from graphrec.kernels.user_cache import user_cache
from graphrec.spark import class_archive as module
from graphrec.spark.class_archive import (
    MAX_ARCHIVES,
    SETTING,
    ArchiveUse,
    class_archive,
    describe_archive,
    find_obstacle,
)
from graphrec.spark.environment import check_environment
from graphrec.spark.java import Java, require_java
from graphrec.spark.jvm import spark_home
from graphrec.spark.locks import take_lock
from tests.quick_spark import QUICK

PROGRAM = "org.apache.spark.launcher.Main"
OPTIONS = "spark.driver.extraJavaOptions"


@pytest.fixture(scope="module")
def java() -> Java:
    found = require_java()
    if "sharing" not in found.build:
        pytest.skip("this Java has no archive of its own classes")
    return found


@pytest.fixture(autouse=True)
def small_spark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Spark that is its launcher alone, and an empty cache."""
    jars = tmp_path / "spark" / "jars"
    jars.mkdir(parents=True)
    (launcher,) = (spark_home() / "jars").glob("spark-launcher_*.jar")
    shutil.copy(launcher, jars)
    monkeypatch.setenv("SPARK_HOME", str(jars.parent))
    monkeypatch.setenv("SPARK_SCALA_VERSION", "2.13")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in (SETTING, "SPARK_CONF_DIR", *module._OPTION_VARIABLES):
        monkeypatch.delenv(name, raising=False)
    return jars.parent


def run(java: Java, use: ArchiveUse, options: Sequence[str] = ()) -> str:
    """Run the launcher in a JVM that does with the archive what it should; all that it says."""
    done = subprocess.run(
        [
            *(java.path, *shlex.split(use.options), *options),
            *("-cp", f"{spark_home()}/conf:{spark_home()}/jars/*", PROGRAM),
            *("org.apache.spark.deploy.SparkSubmit", "--version"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
        pass_fds=use.inherited,
    )
    return done.stdout


def make(java: Java) -> Path:
    """An archive, and its folder."""
    with class_archive(java, {}) as use:
        assert use.archive is None
        run(java, use)
    with class_archive(java, {}) as use:
        assert use.archive is not None
        return use.archive


def loaded_from(archive: Path, java: Java, log: Path) -> bool:
    """Whether a JVM takes the program from the archive; it must not say a word about it."""
    with class_archive(java, {}) as use:
        assert use.archive == archive
        said = run(java, use, [f"-Xlog:class+load:file={log}"])
    assert said.splitlines() == run(java, ArchiveUse()).splitlines()
    (line,) = (line for line in log.read_text().splitlines() if f" {PROGRAM} " in line)
    return "shared objects file (top)" in line


def held_by(folder: Path) -> subprocess.Popen[bytes]:
    """A process that inherits the lock of a folder, as the JVM does, until its input ends."""
    lock = take_lock(folder / "lock")
    assert lock is not None
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=[lock])
    os.close(lock)
    return process


# --- making and using -----------------------------------------------------------------------------


def test_the_first_jvm_makes_an_archive_and_the_next_ones_use_it(
    java: Java, tmp_path: Path
) -> None:
    assert describe_archive(java, {}) == "the next session makes one"
    with class_archive(java, {}) as use:
        assert use.archive is None
        assert describe_archive(java, {}) == "a session that runs, or has just ended, makes one"
        run(java, use)
    assert describe_archive(java, {}) == "made; the next session takes it into use"
    with class_archive(java, {}) as use:
        archive = use.archive
    assert archive is not None
    assert archive.is_relative_to(tmp_path / "cache" / "graphrec" / "class-archives")
    assert sorted(path.name for path in archive.parent.iterdir()) == sorted([archive.name, "lock"])
    assert describe_archive(java, {}) == f"{archive}, {archive.stat().st_size // 10**6} MB"
    assert loaded_from(archive, java, tmp_path / "log")


def test_of_jvms_that_start_at_once_only_one_makes_an_archive(java: Java) -> None:
    with ExitStack() as stack, ThreadPoolExecutor(4) as pool:
        uses = [stack.enter_context(class_archive(java, {})) for _ in range(2)]
        uses += pool.map(lambda _: stack.enter_context(class_archive(java, {})), range(4))
        assert [bool(use.options) for use in uses] == [True] + [False] * 5


def test_the_lock_is_free_when_the_jvm_has_ended_and_not_before(java: Java) -> None:
    with class_archive(java, {}) as use:
        process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=use.inherited)
    with class_archive(java, {}) as other:
        assert not other.options
    process.kill()
    process.communicate()
    with class_archive(java, {}) as again:
        assert again.options == use.options


@pytest.mark.parametrize("left", [b"", bytes(64), b"something else"])
def test_what_is_unfinished_is_made_anew(left: bytes, java: Java, tmp_path: Path) -> None:
    archive = make(java)
    (archive.parent / "unfinished.jsa").write_bytes(left)
    archive.unlink()
    assert loaded_from(make(java), java, tmp_path / "log")


def test_an_archive_that_was_cut_off_is_made_anew(java: Java, tmp_path: Path) -> None:
    archive = make(java)  # Java 17 would crash on it
    archive.chmod(0o600)
    os.truncate(archive, archive.stat().st_size // 2)
    again = make(java)
    assert [path.name for path in again.parent.glob("*.jsa")] == [again.name]
    assert loaded_from(again, java, tmp_path / "log")


@pytest.mark.parametrize("header", [bytes(64), bytes.fromhex("a8ab0bf0") + bytes(60)])
def test_an_archive_that_java_rejects_is_ignored_in_silence(
    header: bytes, java: Java, tmp_path: Path
) -> None:
    archive = make(java)
    archive.chmod(0o600)
    with archive.open("r+b") as file:
        file.write(header)
    assert not loaded_from(archive, java, tmp_path / "log")


def test_the_archive_of_another_java_is_ignored_in_silence(java: Java, tmp_path: Path) -> None:
    other = other_java(java)
    mine, others = make(java), make(other)
    assert mine.parent != others.parent
    swapped = mine.with_name(others.name)  # where only Java itself can tell
    mine.unlink()
    shutil.copy(others, swapped)
    assert not loaded_from(swapped, java, tmp_path / "log")


def other_java(java: Java) -> Java:
    homes = Path(java.path).resolve().parents[2].iterdir()
    with pytest.MonkeyPatch.context() as patch:
        for home in homes:
            if (home / "bin" / "java").is_file():
                patch.setenv("JAVA_HOME", str(home))
                other = require_java()
                if other.build != java.build and "sharing" in other.build:
                    return other
    pytest.skip("no other Java beside this one")


# --- what voids an archive ------------------------------------------------------------------------


def test_other_jars_need_another_archive(java: Java, small_spark: Path) -> None:
    first = make(java)
    (jar,) = (small_spark / "jars").iterdir()
    os.utime(jar, (0, 0))
    second = make(java)
    small_spark.rename(small_spark.with_name("moved"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_HOME", str(small_spark.with_name("moved")))
        third = make(java)
    assert len({first.parent, second.parent, third.parent}) == 3


def test_only_the_archives_that_were_used_last_are_kept(java: Java, small_spark: Path) -> None:
    (jar,) = (small_spark / "jars").iterdir()
    archives = []
    for version in range(MAX_ARCHIVES):
        os.utime(jar, (version, version))
        archives.append(make(java))
        os.utime(archives[-1].parent, (version, version))
    os.utime(jar, (0, 0))
    with class_archive(java, {}) as use:  # the oldest is used once more
        assert use.archive == archives[0]
    running = held_by(archives[1].parent)

    def left() -> list[bool]:
        return [archive.exists() for archive in archives]

    os.utime(jar, (100, 100))
    archives.append(make(java))
    assert left() == [True] * 4  # a JVM that still runs keeps its own
    running.communicate()
    os.utime(jar, (101, 101))
    archives.append(make(java))
    assert left() == [True, False, False, True, True]


def test_how_java_compiles_makes_no_difference(
    java: Java, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = make(java)
    monkeypatch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")
    quick = require_java()
    assert quick.build != java.build
    assert loaded_from(archive, quick, tmp_path / "log")


# --- when there is none ---------------------------------------------------------------------------


def test_it_can_be_switched_off(java: Java, monkeypatch: pytest.MonkeyPatch) -> None:
    make(java)
    monkeypatch.setenv(SETTING, "off")
    with class_archive(java, {}) as use:
        assert use == ArchiveUse()
    monkeypatch.setenv(SETTING, "no")
    with (
        pytest.raises(ParameterError, match=f"{SETTING} must be on or off; found no"),
        class_archive(java, {}),
    ):
        pass


@pytest.mark.parametrize(
    "option",
    [
        *("-Xshare:off", "-XX:SharedArchiveFile=mine.jsa", "-XX:ArchiveClassesAtExit=mine.jsa"),
        *("-XX:+AutoCreateSharedArchive", "-XX:AOTCache=mine", "-javaagent:a.jar"),
        "-agentlib:jdwp=transport=dt_socket",
    ],
)
@pytest.mark.parametrize("place", [*module._OPTION_SETTINGS, *module._OPTION_VARIABLES])
def test_the_users_own_archive_and_agents_come_first(
    option: str, place: str, java: Java, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {OPTIONS: "-Da=b"}
    assert find_obstacle(java, settings) is None
    if place.startswith("spark."):
        settings[place] = f"-Da=b {option}"
    else:
        monkeypatch.setenv(place, option)
    with class_archive(java, settings) as use:
        assert use == ArchiveUse()


def test_a_java_without_an_archive_of_its_own_makes_none(java: Java) -> None:
    bare = Java(java.path, java.version, java.build.replace(", sharing", ""))
    with class_archive(bare, {}) as use:
        assert use == ArchiveUse()


@pytest.mark.parametrize(
    "place", ["SPARK_CONF_DIR", "HADOOP_CONF_DIR", "SPARK_DIST_CLASSPATH", "spark.driver.extra"]
)
def test_a_folder_of_files_on_the_class_path_stands_against_it(
    place: str, java: Java, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "conf"
    folder.mkdir()
    settings = {"spark.driver.extraClassPath": str(folder)} if place.startswith("spark.") else {}
    if not settings:
        monkeypatch.setenv(place, str(folder))
    assert find_obstacle(java, settings) is None
    (folder / "log4j2.properties").touch()
    assert find_obstacle(java, settings) == (
        f"Java archives no classes with a folder of files on the class path: {folder}"
    )


@pytest.fixture
def no_folder() -> Iterator[None]:
    """A file where the cache folder should be."""
    folder = user_cache()
    folder.parent.mkdir()
    folder.touch()
    yield
    folder.unlink()


def test_without_a_folder_to_write_to_there_is_none(java: Java, no_folder: None) -> None:
    with class_archive(java, {}) as use:
        assert use == ArchiveUse()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_archive_in_a_folder_that_is_read_only_is_used(java: Java) -> None:
    archive = make(java)
    archive.parent.chmod(0o500)
    with class_archive(java, {}) as use:
        assert use.archive == archive


# --- the doctor -----------------------------------------------------------------------------------


def test_the_doctor_tells_about_it(
    java: Java, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said() -> tuple[bool, str, bool]:
        (check,) = (check for check in check_environment() if check.name == "class archive")
        return check.ok, check.value, check.stops

    monkeypatch.delenv("SPARK_HOME")  # so that the doctor is content with Spark
    monkeypatch.setenv("GRAPHREC_GRAPHFRAMES_JAR", str(tmp_path))
    assert said() == (True, "the next session makes one", False)
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    ok, value, stops = said()
    assert (ok, stops) == (False, False)
    assert value.endswith(f"on the class path: {tmp_path}")
    monkeypatch.setenv(SETTING, "off")
    assert said() == (True, f"off, by {SETTING}", False)
    monkeypatch.setenv(SETTING, "0")
    assert said() == (False, "0", True)


# --- Spark ----------------------------------------------------------------------------------------

QUERY = f"""
import json, sys
import graphrec

options = {QUICK!r}["{OPTIONS}"] + " " + sys.argv[1]
spark = graphrec.spark_session(config={QUICK!r} | {{"{OPTIONS}": options}})
runtime = spark.sparkContext._jvm.java.lang.management.ManagementFactory.getRuntimeMXBean()
arguments = list(runtime.getInputArguments())
print(json.dumps([spark.range(10).groupBy().count().first()[0], arguments]))
"""


@pytest.mark.slow
def test_a_session_makes_an_archive_and_the_next_one_uses_it(
    java: Java, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jars = tmp_path / "cache" / "graphrec" / "jars"
    with monkeypatch.context() as patch:
        patch.delenv("XDG_CACHE_HOME")
        mine = user_cache() / "jars"
    mine.mkdir(parents=True, exist_ok=True)
    jars.parent.mkdir(parents=True)
    jars.symlink_to(mine)
    monkeypatch.delenv("SPARK_HOME")
    monkeypatch.delenv("SPARK_SCALA_VERSION")

    def query(options: str = "-Da=b") -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(QUERY), options],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        count, arguments = json.loads(done.stdout)
        assert count == 10
        return list(arguments)

    assert any("ArchiveClassesAtExit" in argument for argument in query())
    (folder,) = (user_cache() / "class-archives").iterdir()
    deadline = time.monotonic() + 600
    while (lock := take_lock(folder / "lock")) is None:
        assert time.monotonic() < deadline, "the JVM does not end"
        time.sleep(0.2)
    os.close(lock)

    log = tmp_path / "log"
    used = query(f"-Xlog:class+load:file={log}")
    (archive,) = folder.glob("*.jsa")
    assert f"-XX:SharedArchiveFile={archive}" in used
    words = [line.split("] ")[-1] for line in log.read_text().splitlines()]
    loaded = [line for line in words if line.startswith("org.apache.spark.") and "$$" not in line]
    archived = [line for line in loaded if line.endswith("shared objects file (top)")]
    assert len(archived) > 0.9 * len(loaded) > 1000
