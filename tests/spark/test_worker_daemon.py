"""Which archives the workers' import path is spared."""

from __future__ import annotations

import zipfile
from pathlib import Path

from graphrec.spark.worker_daemon import without_own_archives


def archive(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as written:
        written.writestr("pyspark/__init__.py", "")
    return str(path)


def test_archives_of_the_installed_pyspark_are_left_out_and_no_others(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "pyspark"
    own = [archive(package / "python/lib/pyspark.zip"), archive(package / "jars/spark-core.jar")]
    (package / "__init__.py").touch()
    mine = archive(tmp_path / "mine.zip")
    folders = [str(tmp_path / "folder"), str(package.parent)]
    assert without_own_archives([folders[0], *own, mine, folders[1]]) == [
        *(folders[0], mine, folders[1])
    ]


def test_without_an_installed_pyspark_the_archives_stay(tmp_path: Path) -> None:
    path = [str(tmp_path), archive(tmp_path / "spark" / "python" / "lib" / "pyspark.zip")]
    assert without_own_archives(path) == path
