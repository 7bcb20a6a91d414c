"""What a session is like inside, and what starting one does to the process around it.

A session can be started once per process, so most starts happen in processes of their own.
"""

import json
import os
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pyspark
import pytest
from hypothesis import given
from pyspark.sql import SparkSession

import graphrec
from graphrec.spark import session
from graphrec.spark.jars import JAR_VARIABLE, OFFICIAL
from graphrec.spark.jvm import spark_home
from graphrec.spark.machine import GIBIBYTE, MEBIBYTE, cores

SPARK_VARIABLES = (
    "PYSPARK_DRIVER_PYTHON",
    "PYSPARK_PYTHON",
    "PYSPARK_SUBMIT_ARGS",
    "SPARK_CONF_DIR",
    "SPARK_HOME",
    "SPARK_REMOTE",
    *session._ONE_BLAS_THREAD,
)


START = "import graphrec; graphrec.spark_session()"

DESCRIBE = """
import json
import graphrec

spark = graphrec.spark_session(config={"spark.sql.shuffle.partitions": "3"})
conf = spark.sparkContext.getConf()
print(json.dumps([
    spark.sparkContext.master,
    conf.get("spark.driver.memory"),
    spark.sparkContext.appName,
    conf.get("spark.checkpoint.dir"),
    spark.conf.get("spark.sql.shuffle.partitions"),
    spark.sparkContext._jvm.java.lang.System.getProperty("site"),
]))
"""


# --- the session of the test run ------------------------------------------------------------------


def test_a_running_session_is_returned_as_it_is(spark: SparkSession) -> None:
    before = dict(spark.conf.getAll)
    wanted = {"spark.sql.shuffle.partitions": "77"}
    assert graphrec.spark_session("other", master="local[1]", config=wanted) is spark
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(graphrec.spark_session, "another", config=wanted).result() is spark
    assert dict(spark.conf.getAll) == before


def test_settings_fit_this_machine(spark: SparkSession) -> None:
    conf = spark.conf
    assert conf.get("spark.master") == "local[*]"
    assert conf.get("spark.app.name") == "graphrec-tests"
    assert conf.get("spark.driver.memory") == f"{session.local_heap_bytes() // MEBIBYTE}m"
    assert conf.get("spark.driver.maxResultSize") == "0"
    assert conf.get("spark.sql.execution.arrow.pyspark.enabled") == "true"
    assert conf.get("spark.sql.session.timeZone") == "UTC"
    assert conf.get("spark.ui.enabled") == "false"
    # What conftest.py asks for wins.
    assert conf.get("spark.sql.adaptive.enabled") == "false"
    assert conf.get("spark.sql.shuffle.partitions") == "2"


@given(memory=st.integers(64 * MEBIBYTE, 4096 * GIBIBYTE))
def test_the_heap_leaves_room_for_python(memory: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "memory_bytes", lambda: memory)
        heap = session.local_heap_bytes()
    assert GIBIBYTE <= heap <= 16 * GIBIBYTE
    assert heap <= max(memory / 2, GIBIBYTE)


