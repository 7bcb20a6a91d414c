"""The Java that Spark will run on: where it is and how old it is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import Final

from graphrec.errors import JavaError

MIN_VERSION: Final = 17  # Spark 4 runs on nothing older
HOW_TO_GET: Final = (
    "install Java 17 or newer, for example with `apt-get install openjdk-17-jre-headless` "
    "or from https://adoptium.net, and point JAVA_HOME to it if it is not on the PATH"
)

_PICKED_UP: Final = re.compile(r"^(NOTE: )?Picked up .*\n", re.MULTILINE)  # of JAVA_TOOL_OPTIONS


@dataclass(frozen=True, slots=True)
class Java:
    """An installed Java and its version.

    Attributes:
        path: the `java` command.
        version: feature release, e.g. 17 (1.8 counts as 8).
        build: what `java -version` says, less the options that it has picked up.
    """

    path: str
    version: int
    build: str


def require_java() -> Java:
    """Find Java as Spark does (JAVA_HOME first, then the PATH) and check its version.

    Raises:
        JavaError: there is none, it does not run, or it is older than Spark needs.
    """
    path = find_java()
    build = _ask_version(path)
    version = _version(path, build)
    if version < MIN_VERSION:
        raise JavaError(
            f"Java is too old: Spark needs {MIN_VERSION} or newer",
            found=f"version {version} at {path}",
            fix=HOW_TO_GET,
        )
    return Java(path, version, build)


def find_java() -> str:
    """The `java` command that Spark will start; it is not run.

    Raises:
        JavaError: there is none.
    """
    home = os.environ.get("JAVA_HOME")
    if home:
        path = shutil.which("java", path=os.path.join(home, "bin"))
        if path is None:
            raise JavaError(
                "JAVA_HOME has no Java in it", found=f"JAVA_HOME={home}", fix=HOW_TO_GET
            )
        return path
    path = shutil.which("java")
    if path is None:
        raise JavaError("Java was not found, and Spark needs it", fix=HOW_TO_GET)
    return path


def _version(path: str, said: str) -> int:
    match = re.search(r'version "(?:1\.)?(\d+)', said)
    if match is None:
        raise JavaError(
            "Java does not run",
            found=f"{path} that answers {said.strip().splitlines()[:1]}",
            fix=HOW_TO_GET,
        )
    return int(match.group(1))


def _ask_version(path: str) -> str:
    try:
        answer = subprocess.run(
            [path, "-version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return _PICKED_UP.sub("", answer.stderr + answer.stdout)
