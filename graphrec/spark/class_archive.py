"""An archive of the JVM's classes, which halves the start of a session (Java's AppCDS).

Spark loads some 20,000 classes, and Java reads, checks and links each of them anew in every run. It
can write them to a file as it ends (`-XX:ArchiveClassesAtExit`) and map that file the next time
(`-XX:SharedArchiveFile`). So the first session of graphrec's own makes an archive, and later ones
use it. It fits one build of Java and one class path, so each pair of them has a folder:

    class-archives/KEY/140000000.jsa    the archive, named by its size
    class-archives/KEY/unfinished.jsa   what a JVM writes as it ends, after Python has ended
    class-archives/KEY/lock             held by that JVM until the very end

The lock is inherited by the JVM, so it is free as soon as the JVM has ended, however it ended. Who
gets it next finds a finished file, and gives it its name, or an unfinished one, and begins again.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from graphrec.errors import ParameterError
from graphrec.kernels.user_cache import user_cache
from graphrec.spark.java import Java
from graphrec.spark.jvm import spark_home
from graphrec.spark.locks import take_lock

SETTING: Final = "GRAPHREC_CLASS_ARCHIVE"
MAX_ARCHIVES: Final = (
    3  # 140 MB each; an environment that is made anew, or a new Java, needs a new one
)

_LOCK: Final = "lock"
_UNFINISHED: Final = "unfinished.jsa"
_MAGIC: Final = 0xF00BABA8  # begins the header, which Java writes last
_MODE: Final = re.compile(r", \w+ mode[^)]*")  # how Java compiles: nothing to an archive
_QUIET: Final = "-Xlog:cds*=off"  # a file that Java rejects is no news for the user

# The user's own archive, and agents, which Java does not let into an archive.
_OWN_ARCHIVE: Final = re.compile(r"-Xshare|SharedArchiveFile|ArchiveClasses|AutoCreateShared|AOT")
_AGENT: Final = re.compile(r"-agent|-javaagent")
_OPTION_SETTINGS: Final = ("spark.driver.defaultJavaOptions", "spark.driver.extraJavaOptions")
_OPTION_VARIABLES: Final = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")


@dataclass(frozen=True, slots=True)
class ArchiveUse:
    """What a JVM that is started now does about an archive.

    Attributes:
        options: for its command line; empty if it does nothing.
        inherited: file descriptors that the JVM has to keep open.
        archive: the file that it uses, or None if it makes one.
    """

    options: str = ""
    inherited: tuple[int, ...] = ()
    archive: Path | None = None

    def discard(self) -> None:
        """Remove the archive, with which the JVM did not start."""
        if self.archive is not None:
            with suppress(OSError):
                self.archive.unlink()


@contextmanager
def class_archive(java: Java, settings: Mapping[str, str]) -> Iterator[ArchiveUse]:
    """Find out what a JVM that is started in the block does about an archive.

    It uses the one that is there, makes one if it is the first that can, or does nothing.

    Args:
        java: that will be started.
        settings: Spark's, of the session.

    Raises:
        ParameterError: GRAPHREC_CLASS_ARCHIVE is neither on nor off.
    """
    use = ArchiveUse()
    if find_obstacle(java, settings) is None:
        with suppress(OSError):  # no folder to write to: no archive
            use = _use(_folder(java, settings))
    try:
        yield use
    finally:
        for held in use.inherited:
            os.close(held)


def find_obstacle(java: Java, settings: Mapping[str, str]) -> str | None:
    """Why sessions with these settings have no archive, or None if they can have one.

    Raises:
        ParameterError: GRAPHREC_CLASS_ARCHIVE is neither on nor off.
    """
    if not is_wanted():
        return f"{SETTING}=off"
    if "sharing" not in java.build:
        return "this Java has no archive of its own classes, which ours would build on"
    options = " ".join(
        [settings.get(name, "") for name in _OPTION_SETTINGS]
        + [os.environ.get(name, "") for name in _OPTION_VARIABLES]
    )
    if _OWN_ARCHIVE.search(options):
        return "options of Java name another one"
    if _AGENT.search(options):
        return "Java archives no classes while an agent runs"
    full = [path for path in _class_path(settings) if path.is_dir() and any(path.iterdir())]
    if full:
        return f"Java archives no classes with a folder of files on the class path: {full[0]}"
    return None


def is_wanted() -> bool:
    """Whether GRAPHREC_CLASS_ARCHIVE leaves archives on.

    Raises:
        ParameterError: it is neither on nor off.
    """
    value = os.environ.get(SETTING) or "on"
    if value not in {"on", "off"}:
        raise ParameterError(f"{SETTING} must be on or off", found=value)
    return value == "on"


def describe_archive(java: Java, settings: Mapping[str, str]) -> str:
    """What a session with these settings, against which nothing stands, will do.

    Raises:
        OSError: there is no archive, and none can be made.
    """
    folder = _folder(java, settings)
    if (archive := _archive(folder)) is not None:
        return f"{archive}, {archive.stat().st_size // 10**6} MB"
    folder.mkdir(parents=True, exist_ok=True)
    held = take_lock(folder / _LOCK)
    if held is None:
        return "a session that runs, or has just ended, makes one"
    finished = _is_finished(folder / _UNFINISHED)
    os.close(held)
    return "made; the next session takes it into use" if finished else "the next session makes one"


# --- one folder -----------------------------------------------------------------------------------


def _use(folder: Path) -> ArchiveUse:
    folder.mkdir(parents=True, exist_ok=True)
    held = None
    archive = _archive(folder)
    if archive is None:
        held = take_lock(folder / _LOCK)
        if held is None:  # another JVM makes it
            return ArchiveUse()
        archive = _archive(folder) or _adopted(folder)
    with suppress(OSError):  # tells when it was used last
        os.utime(folder)
    if archive is not None:
        if held is not None:
            os.close(held)
        return ArchiveUse(f'"-XX:SharedArchiveFile={archive}" {_QUIET}', archive=archive)
    assert held is not None
    _remove_oldest(folder)
    return ArchiveUse(f'"-XX:ArchiveClassesAtExit={folder / _UNFINISHED}" {_QUIET}', (held,))


def _archive(folder: Path) -> Path | None:
    """The archive, if it is whole: on one that was cut off, Java crashes."""
    for path in folder.glob("*.jsa"):
        with suppress(OSError):
            if path.stem == str(path.stat().st_size):
                return path
    return None


def _adopted(folder: Path) -> Path | None:
    """What a JVM wrote that has ended: the archive, or nothing if the JVM did not finish."""
    unfinished = folder / _UNFINISHED
    if not _is_finished(unfinished):
        for path in folder.glob("*.jsa"):
            path.unlink()
        return None
    return unfinished.rename(folder / f"{unfinished.stat().st_size}.jsa")


def _is_finished(file: Path) -> bool:
    with suppress(OSError), file.open("rb") as opened:
        return any(opened.read(4) == _MAGIC.to_bytes(4, order) for order in ("little", "big"))
    return False


def _remove_oldest(new: Path) -> None:
    """Remove the folders that were used longest ago, so that there is room for a new one."""
    others = [path for path in new.parent.iterdir() if path != new]
    for folder in sorted(others, key=lambda path: -path.stat().st_mtime)[MAX_ARCHIVES - 1 :]:
        held = take_lock(folder / _LOCK)
        if held is not None:  # no JVM writes to it
            shutil.rmtree(folder, ignore_errors=True)
            os.close(held)


# --- the key --------------------------------------------------------------------------------------


def _folder(java: Java, settings: Mapping[str, str]) -> Path:
    """The folder for all that Java compares before it uses an archive."""
    home = Path(java.path).resolve().parents[1]
    runtime = [*home.glob("lib/modules"), *home.glob("lib/server/*")]
    digest = sha256(f"{java.path}\n{_MODE.sub('', java.build)}\n".encode())
    for path in (*sorted(runtime), *_class_path(settings)):
        digest.update(f"{path} {_version(path)}\n".encode())
    return user_cache() / "class-archives" / digest.hexdigest()[:16]


def _version(path: Path) -> str:
    if not path.is_file():
        return ""
    status = path.stat()
    return f"{status.st_size} {status.st_mtime_ns}"


def _class_path(settings: Mapping[str, str]) -> list[Path]:
    """What Spark's launcher puts on the class path."""
    home = spark_home()
    entries = [
        settings.get("spark.driver.extraClassPath", ""),
        os.environ.get("SPARK_CONF_DIR") or str(home / "conf"),
        str(home / "jars" / "*"),
        *(os.environ.get(name, "") for name in ("HADOOP_CONF_DIR", "YARN_CONF_DIR")),
        os.environ.get("SPARK_DIST_CLASSPATH", ""),
    ]
    paths: list[Path] = []
    for entry in filter(None, os.pathsep.join(entries).split(os.pathsep)):
        path = Path(entry)
        paths += sorted(path.parent.glob("*.jar")) if path.name == "*" else [path]
    return paths
