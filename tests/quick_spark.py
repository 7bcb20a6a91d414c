"""Settings for Spark on tables of a few hundred rows, each query of which runs once.

Compiling costs more than what it compiles then saves: queries are interpreted, and the JVM compiles
with its quick compiler only. No result depends on it. The tests that start a session of their own
as a user does (`test_session.py`, `cli/test_interruptions.py`, `recommend` in
`jobs/test_spark_submit.py`) keep Spark's defaults.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

QUICK: Final = {
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.shuffle.partitions": "4",
}


def write_defaults(folder: Path) -> None:
    """Write them where a Spark with SPARK_CONF_DIR at this folder finds them."""
    lines = [f"{name} {value}\n" for name, value in QUICK.items()]
    (folder / "spark-defaults.conf").write_text("".join(lines), encoding="utf-8")