def test_workers_run_this_python_with_one_blas_thread(spark: SparkSession) -> None:
    def describe(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import numpy as np  # noqa: PLC0415 - loads the BLAS of the worker
        from threadpoolctl import threadpool_info  # noqa: PLC0415

        np.ones((2, 2)) @ np.ones((2, 2))
        threads = [pool["num_threads"] for pool in threadpool_info()]
        for _ in batches:
            yield pa.RecordBatch.from_pydict({"python": [sys.executable], "threads": [threads]})

    rows = spark.range(2).mapInArrow(describe, "python string, threads array<long>").collect()
    assert {row.python for row in rows} == {sys.executable}
    assert {threads for row in rows for threads in row.threads} == {1}  # of each BLAS there is


def test_workers_have_no_archive_of_sparks_to_read_before_each_task(spark: SparkSession) -> None:
    def describe(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for _ in batches:
            read = [path for path in sys.path_importer_cache if zipfile.is_zipfile(path)]
            yield pa.RecordBatch.from_pydict({"home": [pyspark.__file__], "read": [read]})

    rows = spark.range(2).mapInArrow(describe, "home string, read array<string>").collect()
    assert {row.home for row in rows} == {pyspark.__file__}
    assert not any(row.read for row in rows)


def test_checkpoints_work_and_go_to_a_temporary_folder(spark: SparkSession) -> None:
    folder = Path(str(spark.conf.get("spark.checkpoint.dir")))
    spark.range(3).checkpoint()
    assert any(folder.rglob("rdd-*"))
    assert spark.conf.get("spark.sql.warehouse.dir") == f"file:{folder.parent}/warehouse"
    assert folder.parent.name.startswith("graphrec-")


# --- processes of their own -----------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty working directory."""
    path = tmp_path / "working directory"
    path.mkdir()
    return path


Finished = subprocess.CompletedProcess[str]


def run(command: list[str], folder: Path, **variables: str | None) -> Finished:
    """Run a command in a folder; None takes a variable out of the environment."""
    environment = {key: value for key, value in os.environ.items() if key not in SPARK_VARIABLES}
    changed = {key: value for key, value in (environment | variables).items() if value is not None}
    return subprocess.run(
        command, cwd=folder, env=changed, capture_output=True, text=True, check=False
    )


def run_python(code: str, folder: Path, **variables: str | None) -> Finished:
    return run([sys.executable, "-c", textwrap.dedent(code)], folder, **variables)


def answer(done: Finished) -> Any:
    """The one line of JSON that a script prints."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_a_session_is_quiet_and_leaves_nothing_behind(folder: Path) -> None:
    done = run_python(
        """
        import json, os, pathlib, sys, tempfile
        before = dict(os.environ)
        import graphrec
        from pyspark.sql import Window, functions as F

        spark = graphrec.spark_session("mine", config={"spark.driver.extraJavaOptions": "-Da=b"})
        added = sorted(set(os.environ) - set(before))
        temporary = pathlib.Path(spark.conf.get("spark.checkpoint.dir")).parent

        spark.range(9).withColumn("n", F.row_number().over(Window.orderBy("id"))).collect()
        spark.range(9).checkpoint()
        spark.range(9).write.saveAsTable("a_table")
        with tempfile.NamedTemporaryFile() as file:
            spark.addArtifacts(file.name, file=True)
        in_use = sorted(path.name for path in temporary.iterdir())
        settings = ("spark.sql.shuffle.partitions", "spark.sql.adaptive.enabled")
        settings = [spark.conf.get(name) for name in settings]
        spark.stop()

        again = graphrec.spark_session("again", master="local[1]")
        print(json.dumps({
            "added": added,
            "java": again.sparkContext._jvm.java.lang.System.getProperty("a"),
            "again": [again.conf.get("spark.app.name"), again.sparkContext.master],
            "settings": settings,
            "temporary": str(temporary),
            "in_use": in_use,
        }))
        """,
        folder,
    )
    answered = answer(done)
    assert done.stderr == ""
    assert list(folder.iterdir()) == []
    assert not set(answered["added"]) & set(SPARK_VARIABLES)
    assert answered["java"] == "b"
    assert answered["again"] == ["again", "local[1]"]
    assert answered["settings"] == [str(2 * cores()), "true"]
    assert answered["in_use"] == ["checkpoints", "java", "lock", "spark", "warehouse"]
    assert not Path(answered["temporary"]).exists()


@pytest.mark.slow
def test_errors_are_clear_and_do_not_stand_in_the_way_of_the_next_start(folder: Path) -> None:
    done = run_python(
        """
        import json, os, sys
        import graphrec
        from graphrec.errors import PlatformError

        def error(**settings):
            try:
                graphrec.spark_session(config={f"spark.{k}": v for k, v in settings.items()})
            except PlatformError as error:
                return str(error)

        errors = [
            error(**{"driver.memory": "much"}),
            error(**{"driver.extraJavaOptions": "-Xmx1g"}),
            error(**{"driver.memory": "9000000g"}),
            error(master="local[few]"),
        ]
        spark = graphrec.spark_session(master="local[1]")

        def complain(batches):
            print("from a worker", file=sys.stderr)
            yield from batches

        spark.range(1).mapInArrow(complain, "id long").collect()
        print(json.dumps(errors))
        """,
        folder,
    )
    memory, options, too_much, master = answer(done)
    assert memory == "Spark's JVM did not start; found Invalid maximum heap size: -Xmxmuch"
    assert options.startswith("Spark's JVM did not start; found Error: Not allowed to specify max")
    assert "Could not reserve enough space" in too_much
    assert master.startswith("Spark did not start; found ")
    assert master.endswith("Could not parse Master URL: 'local[few]'")
    assert done.stderr.strip() == "from a worker"


@pytest.mark.slow
def test_without_jar_or_archive_the_session_starts_and_graphframes_says_what_is_missing(
    folder: Path, tmp_path: Path
) -> None:
    done = run_python(
        """
        import json
        import graphrec
        from graphrec.errors import GraphFramesError
        from graphrec.spark.jars import require_graphframes

        # Java refuses to start with this option if it is to archive its classes as it ends.
        spark = graphrec.spark_session(
            master="local[1]",
            config={"spark.driver.extraJavaOptions": "-XX:ObjectAlignmentInBytes=16"},
        )
        try:
            require_graphframes(spark)
        except GraphFramesError as error:
            print(json.dumps([spark.range(3).count(), str(error)]))
        """,
        folder,
        HOME=str(tmp_path),
        XDG_CACHE_HOME=str(tmp_path / "cache"),
        DEFAULT_ARTIFACT_REPOSITORY="http://127.0.0.1:9/",  # nobody listens
    )
    count, error = answer(done)
    assert count == 3
    assert error.startswith("this Spark session has no GraphFrames classes; start Spark with")
    assert f"`--packages {OFFICIAL}`" in error
    assert "\n" not in error
    assert done.stderr == ""


@pytest.mark.slow
def test_under_spark_submit_the_session_is_that_of_spark_submit(folder: Path) -> None:
    script = folder / "job.py"
    script.write_text(DESCRIBE)
    submit = [str(spark_home() / "bin" / "spark-submit"), "--master", "local[1]", "--name", "job"]
    done = run(
        [*submit, "--driver-memory", "700m", str(script)], folder, PYSPARK_PYTHON=sys.executable
    )
    assert answer(done) == ["local[1]", "700m", "job", None, "3", None]


@pytest.mark.slow
def test_submit_arguments_in_the_environment_count_as_spark_submit(folder: Path) -> None:
    done = run_python(
        DESCRIBE,
        folder,
        PYSPARK_SUBMIT_ARGS="--master local[1] --driver-memory 700m --name job pyspark-shell",
    )
    assert answer(done) == ["local[1]", "700m", "job", None, "3", None]


@pytest.mark.slow
def test_the_installations_defaults_win_over_ours_and_the_users_over_both(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "spark-defaults.conf").write_text(
        "# the site's\n\nspark.master local[1]\nspark.driver.memory=700m\n"
        "spark.sql.shuffle.partitions   9\nspark.driver.extraJavaOptions -Dsite=its=own\n"
    )
    done = run_python(DESCRIBE, folder, SPARK_CONF_DIR=str(tmp_path))
    master, memory, name, checkpoints, partitions, option = answer(done)
    assert (master, memory, partitions, option) == ("local[1]", "700m", "3", "its=own")
    assert name == "graphrec"
    assert "graphrec-" in checkpoints


@pytest.mark.slow
def test_spark_connect_is_used_as_it_is(folder: Path) -> None:
    done = run_python(
        """
        import json, sys
        import graphrec
        from graphrec.errors import GraphFramesError
        from graphrec.spark.jars import require_graphframes

        spark = graphrec.spark_session(config={"spark.remote": "local[1]"})

        def python(batches):
            import pyarrow as pa
            for _ in batches:
                yield pa.RecordBatch.from_pydict({"python": [sys.executable]})

        try:
            require_graphframes(spark)
        except GraphFramesError as error:
            print(json.dumps([
                type(spark).__module__,
                graphrec.spark_session("other") is spark,
                spark.range(1).mapInArrow(python, "python string").first().python,
                str(error),
            ]))
        """,
        folder,
        SPARK_TESTING="1",  # a free port for the server that PySpark starts
    )
    module, same, python, error = answer(done)
    assert module == "pyspark.sql.connect.session"
    assert same
    assert python == sys.executable
    assert "Spark Connect server has no GraphFrames plugin" in error
    assert list(folder.iterdir()) == []


def test_no_java(folder: Path) -> None:
    done = run_python(START, folder, JAVA_HOME=None, PATH=str(folder))
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("graphrec.errors.JavaError: Java was not found")
    assert "apt-get install openjdk-17-jre-headless" in last


def test_a_java_that_is_too_old(folder: Path, tmp_path: Path) -> None:
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.22\" 2024-01-16' >&2\n")
    java.chmod(0o755)
    done = run_python(START, folder, JAVA_HOME=None, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert (
        f"JavaError: Java is too old: Spark needs 17 or newer; found version 11 at {java}" in last
    )


def test_a_given_jar_that_is_missing(folder: Path) -> None:
    done = run_python(START, folder, **{JAR_VARIABLE: str(folder / "none.jar")})
    assert done.returncode == 1
    assert "ParameterError: the GraphFrames jar does not exist" in done.stderr
