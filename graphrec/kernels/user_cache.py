"""The folder for what is made once per machine: compiled kernels, jars, class archives."""

import os
from pathlib import Path


def user_cache() -> Path:
    """`graphrec` in the user's cache folder: `XDG_CACHE_HOME`, or `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "graphrec"
