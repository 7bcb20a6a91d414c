import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from graphrec.spark import environment
from graphrec.spark.environment import Check, check_environment
from graphrec.spark.jars import JAR_VARIABLE
from graphrec.spark.machine import GIBIBYTE


@pytest.fixture
def jar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A given jar, so that no check uses the network."""
    path = tmp_path / "graphframes.jar"
    path.touch()
    monkeypatch.setenv(JAR_VARIABLE, str(path))
    return path


def checks() -> dict[str, Check]:
    found = list(check_environment())
    assert len({check.name for check in found}) == len(found)
    return {check.name: check for check in found}


def test_every_check_says_what_it_found_and_how_to_mend_it(jar: Path) -> None:
    found = checks()
    assert list(found) == [
        "Python",
        "Java",
        "Spark",
        "class archive",
        "pyarrow",
        "numba",
        "memory",
        "cores",
        "BLAS of the JVM",
        "extra reports",
        "extra graph",
        "GraphFrames jar",
        "temporary folder",
    ]
    assert all(check.value for check in found.values())
    assert all((check.fix is None) == check.ok for check in found.values())
    assert sys.executable in found["Python"].value
    assert found["GraphFrames jar"].value == str(jar)
    assert found["Java"].ok
    assert found["Spark"].ok


def test_what_is_missing_is_reported_without_an_error(
    jar: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jar.unlink()
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("SPARK_HOME", str(tmp_path))
    monkeypatch.setattr(environment, "memory_bytes", lambda: GIBIBYTE)
    found = checks()
    wrong = {name for name, check in found.items() if not check.ok}
    assert {"Java", "Spark", "memory", "GraphFrames jar"} <= wrong
    assert {name for name, check in found.items() if check.stops} == {
        *("Java", "Spark", "GraphFrames jar")
    }  # a jar that is named must be there
    assert "apt-get install openjdk-17" in str(found["Java"].fix)
    assert str(tmp_path) in found["Spark"].value
    assert found["memory"].value == "1.0 GiB"
    assert str(jar) in found["GraphFrames jar"].value


@pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None,
    reason="MLlib has a native bridge for Linux only, and the test builds a library",
)
@pytest.mark.parametrize(
    ("symbol", "maker"), [("openblas_get_config", "OpenBLAS"), ("dgemm_", "reference")]
)
def test_the_maker_of_the_native_blas_is_recognised(
    symbol: str, maker: str, jar: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "blas.c"
    source.write_text(f"void {symbol}(void) {{}}\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "libblas.so.3", source], check=True)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    check = checks()["BLAS of the JVM"]
    assert check.value == f"{maker} (libblas.so.3)"
    assert check.ok == (maker == "OpenBLAS")
    assert not check.stops


def test_a_temporary_folder_must_be_writable_and_should_be_large(
    jar: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    little = shutil.disk_usage("/")._replace(free=GIBIBYTE)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: little)
    small = checks()["temporary folder"]
    assert (small.ok, small.stops) == (False, False)
    monkeypatch.setattr(os, "access", lambda *_: False)
    locked = checks()["temporary folder"]
    assert (locked.ok, locked.stops) == (False, True)
    assert "not writable" in locked.value
